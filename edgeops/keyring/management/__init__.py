"""The commands over the keys."""
