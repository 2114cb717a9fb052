"""Webhooks in: endpoints that data owners post to, what was received, and the rules that turn it into invalidations."""
