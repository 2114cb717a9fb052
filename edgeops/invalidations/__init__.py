"""Invalidations: asked for, submitted once, followed to Completed, proven at the edge. Two gates, one road."""
