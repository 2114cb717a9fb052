"""The only door to AWS: boto3 in, frozen dataclasses out. Knows no model."""
