"""Invalidating once more by itself: after a stale probe, or a while later where the policy says so. Never a third time.

A repeat is a request like any other, on the same road; it repeats only what people and webhooks have asked for.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from edgeops.access.audit import SYSTEM
from edgeops.invalidations import asking
from edgeops.invalidations.models import Batch, Item, Policy, Priority, Request, Source


def try_once_more(batch: Batch, now: datetime) -> Request | None:
    """After a stale probe; a second stale one has a cause that a person must find."""
    return _repeat(
        batch,
        Source.VERIFY_RETRY,
        never_of={Source.VERIFY_RETRY},
        reason="Still stale after an invalidation that completed",
        now=now,
    )


def tap_again(batch: Batch, now: datetime) -> Request | None:
    """For origins that settle late: what a first invalidation let in too early is let go again."""
    seconds = Policy.of(batch.distribution).double_tap_seconds
    if seconds is None:
        return None
    return _repeat(
        batch,
        Source.DOUBLE_TAP,
        never_of={Source.VERIFY_RETRY, Source.DOUBLE_TAP},
        reason=f"Second invalidation after {seconds} s, by policy",
        now=now,
        not_before=now + timedelta(seconds=seconds),
    )


def _repeat(
    batch: Batch,
    source: Source,
    *,
    never_of: Collection[Source],
    reason: str,
    now: datetime,
    not_before: datetime | None = None,
) -> Request | None:
    """Ask for what the batch covered of requests that are no repeats themselves; None when there is none."""
    items = Item.objects.filter(batch=batch, failure="").exclude(request__source__in=never_of)
    forms = {cover or form for cover, form in items.values_list("covered_by", "sent_form")}
    first = Request.objects.filter(items__in=items).order_by("requested_at", "uuid").first()
    if first is None:
        return None
    return asking.ask(
        distribution=batch.distribution,
        tenant=batch.tenant,
        items=sorted(forms),
        actor=SYSTEM,
        source=source,
        reason=f"{reason}: {first.reason}",
        idempotency_key=str(batch.uuid),
        now=now,
        may_invalidate_everything=True,
        cause=("request", first.uuid),
        priority=Priority(batch.priority),
        not_before=not_before,
    )
