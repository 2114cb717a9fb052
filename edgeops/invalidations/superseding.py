"""Requests that wait on another request: they end as that one ends, or go back to waiting when it comes to nothing."""

from collections.abc import Collection
from itertools import batched
from uuid import UUID

from edgeops.invalidations.models import Batch, Item, Request, RequestState

# A storm may hold tens of thousands, and SQLite takes as few as 32,766 parameters in a statement.
NAMED_AT_ONCE = 1_000
LET_GO = "Held: the invalidation that was to cover it was not made."


def supersede(requests: Collection[UUID], by: Request) -> None:
    """Have these, none of which is on its way, covered by another request instead."""
    held = Request.objects.filter(state=RequestState.HELD, batch=None)
    for some in batched(requests, NAMED_AT_ONCE):
        held.filter(pk__in=some).update(state=RequestState.SUPERSEDED, superseded_by=by, waits_for="")


def adopt(batch: Batch, frozen: Collection[UUID]) -> None:
    """What waits on requests that were just frozen is covered by the same batch."""
    waiting = Request.objects.filter(superseded_by__in=frozen, batch=None)
    for request in waiting.values_list("superseded_by", flat=True).distinct():
        mine = waiting.filter(superseded_by=request)
        wide = Item.objects.get(request=request)
        Item.objects.filter(request__in=mine).update(batch=batch, covered_by=wide.covered_by or wide.sent_form)
    waiting.update(batch=batch)


def let_go(request: Request) -> None:
    """The request came to nothing; what waited on it waits by itself again."""
    waiting = Request.objects.filter(superseded_by=request, batch=None, state=RequestState.SUPERSEDED)
    waiting.update(state=RequestState.HELD, superseded_by=None, waits_for=LET_GO)
