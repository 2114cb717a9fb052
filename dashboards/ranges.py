"""Time ranges in a page's address."""
