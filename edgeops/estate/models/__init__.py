"""The tables: what is operated, by account and request path; how reading it goes."""

from edgeops.estate.models.path import Account, Distribution, EdgeApi, Hop, HopKind, new_external_id
from edgeops.estate.models.reading import AccessState, AccountHealth, AwsUsage

__all__ = [
    "AccessState",
    "Account",
    "AccountHealth",
    "AwsUsage",
    "Distribution",
    "EdgeApi",
    "Hop",
    "HopKind",
    "new_external_id",
]
