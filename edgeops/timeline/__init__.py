"""Events of every kind on one lane, and what EdgeOps failed at.

Either names its subject by (kind, id) text, without a foreign key.
"""
