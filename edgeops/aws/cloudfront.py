"""CloudFront: create an invalidation, and look how far it is.

Reference: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from edgeops.aws.clients import OWN, Access, Meter, client
from edgeops.aws.errors import translated

REGION = "us-east-1"
IN_PROGRESS, COMPLETED = "InProgress", "Completed"
# Not a modelled exception in botocore: the reference was used before with other paths.
ALREADY_EXISTS = "InvalidationBatchAlreadyExists"


@dataclass(frozen=True, slots=True)
class Invalidation:
    """An invalidation as CloudFront knows it; `status` is CloudFront's own word."""

    id: str
    status: str
    created_at: datetime


class CloudFront:
    """CloudFront's control plane. Every verb raises AwsError; `meter` hears of each request and the paths it bills."""

    def __init__(self, meter: Meter, access: Access = OWN) -> None:
        self._boto = client("cloudfront", REGION, access)
        self._meter = meter

    def create_invalidation(self, distribution_id: str, items: Sequence[str], caller_reference: str) -> Invalidation:
        """Ask for these items to be gone; the same reference with the same items answers the same invalidation."""
        batch = {"Paths": {"Quantity": len(items), "Items": list(items)}, "CallerReference": caller_reference}
        return self._call("CreateInvalidation", len(items), DistributionId=distribution_id, InvalidationBatch=batch)

    def get_invalidation(self, distribution_id: str, invalidation_id: str) -> Invalidation:
        """How far it is."""
        return self._call("GetInvalidation", 0, DistributionId=distribution_id, Id=invalidation_id)

    def _call(
        self, operation: Literal["CreateInvalidation", "GetInvalidation"], billed: int, **parameters: Any
    ) -> Invalidation:
        verb = self._boto.create_invalidation if operation == "CreateInvalidation" else self._boto.get_invalidation
        units = 0
        try:
            with translated(f"cloudfront:{operation}"):
                answer: dict[str, Any] = verb(**parameters)["Invalidation"]
            units = billed
        finally:
            self._meter("cloudfront", operation, units)
        return Invalidation(id=answer["Id"], status=answer["Status"], created_at=answer["CreateTime"])
