"""The chain of an invalidation as its page shows it: what led to it, asked, sent, completed, proven, each in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.db.models import Count

from edgeops.invalidations import concluding
from edgeops.invalidations.models import Batch, BatchAttempt, BatchState, Item, Probe, Request, RequestState
from edgeops.webhooks.models import WebhookDelivery

UNDER_WAY = {BatchState.SUBMITTED, BatchState.IN_PROGRESS}
DELIVERY, BEFORE = "webhook_delivery", "request"
BATCHES_SHOWN = 20


@dataclass(frozen=True)
class Step:
    """One link of the chain; `state` is a word of `.steps` in the style sheet."""

    key: str
    title: str
    state: str
    at: datetime | None
    text: str = ""
    tries: Sequence[BatchAttempt] = ()


@dataclass(frozen=True)
class Covered:
    """An item with how it went out: as itself, within a wildcard, or not yet."""

    item: Item
    sent_as: str
    batch: str


@dataclass(frozen=True)
class Round:
    """Probes of one batch that were asked for together, and what they say."""

    title: str
    words: str
    probes: Sequence[Probe]


@dataclass(frozen=True)
class Chain:
    """Everything that led to a request and came of it."""

    steps: Sequence[Step]
    batches: Sequence[Batch]
    rounds: Sequence[Round]
    covered: Sequence[Covered]
    delivery: WebhookDelivery | None = None
    followers: Sequence[Request] = field(default_factory=list)
    """Requests it led to itself: a second try, a second invalidation by policy."""

    @property
    def is_moving(self) -> bool:
        """Whether a batch still has something to do."""
        return any(batch.next_at is not None for batch in self.batches)

    @property
    def probes_count(self) -> int:
        """How often the edge has answered."""
        return sum(len(one.probes) for one in self.rounds)


def of(request: Request, items: Sequence[Item]) -> Chain:
    """The chain of a request and of the items that are shown, in a handful of queries whatever their number."""
    carrying = Item.objects.filter(request=request).exclude(batch=None).values("batch")
    carried = Batch.objects.filter(pk__in=carrying).annotate(requests_count=Count("covered__request", distinct=True))
    batches = list(
        carried.select_related("warm_up")
        .prefetch_related("tries", "probes")
        .order_by("created_at", "uuid")[:BATCHES_SHOWN]
    )
    if not batches and request.batch is not None:
        batches = [request.batch]
    delivery = _delivery(request)
    return Chain(
        steps=list(_steps(request, batches, delivery)),
        batches=batches,
        rounds=[
            one
            for number, batch in enumerate(batches, 1)
            for one in _rounds(batch, number if len(batches) > 1 else None)
        ],
        covered=_covered(items, batches),
        delivery=delivery,
        followers=list(
            Request.objects.filter(cause_kind=BEFORE, cause_id=str(request.uuid)).order_by("requested_at")[:10]
        ),
    )


def _delivery(request: Request) -> WebhookDelivery | None:
    if request.cause_kind != DELIVERY:
        return None
    return WebhookDelivery.objects.select_related("endpoint").filter(pk=request.cause_id).first()


def _covered(items: Sequence[Item], batches: Sequence[Batch]) -> list[Covered]:
    numbers = {batch.pk: str(number) for number, batch in enumerate(batches, 1)}
    return [
        Covered(item, _sent_as(item), numbers.get(item.batch_id, "–") if item.batch_id is not None else "–")
        for item in items
    ]


def _sent_as(item: Item) -> str:
    if item.failure:
        return f"refused: {item.failure}"
    if item.batch_id is None:
        return "not sent"
    return f"covered by {item.covered_by}" if item.covered_by else "as itself"


def _rounds(batch: Batch, number: int | None) -> Iterator[Round]:
    """The newest first: it is what somebody waits for."""
    probes = sorted(batch.probes.all(), key=lambda probe: (-probe.round, probe.pk))
    for which, found in groupby(probes, key=lambda probe: probe.round):
        asked = list(found)
        title = f"Round {which}" if number is None else f"Batch {number}, round {which}"
        yield Round(title, concluding.summed_up(batch, asked), asked)


def _steps(request: Request, batches: Sequence[Batch], delivery: WebhookDelivery | None) -> Iterator[Step]:
    if delivery is not None:
        who = f"{delivery.endpoint.name} posted {delivery.event_type or 'an event'}"
        yield Step("delivery", "Webhook received", "done", delivery.received_at, who)
    yield Step("asked", "Asked for", "done", request.requested_at)
    if request.approved_at is not None:
        yield Step("approved", f"Approved by {request.approved_by}", "done", request.approved_at)
    if not batches or request.state == RequestState.QUEUED:
        yield _waiting(request)
    for number, batch in enumerate(batches, 1):
        which = f"Batch {number} of {len(batches)}: " if len(batches) > 1 else ""
        yield _sent(batch, which)
        yield _completed(batch, which)
        yield _proven(batch, which)
    if not batches:
        yield Step("completed", "Completed", "todo", None)
        yield Step("proven", "Verified at the edge", "todo", None)


def _waiting(request: Request) -> Step:
    """What comes before a batch is made of it."""
    match request.state:
        case RequestState.AWAITING_APPROVAL:
            return Step("sent", "Waiting for a second person's approval", "current", None, request.waits_for)
        case RequestState.HELD:
            return Step("sent", "Held", "current", None, request.waits_for)
        case RequestState.REQUESTED:
            return Step("sent", "Waiting for its time", "current", request.not_before)
        case RequestState.QUEUED:
            return Step("sent", "Waiting to be sent", "current", None, "Stored; sent with others asked for just now.")
    return Step("sent", f"Not sent: {request.get_state_display().lower()}", "todo", None, request.outcome)


def _sent(batch: Batch, which: str) -> Step:
    tries = sorted(batch.tries.all(), key=lambda one: one.pk)
    if batch.submitted_at is not None:
        return Step("sent", f"{which}Sent to CloudFront", "done", batch.submitted_at, tries=tries)
    match batch.state:
        case BatchState.FAILED:
            return Step("sent", f"{which}Not sent: failed", "failed", None, tries=tries)
        case BatchState.CANCELLED:
            return Step("sent", f"{which}Not sent: cancelled", "todo", None, batch.outcome, tries)
        case BatchState.HELD:
            return Step("sent", f"{which}Held", "current", None, "The distribution is suspended.", tries)
        case BatchState.RETRY_WAIT:
            return Step("sent", f"{which}Trying again to send it", "current", None, batch.last_error, tries)
    return Step(
        "sent", f"{which}Waiting to be sent", "current", None, "Stored; a worker sends it within seconds.", tries
    )


def _completed(batch: Batch, which: str) -> Step:
    if batch.completed_at is not None:
        return Step("completed", f"{which}Completed, says CloudFront", "done", batch.completed_at)
    if batch.state == BatchState.STUCK:
        return Step("completed", f"{which}No end in sight", "stuck", None, batch.last_error)
    if batch.state in UNDER_WAY:
        return Step("completed", f"{which}In progress at CloudFront", "current", None, batch.last_error)
    return Step("completed", f"{which}Completed", "todo", None)


def _proven(batch: Batch, which: str) -> Step:
    match batch.state:
        case BatchState.VERIFIED:
            return Step("proven", f"{which}Verified at the edge", "done", batch.verified_at, batch.outcome)
        case BatchState.VERIFY_FAILED:
            return Step("proven", f"{which}Still stale at the edge", "verify_failed", None, batch.outcome)
        case BatchState.COMPLETED if batch.next_at is None:
            return Step("proven", f"{which}Not verified", "todo", None, batch.outcome)
        case BatchState.COMPLETED:
            asking = "Requesting the paths through the distribution."
            return Step("proven", f"{which}Asking the edge", "current", None, asking)
    return Step("proven", f"{which}Verified at the edge", "todo", None)
