"""CloudFront's distributions: which there are.

Reference: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListDistributions.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.gateway import Gateway

REGION = "us-east-1"
PAGE = "100"  # the most CloudFront gives at once


@dataclass(frozen=True, slots=True)
class Listed:
    """A distribution as the list tells it; `comment` is what people call it."""

    id: str
    arn: str
    domain: str
    aliases: tuple[str, ...]
    comment: str
    is_enabled: bool


class Distributions:
    """What CloudFront's control plane says of distributions. Every verb raises AwsError."""

    def __init__(self, meter: Meter, access: Access = OWN) -> None:
        self._gateway = Gateway("cloudfront", REGION, meter, access)

    def listed(self) -> Iterator[Listed]:
        """Every distribution of the account, a page of 100 at a time."""
        marker: dict[str, str] = {}
        while True:
            found = self._gateway.ask("ListDistributions", MaxItems=PAGE, **marker)["DistributionList"]
            yield from map(_listed, found.get("Items") or ())
            if not found.get("IsTruncated"):
                return
            marker = {"Marker": found["NextMarker"]}


def _listed(raw: dict[str, Any]) -> Listed:
    return Listed(
        id=raw["Id"],
        arn=raw["ARN"],
        domain=raw["DomainName"],
        aliases=tuple(raw.get("Aliases", {}).get("Items") or ()),
        comment=raw.get("Comment", ""),
        is_enabled=raw["Enabled"],
    )
