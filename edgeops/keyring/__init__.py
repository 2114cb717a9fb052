"""The keys over all nouns: whether they read what is stored, and turning them over. Nothing but pages stands above."""
