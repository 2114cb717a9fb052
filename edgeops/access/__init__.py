"""Who may do what, and what was done: users, roles, the audit log. Knows no other noun."""
