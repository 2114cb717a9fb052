"""URLs that are known to be asked for, so that a wildcard or a tag can be previewed and proven."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from edgeops.estate.models import Distribution
from edgeops.invalidations.models.configs import Place, Tenant


class KnownUrlQuerySet(models.QuerySet["KnownUrl"]):
    """Queries over known URLs."""

    def most_wanted(self, place: Place, since: datetime) -> Self:
        """Of one distribution or tenant, seen since then; the most asked for first."""
        mine = Q(tenant=place) if isinstance(place, Tenant) else Q(distribution=place, tenant=None)
        seen = self.filter(mine, last_seen_at__gte=since)
        return seen.order_by(F("requests_per_hour").desc(nulls_last=True), "-last_seen_at", "pk")


class KnownUrl(models.Model):
    """One path viewers ask for, as traces and probes have shown. Traces are samples, and so are the counts."""

    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE, related_name="known_urls")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, null=True, related_name="known_urls")
    path = models.CharField(max_length=4000)
    digest = models.CharField(max_length=64, help_text="SHA-256 of tenant and path: too long for an index.")
    tags = models.JSONField(default=list, help_text="Its cache tags, as the last probe saw them.")
    requests_per_hour = models.PositiveIntegerField(null=True, help_text="Traces of the last hour; empty: none seen.")
    last_seen_at = models.DateTimeField()

    objects = KnownUrlQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["distribution", "digest"], name="known_url_once")]
        indexes = [
            models.Index(fields=["distribution", "-requests_per_hour"], name="known_url_wanted"),
            models.Index(fields=["last_seen_at"], name="known_url_age"),  # tidying
        ]

    def __str__(self) -> str:
        return self.path
