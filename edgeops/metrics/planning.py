"""Which series are due, and in which batches they are asked for.

A series nobody has polled yet goes at once, one that an open page or an alarm wants goes every minute, the rest every
15 minutes; a spent budget makes that less. What only CloudWatch can compute at five minutes and an hour has its own
lane, and so has history (`history.plan`). A batch is unique in its slot: any number of beats plan each slot once.
"""

import operator
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial, reduce
from typing import NamedTuple

from django.db.models import Q

from edgeops.estate.fetches import FetchState
from edgeops.metrics import budget, catalogue, history, moments, packing, periods, windows
from edgeops.metrics.budget import NORMAL, Pace
from edgeops.metrics.models import Interest, Lane, Lease, PollBatch, Series

BACKFILL_SECONDS = 60
LONG_DELAY_SECONDS = 300
LONG_SLOT_SECONDS = 900
LONG_MARKS = {periods.FIVE_MINUTES: "five_minutes_until", periods.HOUR: "hours_until"}
WATCHED_LONG = {periods.FIVE_MINUTES: timedelta(minutes=15), periods.HOUR: timedelta(hours=1)}
IDLE_LONG = {periods.FIVE_MINUTES: timedelta(hours=6), periods.HOUR: timedelta(hours=24)}
"""How far the longer periods may lag: they are drawn in ranges of days, where a quarter of an hour is a pixel."""


class Group(NamedTuple):
    """What one request can be for."""

    account_id: int
    region: str


class Slot(NamedTuple):
    """What is planned once."""

    lane: Lane
    period: int
    at: datetime


class Candidate(NamedTuple):
    """A series with what planning needs to know of it."""

    series_id: int
    account_id: int
    region: str
    api_id: int
    kind: str
    namespace: str
    metric: str
    statistic: str
    dimensions_key: str
    settled_until: datetime | None
    polled_at: datetime | None
    five_minutes_until: datetime | None
    hours_until: datetime | None

    @property
    def group(self) -> Group:
        """What one request can hold it with."""
        return Group(self.account_id, self.region)

    @property
    def metric_key(self) -> packing.MetricKey:
        """Which metric it is a statistic of."""
        return self.namespace, self.metric, self.dimensions_key


FIELDS = (
    "pk", "account_id", "region", "hop__api_id", "hop__kind", "namespace", "metric", "statistic", "dimensions_key",
)  # fmt: skip
DATES = ("settled_until", "polled_at", "five_minutes_until", "hours_until")


def plan(now: datetime) -> list[PollBatch]:
    """Write a batch for whatever is due in the current slots and not planned yet; return the new batches.

    A batch of an earlier slot that nobody has got to is replaced: the newer one reads the same minutes again.
    """
    watch, paces = _Watch.at(now), budget.paces(now)
    turn, late = cache(partial(windows.floor, now)), _late(now)
    due: dict[Slot, list[Candidate]] = defaultdict(list)
    for candidate in _candidates(watch, now):
        lane, seconds = _lane(candidate, watch, paces.get(candidate.account_id, NORMAL))
        if candidate.polled_at is None or candidate.polled_at < turn(seconds):
            due[Slot(lane, periods.MINUTE, turn(seconds))].append(candidate)
        for period in _due_long(candidate, watch, late):
            due[Slot(Lane.LONG, period, turn(LONG_SLOT_SECONDS))].append(candidate)
    limits = packing.limits() if due else {}
    batches = [batch for slot, members in sorted(due.items()) for batch in _plan_slot(slot, members, limits, now)]
    return batches + history.plan(now)


@dataclass(frozen=True, slots=True)
class _Watch:
    """What open pages and alarms want to see every minute."""

    api_ids: frozenset[int]
    is_overview_open: bool
    series_ids: frozenset[int]

    @classmethod
    def at(cls, now: datetime) -> "_Watch":
        open_pages = list(Lease.objects.filter(expires_at__gt=now))
        return cls(
            api_ids=frozenset(page.api_id for page in open_pages if page.api_id is not None),
            is_overview_open=any(page.api_id is None for page in open_pages),
            series_ids=frozenset(Interest.objects.values_list("series_id", flat=True)),
        )

    def seen_on_page(self, candidate: Candidate) -> bool:
        return candidate.api_id in self.api_ids or (
            self.is_overview_open and catalogue.is_headline(candidate.kind, candidate.metric, candidate.statistic)
        )

    def wants(self, candidate: Candidate) -> bool:
        return candidate.series_id in self.series_ids or self.seen_on_page(candidate)

    def rows(self) -> Q:
        """The series that may be wanted; which of them are headlines is only known to the catalogue."""
        on_page = Q(metric__in=catalogue.HEADLINES) if self.is_overview_open else Q(pk__in=[])
        return Q(pk__in=Interest.objects.values("series_id")) | Q(hop__api__in=self.api_ids) | on_page


def _candidates(watch: _Watch, now: datetime) -> Iterator[Candidate]:
    """The series that can be due: neither those polled this minute, nor the many that wait for their quarter."""
    this_minute, this_quarter = windows.floor(now, periods.MINUTE), windows.floor(now, NORMAL.idle_seconds)
    may_be_due = Q(polled_at=None) | Q(polled_at__lt=this_quarter) | _may_lag(IDLE_LONG, now)
    may_be_due |= watch.rows() & (Q(polled_at__lt=this_minute) | _may_lag(WATCHED_LONG, now))
    may_be_asked = Q(retry_at=None) | Q(retry_at__lte=now)
    rows = Series.objects.filter(may_be_due, may_be_asked, stopped_at=None).order_by("pk")
    for row in rows.values_list(*FIELDS, *map(moments.text, DATES)):
        yield Candidate(*row[: len(FIELDS)], *map(moments.parse, row[len(FIELDS) :]))


