"""Batches: one CreateInvalidation each, every call of it, and the probes that prove it."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q, Sum

from edgeops.estate.models import Distribution
from edgeops.invalidations.models.configs import Place, Tenant
from edgeops.waiting import WaitingQuerySet, WaitingRow


class BatchState(models.TextChoices):
    """How far one CreateInvalidation is."""

    COALESCED = "coalesced", "Ready to submit"
    RETRY_WAIT = "retry_wait", "Waiting to retry"
    HELD = "held", "Held"
    SUBMITTED = "submitted", "Submitted"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed, unverified"
    VERIFIED = "verified", "Verified"
    VERIFY_FAILED = "verify_failed", "Still stale"
    STUCK = "stuck", "Stuck"
    SPLIT = "split", "Split in two"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


UNSENT = (BatchState.COALESCED, BatchState.RETRY_WAIT)
# What may be in progress at CloudFront; a stuck one is not counted, since it could block its distribution for ever.
IN_FLIGHT = (*UNSENT, BatchState.HELD, BatchState.SUBMITTED, BatchState.IN_PROGRESS)
# CloudFront says it is done; what the edge serves can be looked at, as often as somebody wants to know.
DONE = (BatchState.COMPLETED, BatchState.VERIFIED, BatchState.VERIFY_FAILED)


class BatchQuerySet(WaitingQuerySet["Batch"]):
    """Queries over batches."""

    def unsent(self) -> Self:
        """Frozen, and not known to be accepted."""
        return self.filter(state__in=UNSENT)

    def in_flight(self) -> dict[str, int]:
        """How many paths and wildcards may be in progress at CloudFront."""
        counted = self.filter(state__in=IN_FLIGHT).aggregate(paths=Sum("paths_count"), wildcards=Sum("wildcards_count"))
        return {name: count or 0 for name, count in counted.items()}


class Batch(WaitingRow):
    """One CreateInvalidation: items frozen, caller reference stored before the first call."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    distribution = models.ForeignKey(Distribution, on_delete=models.PROTECT, related_name="batches")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, related_name="batches", help_text="Whose cache it empties, if any."
    )
    lane = models.CharField(max_length=220, blank=True, help_text="Whose window it was.")
    priority = models.CharField(max_length=10, default="normal")
    caller_reference = models.CharField(max_length=64, unique=True)
    items = models.JSONField(help_text="Sorted, as sent.")
    paths_count = models.PositiveIntegerField(default=0, help_text="Exact paths and tags among the items.")
    wildcards_count = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the items: they never change.")
    state = models.CharField(max_length=20, choices=BatchState.choices, default=BatchState.COALESCED)
    aws_id = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    last_error_code = models.CharField(max_length=60, blank=True)
    billed_items = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=500, blank=True, help_text="What was proven, or why it could not be.")
    root = models.UUIDField(null=True, help_text="The batch this one was split from first, when CloudFront refused it.")
    round = models.PositiveSmallIntegerField(default=1, help_text="Which round of probes counts; people ask for more.")

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batches"
        indexes = [
            models.Index(fields=["next_at"], name="batch_waiting", condition=Q(next_at__isnull=False)),  # the sweep
            models.Index(fields=["distribution", "-created_at"], name="batch_newest"),
            models.Index(fields=["root"], name="batch_family", condition=Q(root__isnull=False)),  # what was split
            # What is in flight or held. Whole, as SQLite uses no index with a condition on several states.
            models.Index(fields=["state", "distribution"], name="batch_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.caller_reference} {self.state}"

    @property
    def place(self) -> Place:
        """What it empties, and what its probes ask."""
        return self.tenant or self.distribution

    @property
    def is_over(self) -> bool:
        """Whether CloudFront has completed it, and its probes have said what they say."""
        return self.state in DONE and self.next_at is None


class BatchAttempt(models.Model):
    """One call to CreateInvalidation. Rows are only ever added."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=60, help_text="accepted, or AWS's error code")
    message = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"{self.batch_id} {self.outcome}"


class Verdict(models.TextChoices):
    """What a probe says of one URL at one edge location."""

    FRESH = "fresh", "Fresh"
    STALE = "stale", "Stale"
    UNKNOWN = "unknown", "Unknown"


class Probe(models.Model):
    """One request through the distribution after an invalidation completed. Rows are only ever added."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="probes")
    round = models.PositiveSmallIntegerField(default=1)
    at = models.DateTimeField()
    url = models.CharField(max_length=4200)
    pop = models.CharField(
        max_length=40, blank=True, help_text="The edge location that answered; one is not the world."
    )
    status = models.PositiveSmallIntegerField(null=True)
    x_cache = models.CharField(max_length=60, blank=True)
    age_seconds = models.PositiveIntegerField(null=True)
    etag = models.CharField(max_length=200, blank=True)
    origin_etag = models.CharField(max_length=200, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    reason = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.url} {self.verdict}"


class WarmUpQuerySet(WaitingQuerySet["WarmUp"]):
    """Queries over what is fetched again."""


class WarmUp(WaitingRow):
    """The most wanted URLs of a completed batch, fetched through the distribution one after the other."""

    batch = models.OneToOneField(Batch, on_delete=models.CASCADE, related_name="warm_up")
    paths = models.JSONField(help_text="The most wanted first.")
    fetched = models.PositiveSmallIntegerField(default=0)
    failed = models.PositiveSmallIntegerField(default=0)

    objects = WarmUpQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], name="warm_up_waiting", condition=Q(next_at__isnull=False))  # the sweep
        ]

    def __str__(self) -> str:
        return f"{self.fetched} of {len(self.paths)} for {self.batch_id}"
