"""From queued requests to frozen batches, as windows close and tokens are free. Driven by a tick, from the rows alone.

A batch is frozen only with its tokens in hand, in one transaction: until then whatever is asked for joins for nothing,
and nothing ever joins a batch that may have been sent. An invalidation in flight does not cover a later change.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Min, Q, Sum

from edgeops.invalidations import breaking, freezing, quota, rationing
from edgeops.invalidations.models import Batch, BatchState, Policy, Priority, Request, Suspension
from edgeops.invalidations.windows import FULL_ITEMS, Key, Window

# Half the time between two ticks: a window closes with the tick that is nearest to its end.
NEAREST = timedelta(seconds=0.25)
LANES_REMEMBERED = timedelta(minutes=10)
# While CloudFront refuses a batch for these, sending it more would only be refused too.
CROWDED = "TooManyInvalidationsInProgress"
SLOWED = ("Throttling", "ThrottlingException", "RequestThrottled", "RequestLimitExceeded", "SlowDown")


def freeze_due(now: datetime) -> list[UUID]:
    """Freeze a batch of every window that has closed and may be sent now; the batches to send."""
    by_account: dict[int, list[Window]] = {}
    for window in breaking.watch(closed(now), now):
        by_account.setdefault(window.account_id, []).append(window)
    return [batch for account_id, windows in by_account.items() for batch in _freeze(account_id, windows, now)]


def closed(now: datetime) -> list[Window]:
    """The windows that take no more time, whether there are tokens or not."""
    grouped = (
        Request.objects.queued()
        .values_list("distribution_id", "tenant_id", "distribution__account_id", "lane", "priority")
        .annotate(total=Sum("items_count"), oldest=Min("queued_at"), newest=Max("queued_at"))
        .order_by()
    )
    found = [Window(*row) for row in grouped]
    if not found:
        return []
    held = list(Suspension.objects.active(now))
    policies = {policy.distribution_id: policy for policy in Policy.objects.all()}
    return [
        window
        for window in found
        if not any(one.distribution_id == window.distribution_id and one.holds(window.lane) for one in held)
        and _is_closed(window, policies.get(window.distribution_id) or Policy(), now)
    ]


def _is_closed(window: Window, policy: Policy, now: datetime) -> bool:
    if window.closes_at(policy) <= now + NEAREST:
        return True
    return window.items >= FULL_ITEMS and freezing.distinct(window) >= FULL_ITEMS


def _freeze(account_id: int, windows: list[Window], now: datetime) -> list[UUID]:
    """One batch after the other, by turn, as long as calls are free."""
    served = _served(account_id, now)
    windows.sort(key=lambda window: window.turn(served.get(window.key)))
    made = []
    for window in windows:
        with transaction.atomic():
            profile = rationing.locked(account_id)
            if (free := quota.free_at(profile, items=1)) is not None and free > now:
                break
            if _may_go(window, now) and (batch := freezing.freeze(window, profile, now)):
                made.append(batch.pk)
    return made


def _served(account_id: int, now: datetime) -> dict[Key, datetime]:
    """When each window's like was last served."""
    recent = Batch.objects.filter(distribution__account=account_id, created_at__gt=now - LANES_REMEMBERED)
    rows = recent.values_list("distribution_id", "tenant_id", "lane", "priority").annotate(at=Max("created_at"))
    return {(distribution, tenant, lane, priority): at for distribution, tenant, lane, priority, at in rows.order_by()}


def _may_go(window: Window, now: datetime) -> bool:
    """Whether CloudFront takes more now, as far as is known; the urgent one finds out for itself.

    What is in progress is bounded by distribution, its tenants together.
    """
    if window.priority == Priority.URGENT:
        return True
    waiting = Batch.objects.filter(state=BatchState.RETRY_WAIT, next_at__gt=now)
    crowded = Q(distribution=window.distribution_id, last_error_code=CROWDED)
    slowed = Q(distribution__account=window.account_id, last_error_code__in=SLOWED)
    return not waiting.filter(crowded | slowed).exists()