def _may_lag(lags: Mapping[int, timedelta], now: datetime) -> Q:
    """Series whose longer periods only CloudWatch computes and may lag too far."""
    lagging = (Q((f"{name}__lt", now - lags[period])) for period, name in LONG_MARKS.items())
    return reduce(operator.or_, lagging) & ~Q(statistic__in=periods.ROLLED)


def _lane(candidate: Candidate, watch: _Watch, pace: Pace) -> tuple[Lane, int]:
    """In which lane a series is polled at one minute, and every how many seconds."""
    if candidate.polled_at is None:
        return Lane.BACKFILL, BACKFILL_SECONDS
    if candidate.series_id in watch.series_ids:
        return Lane.WATCHED, pace.alarm_seconds
    if watch.seen_on_page(candidate):
        return Lane.WATCHED, pace.page_seconds
    return Lane.SLOW, pace.idle_seconds


def _due_long(candidate: Candidate, watch: _Watch, late: Mapping[tuple[int, bool], datetime]) -> Iterator[int]:
    """The longer periods to ask CloudWatch for: what EdgeOps cannot roll up itself and lags too far."""
    if candidate.statistic in periods.ROLLED or candidate.polled_at is None:
        return
    is_wanted = watch.wants(candidate)
    for period, name in LONG_MARKS.items():
        until: datetime | None = getattr(candidate, name)
        if until is not None and until <= late[period, is_wanted]:
            yield period


def _late(now: datetime) -> dict[tuple[int, bool], datetime]:
    """Marks that lag too far, by their period and whether somebody wants the series."""
    return {
        (period, lags is WATCHED_LONG): windows.settled_boundary(now, LONG_DELAY_SECONDS, period) - lag
        for lags in (WATCHED_LONG, IDLE_LONG)
        for period, lag in lags.items()
    }


def _plan_slot(
    slot: Slot, candidates: Iterable[Candidate], limits: Mapping[tuple[int, str], int], now: datetime
) -> list[PollBatch]:
    taken, ordinals = _already_planned(slot)
    groups: dict[Group, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.series_id not in taken:
            groups[candidate.group].append(candidate)
    batches = [
        PollBatch(
            account_id=group.account_id,
            region=group.region,
            period=slot.period,
            lane=slot.lane,
            slot_at=slot.at,
            ordinal=ordinal,
            series_ids=sorted(packed.series_ids),
            start=packed.start,
            end=windows.floor(now, slot.period),
            next_at=now,
        )
        for group, due in groups.items()
        for ordinal, packed in enumerate(_packed(slot, due, limits.get(group), now), start=ordinals[group])
    ]
    PollBatch.objects.bulk_create(batches, ignore_conflicts=True)
    for group in groups:
        _supersede_older(slot, group, now)
    return _as_stored(batches)


def _packed(slot: Slot, due: Iterable[Candidate], limit: int | None, now: datetime) -> list[packing.Packed]:
    start = cache(partial(_start, slot.lane, slot.period, now))
    mark = operator.attrgetter(periods.MARK[slot.period])
    wanted = (packing.Wanted(one.series_id, one.metric_key, one.statistic, start(mark(one))) for one in due)
    return packing.pack(wanted, end=windows.floor(now, slot.period), period=slot.period, limit=limit)


def _start(lane: Lane, period: int, now: datetime, until: datetime | None) -> datetime:
    """From when a series is read whose mark is `until`."""
    if until is None or lane != Lane.LONG:
        return windows.poll_window(now, until).start
    return max(windows.long_window(now, until, period).start, periods.oldest(period, now))


def _already_planned(slot: Slot) -> tuple[set[int], dict[Group, int]]:
    """Series this slot has a batch for in any lane of its period, and each group's next ordinal in this one.

    A backfill under way counts in whatever slot it was planned; a batch that was superseded took nobody's turn.
    """
    planned = Q(slot_at=slot.at)
    if slot.lane == Lane.BACKFILL:
        planned |= Q(lane=slot.lane, next_at__isnull=False)
    taken: set[int] = set()
    ordinals: dict[Group, int] = defaultdict(int)
    for batch in PollBatch.objects.filter(planned, period=slot.period).exclude(lane=Lane.HISTORY):
        if batch.state != FetchState.SUPERSEDED:
            taken.update(batch.series_ids)
        if (batch.lane, batch.slot_at) == (slot.lane, slot.at):
            group = Group(batch.account_id, batch.region)
            ordinals[group] = max(ordinals[group], batch.ordinal + 1)
    return taken, ordinals


def _supersede_older(slot: Slot, group: Group, now: datetime) -> None:
    """End batches of earlier slots, unless somebody is at work on them. Backfills have no successor to take over."""
    if slot.lane == Lane.BACKFILL:
        return
    older = PollBatch.objects.filter(
        lane=slot.lane, period=slot.period, slot_at__lt=slot.at, account_id=group.account_id, region=group.region
    )
    older.supersede(now)


def _as_stored(batches: Sequence[PollBatch]) -> list[PollBatch]:
    """The rows that stand, whoever of two planners wrote them."""
    if not batches:
        return []
    keys = {(batch.account_id, batch.region, batch.ordinal) for batch in batches}
    one = batches[0]
    stored = PollBatch.objects.filter(lane=one.lane, period=one.period, slot_at=one.slot_at, next_at__isnull=False)
    return [batch for batch in stored.order_by("pk") if (batch.account_id, batch.region, batch.ordinal) in keys]
