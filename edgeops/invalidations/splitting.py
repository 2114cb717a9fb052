"""Splitting a batch that CloudFront does not take as a whole: too large, or one bad item among good ones.

Each half is a batch of its own with a new reference, so nothing is ever sent twice under one. Halving goes on until the
bad item is alone; it fails with its name, and the rest goes on.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from edgeops.aws.errors import InvalidError
from edgeops.invalidations import freezing
from edgeops.invalidations.models import Batch, BatchState, Item, Request, RequestState

TOO_LARGE, BAD_ITEM = "BatchTooLarge", "InvalidArgument"
# So many halvings find several bad items of the largest batch; more would mean that CloudFront dislikes all of them.
MAX_SPLITS = 64


def helps(batch: Batch, error: InvalidError) -> bool:
    """Whether halves may fare better than the whole."""
    if error.code not in {TOO_LARGE, BAD_ITEM} or len(batch.items) < 2:
        return False
    root = batch.root or batch.pk
    return Batch.objects.filter(Q(root=root) | Q(pk=root), state=BatchState.SPLIT).count() < MAX_SPLITS


def split(batch: Batch, error: InvalidError, *, now: datetime) -> None:
    """Put two halves in a batch's place, in the caller's transaction; they wait for tokens of their own."""
    words = f"Split in two: {error}"
    if not batch.finish(next_at=None, state=BatchState.SPLIT, last_error=words, last_error_code=error.code[:60]):
        return
    middle = len(batch.items) // 2
    for forms in (batch.items[:middle], batch.items[middle:]):
        half = freezing.make(
            batch.distribution,
            forms,
            tenant=batch.tenant_id,
            lane=batch.lane,
            priority=batch.priority,
            now=now,
            state=BatchState.RETRY_WAIT,
            root=batch.root or batch.pk,
        )
        items = Item.objects.filter(batch=batch)
        items.filter(covered_by="", sent_form__in=forms).update(batch=half)
        items.filter(covered_by__in=forms).update(batch=half)
    _follow(batch)


def _follow(batch: Batch) -> None:
    """Requests with items in one half go with it, those with items in both with either."""
    requests = Request.objects.filter(batch=batch)
    halves: dict[UUID, set[UUID | None]] = {}
    for request, half in requests.values_list("pk", "items__batch").distinct():
        halves.setdefault(request, set()).add(half)
    for made in {half for found in halves.values() for half in found if half is not None}:
        mine = Request.objects.filter(pk__in=[request for request, found in halves.items() if made in found])
        mine.update(batch=made)
        mine.exclude(state__in=[RequestState.SUPERSEDED, RequestState.QUEUED]).update(state=RequestState.RETRY_WAIT)
    both = [request for request, found in halves.items() if len(found) > 1]
    Request.objects.filter(pk__in=both).update(is_split=True)
