"""Moving a batch and the requests it carries from one state to the next, in one transaction and under the lease."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from edgeops.invalidations import failing, marks
from edgeops.invalidations.models import Batch, BatchState, Item, Request, RequestState

# The least advanced of a request's batches says how far the request is; of ended ones, the worst.
ORDER = (
    BatchState.HELD, BatchState.RETRY_WAIT, BatchState.COALESCED, BatchState.SUBMITTED, BatchState.IN_PROGRESS,
    BatchState.STUCK, BatchState.FAILED, BatchState.VERIFY_FAILED, BatchState.COMPLETED, BatchState.VERIFIED,
)  # fmt: skip
MAX_NAMED = 3


def move(
    batch: Batch, state: BatchState, *, next_at: datetime | None, now: datetime, mark: str = "", **changes: Any
) -> bool:
    """Finish this worker's turn with a new state, and mark it on the timeline; False when the lease was lost."""
    was = batch.state
    with transaction.atomic():
        if not batch.finish(next_at=next_at, state=state, **changes):
            return False
        if state == BatchState.FAILED:
            Item.objects.filter(batch=batch).update(failure=batch.last_error[:500])
        take_along(batch, is_over=next_at is None)
        if mark:
            marks.put_batch(mark, batch, now)
        if state in failing.TITLES and state != was:  # a stuck one is looked at, and found stuck, again and again
            failing.note_batch(batch, now)
    return True


def take_along(batch: Batch, *, is_over: bool) -> None:
    """Let a batch's requests follow it, in its transaction. One that others covered says so until all of it is over."""
    whole = batch.requests.filter(is_split=False)
    if not is_over:
        whole = whole.exclude(state=RequestState.SUPERSEDED)
    whole.exclude(state=batch.state).update(state=batch.state)  # a look that changes nothing touches no row
    split = Request.objects.filter(is_split=True, pk__in=Item.objects.filter(batch=batch).values("request"))
    # Held until the commit: of two batches that move at once, the second sees where the first has got to.
    for request in split.select_for_update().order_by("pk"):
        _stand(request)


def _stand(request: Request) -> None:
    """The state of a request whose items are in several batches."""
    items = request.items.values_list("sent_form", "failure", "batch__state")
    states = {state for _, failure, state in items if not failure}
    if None in states:
        return  # the rest still waits in its window, and the request with it
    failed = sorted(form for form, failure, _ in items if failure)
    if failed:
        states.add(BatchState.FAILED)
    request.state = min(states, key=ORDER.index)
    request.outcome = _told(failed, len(items))
    request.save(update_fields=["state", "outcome"])


def _told(failed: Collection[str], total: int) -> str:
    if not failed:
        return ""
    named = ", ".join(list(failed)[:MAX_NAMED])
    return f"CloudFront refused {len(failed)} of {total} items: {named}."[:500]
