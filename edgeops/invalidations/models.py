"""Requests with their items, the batches that carry them to CloudFront, and the probes that prove them."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.estate.models import Distribution
from edgeops.waiting import WaitingQuerySet, WaitingRow


class Source(models.TextChoices):
    """Through which gate a request came."""

    UI = "ui", "Page"
    WEBHOOK = "webhook", "Webhook"
    VERIFY_RETRY = "verify_retry", "Second try after a stale probe"


class RequestState(models.TextChoices):
    """The life of a request; the words of a batch from `coalesced` on are the same."""

    REQUESTED = "requested", "Requested"
    QUEUED = "queued", "Queued"
    COALESCED = "coalesced", "Ready to submit"
    RETRY_WAIT = "retry_wait", "Waiting to retry"
    SUBMITTED = "submitted", "Submitted"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    VERIFIED = "verified", "Verified"
    VERIFY_FAILED = "verify_failed", "Still stale"
    STUCK = "stuck", "Stuck"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class BatchState(models.TextChoices):
    """How far one CreateInvalidation is."""

    COALESCED = "coalesced", "Ready to submit"
    RETRY_WAIT = "retry_wait", "Waiting to retry"
    SUBMITTED = "submitted", "Submitted"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    VERIFIED = "verified", "Verified"
    VERIFY_FAILED = "verify_failed", "Still stale"
    STUCK = "stuck", "Stuck"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class BatchQuerySet(WaitingQuerySet["Batch"]):
    """Queries over batches."""


class Batch(WaitingRow):
    """One CreateInvalidation: items frozen, caller reference stored before the first call."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    distribution = models.ForeignKey(Distribution, on_delete=models.PROTECT, related_name="batches")
    caller_reference = models.CharField(max_length=64, unique=True)
    items = models.JSONField(help_text="Sorted, as sent.")
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

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batches"
        indexes = [
            models.Index(fields=["next_at"], name="batch_waiting", condition=Q(next_at__isnull=False)),  # the sweep
            models.Index(fields=["distribution", "-created_at"], name="batch_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.caller_reference} {self.state}"


class RequestQuerySet(models.QuerySet["Request"]):
    """Queries over requests."""

    def newest(self) -> Self:
        """For the history: newest first, with batch and items in two queries."""
        return self.select_related("distribution", "batch").prefetch_related("items").order_by("-requested_at", "uuid")


class Request(models.Model):
    """Somebody's wish to have paths gone from the cache, with the reason why."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    distribution = models.ForeignKey(Distribution, on_delete=models.PROTECT, related_name="requests")
    source = models.CharField(max_length=20, choices=Source.choices)
    requested_by = models.CharField(max_length=200, help_text="A user's name, or the webhook endpoint's.")
    reason = models.CharField(max_length=500)
    cause_kind = models.CharField(
        max_length=40, blank=True, help_text="webhook_delivery or request, when one led to it."
    )
    cause_id = models.CharField(max_length=64, blank=True)
    rule = models.CharField(max_length=120, blank=True, help_text="The webhook rule, when one made it.")
    requested_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=RequestState.choices, default=RequestState.REQUESTED)
    idempotency_key = models.CharField(max_length=200)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="requests")

    objects = RequestQuerySet.as_manager()

    class Meta:
        constraints = [
            # A double click, or a delivery run twice, is one request.
            models.UniqueConstraint(fields=["distribution", "source", "idempotency_key"], name="request_once"),
        ]
        indexes = [models.Index(fields=["-requested_at"], name="request_newest")]  # the history

    def __str__(self) -> str:
        return f"{self.uuid} {self.state}"


class ItemKind(models.TextChoices):
    """What an item names."""

    PATH = "path", "Path"
    WILDCARD = "wildcard", "Wildcard"
    TAG = "tag", "Cache tag"


class Item(models.Model):
    """One path, wildcard or tag of a request, as written and as sent."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=20, choices=ItemKind.choices)
    raw = models.CharField(max_length=4000)
    sent_form = models.CharField(max_length=4000)
    notes = models.CharField(max_length=300, blank=True, help_text="What normalising changed.")

    def __str__(self) -> str:
        return self.sent_form


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
