"""`make demo`: supervisor, seed, and the receivers behind the demo inbox."""
