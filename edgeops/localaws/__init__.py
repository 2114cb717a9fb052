"""Local AWS: an AWS-compatible endpoint on loopback, with a simulated CloudFront edge.

Nothing else in EdgeOps imports this room, and it imports nothing of the product: the product meets it over the wire,
as it meets AWS. Every number it answers is arithmetic of a minute; only what people did to it is kept in a file.
"""
