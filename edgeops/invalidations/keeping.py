"""How long invalidations are kept: as long as hourly datapoints, and whatever is not over for longer.

A request goes with its items; a batch goes, with its attempts, probes and warm-up, once no kept request names it or
what it was split from or into. The months of the ledger are kept for ever.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from edgeops import retention
from edgeops.estate.models import Distribution
from edgeops.invalidations.models import Batch, Item, Request, StageFlush, Suspension
from edgeops.invalidations.models.requests import ENDED

# In one transaction: a request may have thousands of items, a batch as many in its list.
ROWS_AT_ONCE, REQUESTS_AT_ONCE, BATCHES_AT_ONCE = 2_000, 500, 50


def tidy(now: datetime) -> int:
    """Delete what ended before the history that is kept; how many rows."""
    before = retention.oldest(now)
    lifted = Q(lifted_at__lt=before) | Q(lifted_at=None, until__lt=before)
    return (
        _requests(before)
        + sum(_batches(distribution, before) for distribution in Distribution.objects.all())
        + retention.delete(StageFlush.objects.filter(requested_at__lt=before, next_at=None))
        + retention.delete(Suspension.objects.filter(lifted))
    )


def _requests(before: datetime) -> int:
    total = 0
    while gone := _some(_ended(before)):
        total += retention.delete_now(Request, gone)
    return total


def _ended(before: datetime) -> QuerySet[Request]:
    """Requests of which nothing moves; one that others were covered by goes after them."""
    moving = Item.objects.filter(batch__in=Batch.objects.filter(next_at__isnull=False)).values("request")
    old = Request.objects.filter(requested_at__lt=before, state__in=ENDED, supersedes=None)
    return old.exclude(pk__in=moving)


def _some(requests: QuerySet[Request]) -> list[UUID]:
    """The first of them, as many as have few enough items together."""
    found: list[UUID] = []
    room = ROWS_AT_ONCE
    for pk, items in requests.values_list("pk", "items_count")[:REQUESTS_AT_ONCE]:
        if found and items > room:
            break
        found.append(pk)
        room -= items
    return found


def _batches(distribution: Distribution, before: datetime) -> int:
    """What is left of those without requests: also what was taken back unsent, and what was split."""
    over = Batch.objects.filter(distribution=distribution, created_at__lt=before, next_at=None)
    free = over.filter(~Exists(_named(OuterRef("pk"))), ~Exists(Request.objects.filter(batch=OuterRef("pk"))))
    return retention.delete(free.filter(~Exists(_kin_in_use())), at_once=BATCHES_AT_ONCE)


def _named(batch: OuterRef) -> QuerySet[Item]:
    return Item.objects.filter(batch=batch)


def _kin_in_use() -> QuerySet[Batch]:
    """Batches of the same split that still move, or carry something that is kept."""
    kin = Q(root=OuterRef("root")) | Q(pk=OuterRef("root")) | Q(root=OuterRef("pk"))
    return Batch.objects.filter(kin).filter(Q(next_at__isnull=False) | Exists(_named(OuterRef("pk"))))
