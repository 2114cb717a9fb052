"""What only time or a lifted suspension moves on: requests with a time of their own, approvals, suspensions.

A suspension is one row; whatever it holds is held and let go here, so that it does not matter which came first.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from edgeops.invalidations import moves, superseding
from edgeops.invalidations.models import Batch, BatchState, Item, Request, RequestState, Suspension

ASLEEP = (RequestState.REQUESTED, RequestState.AWAITING_APPROVAL, RequestState.HELD)
EXPIRED = "Nobody approved it in time; ask anew if it is still wanted."


def wake(now: datetime) -> None:
    """Move on what is due. With nothing due it only reads."""
    active = list(Suspension.objects.active(now))
    for suspension in active:
        _hold(suspension, now)
    asleep = Request.objects.filter(state__in=ASLEEP)
    _queue(asleep.filter(state=RequestState.REQUESTED, not_before__lte=now), now)
    late = asleep.filter(state=RequestState.AWAITING_APPROVAL, expires_at__lte=now)
    for request in late:
        with transaction.atomic():
            if late.filter(pk=request.pk).update(state=RequestState.EXPIRED, outcome=EXPIRED):
                superseding.let_go(request)
    _release(active, now)


def _hold(suspension: Suspension, now: datetime) -> None:
    """Requests that are not frozen yet; of a whole distribution also what is frozen and unsent."""
    held = Q(distribution=suspension.distribution_id, state__in=[RequestState.REQUESTED, RequestState.QUEUED])
    if suspension.lane:
        held &= Q(lane=suspension.lane)
    if (found := Request.objects.filter(held)).exists():
        found.update(state=RequestState.HELD, waits_for=suspension.words)
    if suspension.lane:
        return
    unsent = Batch.objects.unsent().free(now).filter(distribution=suspension.distribution_id)
    for batch in unsent:
        with transaction.atomic():
            if batch.attempts:
                _hold_batch(batch, now)
            else:
                _dissolve(batch, suspension)


def _hold_batch(batch: Batch, now: datetime) -> None:
    """CloudFront may have it already: its items stay together under its reference."""
    still = Batch.objects.free(now).filter(pk=batch.pk, state=batch.state)
    if still.update(state=BatchState.HELD, next_at=None):
        batch.state = BatchState.HELD
        moves.take_along(batch, is_over=False)


def _dissolve(batch: Batch, suspension: Suspension) -> None:
    """Nobody has touched it: its items go back, and are frozen anew when the suspension is lifted."""
    still = Batch.objects.filter(pk=batch.pk, attempts=0, lease_token=None, state=BatchState.COALESCED)
    if not still.update(state=BatchState.CANCELLED, next_at=None, outcome=f"Taken back: {suspension.words}"[:500]):
        return
    requests = set(Item.objects.filter(batch=batch).values_list("request_id", flat=True))
    Item.objects.filter(batch=batch).update(batch=None, covered_by="")
    back = Request.objects.filter(pk__in=requests)
    # Some of its items may be on their way with another: then it can neither be cancelled nor joined any more.
    others = Item.objects.filter(request=OuterRef("pk")).exclude(batch=None)
    back.filter(batch=batch).update(batch=Subquery(others.values("batch")[:1]))
    back.filter(superseded_by=None).update(state=RequestState.HELD, waits_for=suspension.words)


def _release(active: list[Suspension], now: datetime) -> None:
    """Whatever is held, and by nothing any more."""
    held = Request.objects.filter(state=RequestState.HELD)
    batches = Batch.objects.filter(state=BatchState.HELD)
    for one in active:
        mine = Q(distribution=one.distribution_id)
        held = held.exclude(mine & Q(lane=one.lane) if one.lane else mine)
        batches = batches if one.lane else batches.exclude(mine)
    for batch in batches:
        _release_batch(batch, now)
    loose = held.filter(pk__in=Item.objects.filter(batch=None, failure="").values("request"))
    if held.exists():
        loose.filter(not_before__gt=now).update(state=RequestState.REQUESTED, waits_for="")
        _queue(loose, now)


def _release_batch(batch: Batch, now: datetime) -> None:
    with transaction.atomic():
        still = Batch.objects.filter(pk=batch.pk, state=BatchState.HELD)
        if still.update(state=BatchState.RETRY_WAIT, next_at=now):
            batch.state = BatchState.RETRY_WAIT
            moves.take_along(batch, is_over=False)


def _queue(requests: QuerySet[Request], now: datetime) -> None:
    if requests.exists():
        requests.update(state=RequestState.QUEUED, queued_at=now, waits_for="")
