"""What CloudFront's configuration of a distribution says that invalidations depend on, and which tenants it has."""

from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.estate.models import Distribution
from edgeops.waiting import WaitingQuerySet, WaitingRow


class DistributionConfigQuerySet(WaitingQuerySet["DistributionConfig"]):
    """Queries over what is known of configurations."""


class DistributionConfig(WaitingRow):
    """A distribution's configuration as a worker has read it last; nothing is known before `read_at`."""

    distribution = models.OneToOneField(Distribution, on_delete=models.CASCADE, related_name="config")
    cache_tag_header = models.CharField(
        max_length=200, null=True, help_text="As CacheTagConfig says. Empty text: there is none; null: never read."
    )
    is_for_tenants = models.BooleanField(
        default=False, help_text="Its ConnectionMode is tenant-only: viewers ask its tenants, which are invalidated."
    )
    read_at = models.DateTimeField(null=True)
    tenants_read_at = models.DateTimeField(null=True, help_text="When its tenants were listed last.")

    objects = DistributionConfigQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], name="config_waiting", condition=Q(next_at__isnull=False))  # the sweep
        ]

    def __str__(self) -> str:
        return f"{self.distribution_id} {self.cache_tag_header or '–'}"


class TenantQuerySet(models.QuerySet["Tenant"]):
    """Queries over tenants."""

    def present(self) -> Self:
        """Those CloudFront had when it was asked last, by name."""
        return self.filter(gone_at=None).order_by("name", "pk")


class Tenant(models.Model):
    """A tenant of a distribution: a site with domains and a cache of its own, invalidated by itself."""

    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE, related_name="tenants")
    aws_id = models.CharField(max_length=60)
    name = models.CharField(max_length=200, help_text="Typed to confirm an invalidation of everything.")
    domains = models.JSONField(default=list)
    is_enabled = models.BooleanField(default=True)
    gone_at = models.DateTimeField(null=True, help_text="When CloudFront did not know it any more.")

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["distribution", "aws_id"], name="tenant_once")]
        indexes = [models.Index(fields=["distribution", "name"], name="tenant_by_name")]  # choosing one

    def __str__(self) -> str:
        return f"{self.name} of {self.distribution}"

    @property
    def viewer_host(self) -> str:
        """The host name its viewers ask for."""
        return next((domain for domain in self.domains if not domain.startswith("*")), self.distribution.domain)

    @property
    def viewer_url(self) -> str:
        """Base URL its viewers use, without a trailing slash."""
        return (self.distribution.viewer_base_url or f"https://{self.viewer_host}").rstrip("/")


type Place = Distribution | Tenant
"""What an invalidation empties and a probe asks: a distribution, or a tenant of one that is for tenants."""


def distribution_of(place: Place) -> Distribution:
    """The distribution that a place is, or is in."""
    return place.distribution if isinstance(place, Tenant) else place
