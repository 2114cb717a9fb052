"""Finding the request path behind a distribution, and taking into the estate what a person confirms."""
