"""What is operated: accounts, distributions, APIs and the hops of their request path."""
