"""Requests with their items, the batches that carry them to CloudFront, what proves them, and the rules they follow."""

from edgeops.invalidations.models.batches import (
    Batch,
    BatchAttempt,
    BatchState,
    Probe,
    Verdict,
    WarmUp,
)
from edgeops.invalidations.models.configs import DistributionConfig, Place, Tenant, distribution_of
from edgeops.invalidations.models.flushes import FlushState, StageFlush
from edgeops.invalidations.models.known import KnownUrl
from edgeops.invalidations.models.ledger import CostMonth
from edgeops.invalidations.models.policies import Policy, Suspension
from edgeops.invalidations.models.quotas import QuotaProfile
from edgeops.invalidations.models.requests import (
    PEOPLE,
    Item,
    ItemKind,
    Priority,
    Request,
    RequestState,
    Source,
)

__all__ = [
    "PEOPLE",
    "Batch",
    "BatchAttempt",
    "BatchState",
    "CostMonth",
    "DistributionConfig",
    "FlushState",
    "Item",
    "ItemKind",
    "KnownUrl",
    "Place",
    "Policy",
    "Priority",
    "Probe",
    "QuotaProfile",
    "Request",
    "RequestState",
    "Source",
    "StageFlush",
    "Suspension",
    "Tenant",
    "Verdict",
    "WarmUp",
    "distribution_of",
]
