"""The chain of an invalidation as its page shows it: what led to it, asked, sent, completed, proven, each in words."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dashboards import carriers, purses
from dashboards.carriers import BATCHES_SHOWN, PROBES_SHOWN, Carrier, Round
from edgeops.invalidations.models import Batch, BatchAttempt, BatchState, Item, Request, RequestState
from edgeops.webhooks.models import WebhookDelivery

UNDER_WAY = {BatchState.SUBMITTED, BatchState.IN_PROGRESS}
DELIVERY, BEFORE = "webhook_delivery", "request"
# The steps of more batches than these are told together; the table of batches has each.
BATCHES_APART = 4
# Of many batches, the state that a person must see first.
URGENCY = ("failed", "stuck", "verify_failed", "current", "todo", "done")


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
class Chain:
    """Everything that led to a request and came of it."""

    steps: Sequence[Step]
    carriers: Sequence[Carrier]
    all_rounds: Sequence[Round]
    covered: Sequence[Covered]
    delivery: WebhookDelivery | None = None
    is_cause_kept: bool = False
    """Whether the request that led to it, if one did, can still be looked at."""
    followers: Sequence[Request] = field(default_factory=list)
    """Requests it led to itself: a second try, a second invalidation by policy."""

    @property
    def is_moving(self) -> bool:
        """Whether a batch still has something to do."""
        return any(carrier.batch.next_at is not None for carrier in self.carriers)

    @property
    def shown(self) -> Sequence[Carrier]:
        """The batches the page has room for."""
        return self.carriers[:BATCHES_SHOWN]

    @property
    def rounds(self) -> Sequence[Round]:
        """The rounds of probes the page has room for, at least one."""
        found: list[Round] = []
        room = PROBES_SHOWN
        for one in self.all_rounds:
            if found and len(one.probes) > room:
                break
            found.append(one)
            room -= len(one.probes)
        return found

    @property
    def probes_count(self) -> int:
        """How often the edge has answered."""
        return sum(len(one.probes) for one in self.all_rounds)


def of(request: Request, items: Sequence[Item]) -> Chain:
    """The chain of a request and of the items that are shown, in a handful of queries whatever their number."""
    found = carriers.of(request)
    is_under_way = any(carrier.batch.state in UNDER_WAY for carrier in found)
    pace = carriers.pace(request.distribution_id) if is_under_way else ""
    delivery = _delivery(request)
    return Chain(
        steps=list(_steps(request, found, delivery, pace)),
        carriers=found,
        all_rounds=carriers.rounds(found),
        covered=_covered(items, found),
        delivery=delivery,
        is_cause_kept=request.cause_kind == BEFORE and Request.objects.filter(pk=request.cause_id).exists(),
        followers=list(
            Request.objects.filter(cause_kind=BEFORE, cause_id=str(request.uuid)).order_by("requested_at")[:10]
        ),
    )


def _delivery(request: Request) -> WebhookDelivery | None:
    if request.cause_kind != DELIVERY:
        return None
    return WebhookDelivery.objects.select_related("endpoint").filter(pk=request.cause_id).first()


def _covered(items: Sequence[Item], found: Sequence[Carrier]) -> list[Covered]:
    numbers = {carrier.batch.pk: str(carrier.number) for carrier in found}
    # Why the only batch failed is told once, not beside each of its items.
    told = {found[0].batch.last_error[:500]} if len(found) == 1 else set()
    return [
        Covered(item, _sent_as(item, told), numbers.get(item.batch_id, "–") if item.batch_id else "–") for item in items
    ]


def _sent_as(item: Item, told: Collection[str]) -> str:
    if item.failure:
        return "refused with its batch" if item.failure in told else f"refused: {item.failure}"
    if item.batch_id is None:
        return "not sent"
    return f"covered by {item.covered_by}" if item.covered_by else "as itself"


def _steps(request: Request, found: Sequence[Carrier], delivery: WebhookDelivery | None, pace: str) -> Iterator[Step]:
    if delivery is not None:
        who = f"{delivery.endpoint.name} posted {delivery.event_type or 'an event'}"
        yield Step("delivery", "Webhook received", "done", delivery.received_at, who)
    yield Step("asked", "Asked for", "done", request.requested_at)
    if request.approved_at is not None:
        yield Step("approved", f"Approved by {request.approved_by}", "done", request.approved_at)
    if not found or request.state == RequestState.QUEUED:
        yield _waiting(request)
    if not found and request.is_open:
        yield Step("completed", "Completed", "todo", None)
        yield Step("proven", "Verified at the edge", "todo", None)
    if len(found) > BATCHES_APART:
        yield from _together([carrier.batch for carrier in found if not carrier.is_split])
    else:
        for carrier in found:
            which = f"Batch {carrier.number} of {len(found)}: " if len(found) > 1 else ""
            yield from _apart(carrier, which, pace)


def _apart(carrier: Carrier, which: str, pace: str) -> Iterator[Step]:
    batch = carrier.batch
    if carrier.is_split:
        yield Step("sent", f"{which}Not taken as a whole", "todo", None, batch.last_error, carrier.tries)
        return
    yield _sent(carrier, which)
    if carrier.is_given_up:
        return
    yield _completed(batch, which, pace)
    yield _proven(batch, which)


def _together(batches: Sequence[Batch]) -> Iterator[Step]:
    """One step for all batches; it ends with the last of them."""
    yield _folded("Sent to CloudFront", [_sent(Carrier(0, batch, 0), "") for batch in batches])
    yield _folded("Completed, says CloudFront", [_completed(batch, "") for batch in batches])
    yield _folded("Verified at the edge", [_proven(batch, "") for batch in batches])


def _folded(title: str, steps: Sequence[Step]) -> Step:
    done = [step for step in steps if step.state == "done"]
    worst = min((step.state for step in steps), key=URGENCY.index)
    ended = max((step.at for step in done if step.at is not None), default=None) if worst == "done" else None
    return Step(steps[0].key, f"{title}: {len(done)} of {len(steps)} batches", worst, ended, _others(steps))


def _others(steps: Iterable[Step]) -> str:
    """What the batches that are not so far are at, the worst first."""
    titles = [step.title for step in sorted(steps, key=lambda step: URGENCY.index(step.state)) if step.state != "done"]
    return " ".join(f"{title}: {titles.count(title)}." for title in dict.fromkeys(titles))


def _waiting(request: Request) -> Step:
    """What comes before a batch is made of it."""
    match request.state:
        case RequestState.AWAITING_APPROVAL:
            return Step("sent", "Waiting for a second person's approval", "current", None)
        case RequestState.HELD:
            return Step("sent", "Held", "current", None)
        case RequestState.REQUESTED:
            return Step("sent", "Waiting for its time", "current", request.not_before)
        case RequestState.SUPERSEDED:
            return Step("sent", "Waiting for what covers it", "current", None)
        case RequestState.QUEUED:
            words = purses.in_the_way(request) or "Stored; sent with others asked for just now."
            return Step("sent", "Waiting to be sent", "current", None, words)
    return Step("sent", f"Not sent: {request.get_state_display().lower()}", "todo", None, request.outcome)


def _sent(carrier: Carrier, which: str) -> Step:
    batch, tries = carrier.batch, carrier.tries
    if batch.submitted_at is not None:
        words, told = (tries[0].message, ()) if len(tries) == 1 else ("", tries)
        return Step("sent", f"{which}Sent to CloudFront", "done", batch.submitted_at, words, told)
    match batch.state:
        case BatchState.FAILED:
            return Step("sent", f"{which}Not sent: failed", "failed", None, tries=tries)
        case BatchState.CANCELLED:
            return Step("sent", f"{which}Not sent: cancelled", "todo", None, batch.outcome, tries)
        case BatchState.HELD:
            return Step("sent", f"{which}Held", "current", None, "The distribution is suspended.", tries)
        case BatchState.RETRY_WAIT:
            return Step("sent", f"{which}Trying again to send it", "current", batch.next_at, batch.last_error, tries)
    return Step(
        "sent", f"{which}Waiting to be sent", "current", None, "Stored; a worker sends it within seconds.", tries
    )


def _completed(batch: Batch, which: str, pace: str = "") -> Step:
    if batch.completed_at is not None:
        return Step("completed", f"{which}Completed, says CloudFront", "done", batch.completed_at)
    if batch.state == BatchState.STUCK:
        return Step("completed", f"{which}No end in sight", "stuck", None, batch.last_error)
    if batch.state in UNDER_WAY:
        return Step("completed", f"{which}In progress at CloudFront", "current", None, batch.last_error or pace)
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
