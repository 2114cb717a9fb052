"""CloudFront's invalidations: create one, look how far it is, list them; of a distribution, or of one tenant of it.

Reference: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edgeops.aws.clients import ONCE, OWN, Access, Meter
from edgeops.aws.distributions import FOR_TENANTS
from edgeops.aws.gateway import Gateway

REGION = "us-east-1"
PAGE = 100
IN_PROGRESS, COMPLETED = "InProgress", "Completed"
ALREADY_EXISTS = "InvalidationBatchAlreadyExists"


@dataclass(frozen=True, slots=True)
class Invalidation:
    """An invalidation as CloudFront knows it; `status` is CloudFront's own word, items are None where only listed."""

    id: str
    status: str
    created_at: datetime
    items: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """What of a distribution's configuration decides how it is invalidated.

    `cache_tag_header` is the origin's header that names cache tags; empty where there is none, and tags match nothing.
    """

    cache_tag_header: str
    is_for_tenants: bool


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant of a distribution: a site of its own, invalidated by itself."""

    id: str
    name: str
    distribution_id: str
    domains: tuple[str, ...]
    is_enabled: bool


class CloudFront(Gateway):
    """CloudFront's control plane. Every verb raises AwsError; `meter` hears of each request and the items it bills.

    Nothing is tried twice in here: each request draws on the account's quota.
    """

    def __init__(self, meter: Meter, access: Access = OWN) -> None:
        super().__init__("cloudfront", REGION, meter, access, config=ONCE)

    def create_invalidation(self, distribution_id: str, items: Sequence[str], caller_reference: str) -> Invalidation:
        """Ask for these items to be gone; the same reference with the same items answers the same invalidation."""
        return self._create("CreateInvalidation", items, caller_reference, DistributionId=distribution_id)

    def get_invalidation(self, distribution_id: str, invalidation_id: str) -> Invalidation:
        """How far it is."""
        return _told(self.ask("GetInvalidation", DistributionId=distribution_id, Id=invalidation_id)["Invalidation"])

    def invalidations(self, distribution_id: str) -> Iterator[Invalidation]:
        """All of a distribution, newest first, whoever made them; a page is asked for when it is reached."""
        return self._listed("ListInvalidations", DistributionId=distribution_id)

    def in_progress(self, distribution_id: str) -> int:
        """How many invalidations run in a distribution now, whoever made them."""
        return int(self.ask("GetDistribution", Id=distribution_id)["Distribution"]["InProgressInvalidationBatches"])

    def config(self, distribution_id: str) -> Config:
        """How a distribution is invalidated."""
        told = self.ask("GetDistributionConfig", Id=distribution_id)["DistributionConfig"]
        header = str(told.get("CacheTagConfig", {}).get("HeaderName", ""))
        return Config(header, is_for_tenants=told.get("ConnectionMode") == FOR_TENANTS)

    def create_tenant_invalidation(self, tenant_id: str, items: Sequence[str], caller_reference: str) -> Invalidation:
        """Ask for these items of one tenant to be gone; a distribution for tenants only is invalidated by tenant."""
        return self._create("CreateInvalidationForDistributionTenant", items, caller_reference, Id=tenant_id)

    def get_tenant_invalidation(self, tenant_id: str, invalidation_id: str) -> Invalidation:
        """How far an invalidation of a tenant is."""
        answer = self.ask("GetInvalidationForDistributionTenant", DistributionTenantId=tenant_id, Id=invalidation_id)
        return _told(answer["Invalidation"])

    def tenant_invalidations(self, tenant_id: str) -> Iterator[Invalidation]:
        """All of a tenant, newest first."""
        return self._listed("ListInvalidationsForDistributionTenant", Id=tenant_id)

    def tenants(self, distribution_id: str) -> Iterator[Tenant]:
        """The tenants of a distribution; one that is not for tenants has none."""
        of = {"DistributionId": distribution_id}
        pages = self.pages(
            "ListDistributionTenants", after="Marker", following="NextMarker", AssociationFilter=of, MaxItems=PAGE
        )
        for page in pages:
            yield from map(_tenant, page.get("DistributionTenantList") or ())

    def _create(self, operation: str, items: Sequence[str], caller_reference: str, **named: str) -> Invalidation:
        batch = {"Paths": {"Quantity": len(items), "Items": list(items)}, "CallerReference": caller_reference}
        return _told(self.ask(operation, billed=len(items), InvalidationBatch=batch, **named)["Invalidation"])

    def _listed(self, operation: str, **named: str) -> Iterator[Invalidation]:
        for page in self.pages(operation, after="Marker", following="NextMarker", inside="InvalidationList", **named):
            yield from map(_told, page.get("Items") or ())


def _told(raw: dict[str, Any]) -> Invalidation:
    batch = raw.get("InvalidationBatch")
    items = None if batch is None else tuple(batch["Paths"].get("Items") or ())
    return Invalidation(raw["Id"], raw["Status"], raw["CreateTime"], items)


def _tenant(raw: dict[str, Any]) -> Tenant:
    domains = tuple(one["Domain"] for one in raw["Domains"])
    return Tenant(raw["Id"], raw["Name"], raw["DistributionId"], domains, raw.get("Enabled", True))
