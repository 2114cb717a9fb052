"""What an invalidation would cost, wait for and take from the cache, told before it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil

from django.db.models import Sum

from edgeops.estate.models import Distribution
from edgeops.invalidations import choosing, covering, known, ledger, quota, scope
from edgeops.invalidations.choosing import Choice
from edgeops.invalidations.items import Parsed
from edgeops.invalidations.known import Wanted
from edgeops.invalidations.models import (
    Batch,
    CostMonth,
    Place,
    Policy,
    Priority,
    QuotaProfile,
    Request,
    Suspension,
    distribution_of,
)
from edgeops.invalidations.quota import UNBOUNDED, Room
from edgeops.invalidations.scope import Scope

MAX_NAMED = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything a person should know before the button."""

    forms: Sequence[str]
    """What would be sent: distinct, children under their wildcard. Each is billed as one item."""
    covered_by: Mapping[str, str]
    """The forms that are not sent, since a wildcard that is sent covers them; with that wildcard."""
    wildcards: int
    month_used: int
    dollars: Decimal
    paths_left: int | None
    """How many more may be in progress now; None: no bound."""
    wildcards_left: int | None
    expected_wait: timedelta
    scope: Scope
    held_because: str
    """Why it would be held; empty: it would not."""
    matched: Sequence[Wanted]
    """The most wanted known URLs that its wildcards and tags name."""
    matched_count: int
    requests_per_hour: int | None
    """Traced requests to them in the last hour; None: no trace names any."""

    @property
    def items(self) -> int:
        """Items billed."""
        return len(self.forms)

    @property
    def is_crowded(self) -> bool:
        """Whether some of it waits until others are no longer in progress, however long those take."""
        return (self.wildcards_left == 0 and self.wildcards > 0) or (
            self.paths_left == 0 and self.items > self.wildcards
        )

    @property
    def free_left(self) -> int:
        """What the month's allowance still holds before this."""
        return ledger.free_left(self.month_used)

    @property
    def origin_requests(self) -> int:
        """Requests the origin gets at least, once per edge location that has them: each path, each known match."""
        return self.items - self.wildcards - sum(form.startswith("#") for form in self.forms) + self.matched_count


def preview(
    place: Place,
    parsed: Parsed,
    *,
    is_admin: bool,
    now: datetime,
    priority: Priority = Priority.NORMAL,
    not_before: datetime | None = None,
    ceiling: str = "",
) -> Preview:
    """Read it all from the store; nothing is written and nobody is asked. `ceiling` is that of a rule."""
    distribution = distribution_of(place)
    policy, profile = Policy.of(distribution), QuotaProfile.of(distribution.account)
    alone = [form for form in parsed.sent_forms if ceiling and not covering.covers(ceiling, covering.parent(form))]
    choice = choosing.choose(parsed.sent_forms, Room(UNBOUNDED, UNBOUNDED), policy, alone=set(alone))
    here = Batch.objects.filter(distribution=distribution)
    everywhere = Batch.objects.filter(distribution__account=distribution.account_id)
    used = CostMonth.used(distribution.account, ledger.month_of(now))
    matched = known.named_by(place, choice.forms, now=now)
    counts = [one.requests_per_hour for one in matched if one.requests_per_hour is not None]
    wait = _window(policy, priority, profile, choice, now) + _queue(distribution, profile)
    own_time = timedelta(0) if not_before is None else not_before - now
    holding = [one for one in Suspension.objects.active(now).filter(distribution=distribution) if not one.lane]
    return Preview(
        forms=choice.forms,
        covered_by={form: wide for form, wide in choice.covered_by.items() if form != wide},
        wildcards=choice.wildcards,
        month_used=used,
        dollars=ledger.price(used, len(choice.forms)),
        paths_left=_left(profile.inflight_paths, profile, here.in_flight()["paths"]),
        wildcards_left=_left(profile.inflight_wildcards, profile, everywhere.in_flight()["wildcards"]),
        expected_wait=timedelta(seconds=ceil(max(wait, own_time).total_seconds())),
        scope=scope.judge(parsed, policy, is_admin=is_admin),
        held_because=holding[0].words if holding else "",
        matched=matched[:MAX_NAMED],
        matched_count=len(matched),
        requests_per_hour=sum(counts) if counts else None,
    )


def _left(bound: int | None, profile: QuotaProfile, used: int) -> int | None:
    return None if bound is None else max(0, quota.left(bound, profile.headroom, used))


def _window(policy: Policy, priority: Priority, profile: QuotaProfile, choice: Choice, now: datetime) -> timedelta:
    """Until its window closes and its tokens are free."""
    quiet = timedelta(0) if priority == Priority.URGENT else timedelta(seconds=policy.quiet_seconds)
    free = quota.free_at(profile, items=len(choice.forms), wildcards=choice.wildcards)
    return quiet if free is None else max(quiet, free - now)


def _queue(distribution: Distribution, profile: QuotaProfile) -> timedelta:
    """What is queued in the account goes at the account's rate; repeats among it make this the longest wait."""
    if profile.items_per_second is None:
        return timedelta(0)
    queued = Request.objects.queued().filter(distribution__account=distribution.account_id)
    ahead = queued.aggregate(items=Sum("items_count"))["items"] or 0
    return timedelta(seconds=ahead / profile.items_per_second)
