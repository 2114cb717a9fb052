"""Requests: somebody's wish to have items gone from the cache, and what became of each item."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.estate.models import Distribution
from edgeops.invalidations.models.batches import Batch
from edgeops.invalidations.models.configs import Place, Tenant

PEOPLE = "people"


class Source(models.TextChoices):
    """Through which gate a request came."""

    UI = "ui", "Page"
    API = "api", "API"
    WEBHOOK = "webhook", "Webhook"
    SCHEDULE = "schedule", "Schedule"
    VERIFY_RETRY = "verify_retry", "Second try after a stale probe"
    DOUBLE_TAP = "double_tap", "Second invalidation by policy"

    def lane(self, actor: str) -> str:
        """Whose turn a request waits for: people share one lane, each webhook endpoint has its own."""
        match self:
            case Source.UI | Source.API:
                return PEOPLE
            case Source.WEBHOOK:
                return f"{self.value} {actor}"
        return self.value


# They repeat what was allowed and sent before, as it was sent.
REPEATS = (Source.VERIFY_RETRY, Source.DOUBLE_TAP)


class Priority(models.TextChoices):
    """How soon a request should leave; urgent skips the window."""

    URGENT = "urgent", "Urgent"
    NORMAL = "normal", "Normal"
    BULK = "bulk", "Bulk"


class RequestState(models.TextChoices):
    """The life of a request; the words of a batch from `coalesced` on are the same."""

    REQUESTED = "requested", "Requested"
    AWAITING_APPROVAL = "awaiting_approval", "Waiting for approval"
    EXPIRED = "expired", "Expired"
    REJECTED = "rejected", "Rejected"
    HELD = "held", "Held"
    QUEUED = "queued", "Queued"
    SUPERSEDED = "superseded", "Covered by another"
    COALESCED = "coalesced", "Ready to submit"
    RETRY_WAIT = "retry_wait", "Waiting to retry"
    SUBMITTED = "submitted", "Submitted"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed, unverified"
    VERIFIED = "verified", "Verified"
    VERIFY_FAILED = "verify_failed", "Still stale"
    STUCK = "stuck", "Stuck"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


# Nothing of it has been frozen into a batch: it can still be cancelled.
UNSENT = (RequestState.REQUESTED, RequestState.AWAITING_APPROVAL, RequestState.HELD, RequestState.QUEUED)
ENDED = (
    RequestState.EXPIRED, RequestState.REJECTED, RequestState.COMPLETED, RequestState.VERIFIED,
    RequestState.VERIFY_FAILED, RequestState.FAILED, RequestState.CANCELLED,
)  # fmt: skip


class RequestQuerySet(models.QuerySet["Request"]):
    """Queries over requests."""

    def newest(self) -> Self:
        """For the history: newest first, with their batch."""
        return self.select_related("distribution", "tenant", "batch").order_by("-requested_at", "-uuid")

    def with_first_items(self, count: int) -> Self:
        """Each with its `first_items`, so many at most: a request may have thousands."""
        first = models.Prefetch("items", Item.objects.order_by("pk")[:count], to_attr="first_items")
        return self.prefetch_related(first)

    def queued(self) -> Self:
        """Whose window is open, or waits for tokens."""
        return self.filter(state=RequestState.QUEUED)


class Request(models.Model):
    """Somebody's wish to have paths gone from the cache, with the reason why."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Of its indexes below several begin with the distribution.
    distribution = models.ForeignKey(Distribution, on_delete=models.PROTECT, related_name="requests", db_index=False)
    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.PROTECT,
        null=True,
        related_name="requests",
        help_text="Of a distribution for tenants, the one whose cache it is about.",
    )
    source = models.CharField(max_length=20, choices=Source.choices)
    lane = models.CharField(max_length=220, blank=True, help_text="Whose turn it waits for: people, or one source.")
    priority = models.CharField(max_length=10, choices=Priority.choices, default=Priority.NORMAL)
    requested_by = models.CharField(max_length=200, help_text="A user's name, or the webhook endpoint's.")
    requested_by_kind = models.CharField(max_length=20, default="user", help_text="user, webhook or system")
    reason = models.CharField(max_length=500)
    ticket = models.CharField(max_length=100, blank=True)
    cause_kind = models.CharField(
        max_length=40, blank=True, help_text="webhook_delivery or request, when one led to it."
    )
    cause_id = models.CharField(max_length=64, blank=True)
    rule = models.CharField(max_length=120, blank=True, help_text="The webhook rule, when one made it.")
    ceiling = models.CharField(max_length=4000, blank=True, help_text="That rule's: its items become nothing wider.")
    requested_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True, help_text="Let the origin commit first.")
    queued_at = models.DateTimeField(null=True, help_text="When its window began to count.")
    items_count = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=20, choices=RequestState.choices, default=RequestState.REQUESTED)
    waits_for = models.CharField(max_length=500, blank=True, help_text="Why it is held, or what must be approved.")
    expires_at = models.DateTimeField(null=True, help_text="When nobody has approved it by then.")
    approved_by = models.CharField(max_length=200, blank=True)
    approved_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=500, blank=True, help_text="Why it ended so, where its batch does not tell.")
    idempotency_key = models.CharField(max_length=200)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="requests")
    is_split = models.BooleanField(default=False, help_text="Its items are in more than one batch.")
    superseded_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="supersedes", help_text="It ends as that one ends."
    )

    objects = RequestQuerySet.as_manager()
    first_items: "list[Item]"

    class Meta:
        constraints = [
            # A double click, or a delivery run twice, is one request.
            models.UniqueConstraint(fields=["distribution", "source", "idempotency_key"], name="request_once"),
        ]
        indexes = [
            models.Index(fields=["-requested_at"], name="request_newest"),  # the history
            models.Index(  # the windows
                fields=["distribution", "lane", "priority"], name="request_queued", condition=Q(state="queued")
            ),
            # What waits or is under way, looked for each half second. Whole: SQLite uses no index with a condition on
            # several states, since it cannot tell whether a query's parameters fit it.
            models.Index(fields=["state", "-requested_at"], name="request_by_state"),
            models.Index(fields=["distribution", "state"], name="request_standing"),  # what is held, what to hold
            models.Index(fields=["distribution", "-requested_at"], name="request_narrowed"),  # the history of one
            models.Index(fields=["distribution", "lane", "requested_at"], name="request_by_lane"),  # the breaker
            models.Index(fields=["cause_id"], name="request_by_cause"),  # what came of a delivery or a request
        ]

    def __str__(self) -> str:
        return f"{self.uuid} {self.state}"

    @property
    def place(self) -> Place:
        """What it is to empty."""
        return self.tenant or self.distribution

    @property
    def is_open(self) -> bool:
        """Whether its state can still change."""
        return self.state not in ENDED


class ItemKind(models.TextChoices):
    """What an item names."""

    PATH = "path", "Path"
    WILDCARD = "wildcard", "Wildcard"
    TAG = "tag", "Cache tag"


class Item(models.Model):
    """One path, wildcard or tag of a request: as written, as sent, and which batch covers it."""

    request = models.ForeignKey(Request, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=20, choices=ItemKind.choices)
    raw = models.CharField(max_length=4000)
    sent_form = models.CharField(max_length=4000)
    notes = models.CharField(max_length=300, blank=True, help_text="What normalising changed.")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="covered")
    covered_by = models.CharField(max_length=4000, blank=True, help_text="The wildcard that covers it; empty: itself.")
    failure = models.CharField(max_length=500, blank=True, help_text="Why CloudFront does not take it.")

    def __str__(self) -> str:
        return self.sent_form
