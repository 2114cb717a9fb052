"""Who is told of a transition, over which channel, and proof that it was sent. One file of `transports` per kind."""
