"""Views, one module per page; each fetches, builds a context and renders."""
