"""Fetching the most wanted URLs again after an invalidation, so that the first viewer does not wait for the origin.

Only where the policy says so, at a gentle pace, and never after an urgent takedown. It warms one edge location.
"""

from datetime import datetime, timedelta

from django.db import transaction

from edgeops.invalidations import known, verification
from edgeops.invalidations.models import Batch, Policy, Priority, WarmUp

LEASE_SECONDS = 120
AT_ONCE = 4
PAUSE = timedelta(seconds=4)  # one URL a second


def plan(batch: Batch, policy: Policy, now: datetime) -> None:
    """Note what to fetch, in the transaction that ends the batch."""
    if not policy.warm_urls or batch.priority == Priority.URGENT:
        return
    named = [one for one in known.wanted(batch.place, now=now) if any(map(one.is_named, batch.items))]
    if paths := [one.path for one in named[: policy.warm_urls]]:
        WarmUp.objects.get_or_create(batch=batch, defaults={"paths": paths, "next_at": now})


def warm(pk: int, *, now: datetime, look: verification.Look = verification.look) -> WarmUp | None:
    """Fetch the next few; None when it is not due, or somebody else is at it."""
    row = WarmUp.claim(pk, now=now, lease_seconds=LEASE_SECONDS)
    if row is None:
        return None
    paths = row.paths[row.fetched : row.fetched + AT_ONCE]
    seen = [look(row.batch.place, path) for path in paths]
    fetched = row.fetched + len(paths)
    failed = [one.error or f"{one.url} answered {one.status}" for one in seen if not one.was_served]
    with transaction.atomic():
        row.finish(
            next_at=None if fetched >= len(row.paths) else now + PAUSE,
            fetched=fetched,
            failed=row.failed + len(failed),
            last_error=failed[-1] if failed else row.last_error,
        )
    return row
