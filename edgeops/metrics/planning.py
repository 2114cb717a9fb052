"""Which series are due, and in which batches they are asked for.

Three lanes: a series nobody has polled yet goes at once, one that an open page or an alarm wants goes every minute, the
rest every 15 minutes. A batch is unique in its slot, so that two beats, or one tick delivered twice, plan it once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from edgeops.aws.cloudwatch import MAX_DATAPOINTS, MAX_QUERIES
from edgeops.metrics import catalogue, windows
from edgeops.metrics.models import Interest, Lane, Lease, PollBatch, Series

SLOT_SECONDS = {Lane.BACKFILL: 60, Lane.WATCHED: 60, Lane.SLOW: 900}


@dataclass(frozen=True, slots=True)
class Group:
    """What one request can be for."""

    account_id: int
    region: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A series with what planning needs to know of it."""

    series_id: int
    group: Group
    api_id: int
    is_headline: bool
    settled_until: datetime | None
    polled_at: datetime | None


def plan(now: datetime) -> list[PollBatch]:
    """Write a batch for whatever is due in the current slots and not planned yet; return the new batches.

    A batch of an earlier slot that nobody has got to is replaced: the newer one reads the same minutes again.
    """
    lanes: dict[Lane, list[Candidate]] = defaultdict(list)
    watch = _Watch.at(now)
    for candidate in _candidates():
        lanes[watch.lane(candidate)].append(candidate)
    return [batch for lane, candidates in lanes.items() for batch in _plan_lane(lane, candidates, now)]


@dataclass(frozen=True, slots=True)
class _Watch:
    """What open pages and alarms want to see every minute."""

    api_ids: frozenset[int]
    is_overview_open: bool
    series_ids: frozenset[int]

    @classmethod
    def at(cls, now: datetime) -> "_Watch":
        open_pages = Lease.objects.filter(expires_at__gt=now)
        return cls(
            api_ids=frozenset(open_pages.filter(api__isnull=False).values_list("api", flat=True)),
            is_overview_open=open_pages.filter(api__isnull=True).exists(),
            series_ids=frozenset(Interest.objects.values_list("series_id", flat=True)),
        )

    def lane(self, candidate: Candidate) -> Lane:
        if candidate.polled_at is None:
            return Lane.BACKFILL
        is_watched = (
            candidate.series_id in self.series_ids
            or candidate.api_id in self.api_ids
            or (self.is_overview_open and candidate.is_headline)
        )
        return Lane.WATCHED if is_watched else Lane.SLOW


def _candidates() -> Iterator[Candidate]:
    rows = Series.objects.being_read().order_by("pk").values_list(
        "pk", "account_id", "region", "hop__api_id", "hop__kind", "metric", "statistic", "settled_until", "polled_at"
    )
    for pk, account_id, region, api_id, kind, metric, statistic, settled_until, polled_at in rows:
        yield Candidate(
            series_id=pk,
            group=Group(account_id, region),
            api_id=api_id,
            is_headline=catalogue.is_headline(kind, metric, statistic),
            settled_until=settled_until,
            polled_at=polled_at,
        )


def _plan_lane(lane: Lane, candidates: Iterable[Candidate], now: datetime) -> list[PollBatch]:
    slot = windows.floor(now, SLOT_SECONDS[lane])
    taken, ordinals = _already_planned(lane, slot)
    groups: dict[Group, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.series_id not in taken and _is_due(candidate, lane, slot):
            groups[candidate.group].append(candidate)
    batches = [
        PollBatch(
            account_id=group.account_id,
            region=group.region,
            period=windows.PERIOD,
            lane=lane,
            slot_at=slot,
            ordinal=ordinal,
            series_ids=sorted(member.series_id for member in members),
            start=window.start,
            end=window.end,
            next_at=now,
        )
        for group, due in groups.items()
        for ordinal, (members, window) in enumerate(_cut(due, now), start=ordinals[group])
    ]
    PollBatch.objects.bulk_create(batches, ignore_conflicts=True)
    for group in groups:
        _supersede_older(lane, slot, group, now)
    return _as_stored(batches)


def _already_planned(lane: Lane, slot: datetime) -> tuple[set[int], dict[Group, int]]:
    """Series this slot has a batch for in any lane, and each group's next ordinal in this one.

    A backfill under way counts in whatever slot it was planned.
    """
    planned = Q(slot_at=slot)
    if lane == Lane.BACKFILL:
        planned |= Q(lane=lane, next_at__isnull=False)
    taken: set[int] = set()
    ordinals: dict[Group, int] = defaultdict(int)
    for batch in PollBatch.objects.filter(planned):
        taken.update(batch.series_ids)
        if (batch.lane, batch.slot_at) == (lane, slot):
            group = Group(batch.account_id, batch.region)
            ordinals[group] = max(ordinals[group], batch.ordinal + 1)
    return taken, ordinals


def _is_due(candidate: Candidate, lane: Lane, slot: datetime) -> bool:
    """On the slow lane a series that was watched a moment ago has had its turn."""
    return lane != Lane.SLOW or candidate.polled_at is None or candidate.polled_at < slot


def _cut(due: Iterable[Candidate], now: datetime) -> Iterator[tuple[list[Candidate], windows.Window]]:
    """Batches of 500 series at most, and of no more datapoints than one page of the answer holds.

    Those that reach back furthest come together, so that one series left for days does not make all others be read
    for days.
    """
    end = windows.floor(now, windows.PERIOD)
    members: list[Candidate] = []
    start = end
    for reach, candidate in sorted(
        ((windows.poll_window(now, one.settled_until).start, one) for one in due),
        key=lambda pair: (pair[0], pair[1].series_id),
    ):
        if members and not _has_room(len(members) + 1, end - start):
            yield members, windows.Window(start, end)
            members = []
        start = start if members else reach
        members.append(candidate)
    if members:
        yield members, windows.Window(start, end)


def _has_room(count: int, reach: timedelta) -> bool:
    return count <= MAX_QUERIES and count * int(reach.total_seconds()) // windows.PERIOD <= MAX_DATAPOINTS


def _supersede_older(lane: Lane, slot: datetime, group: Group, now: datetime) -> None:
    """End batches of earlier slots, unless somebody is at work on them. Backfills have no successor to take over."""
    if lane == Lane.BACKFILL:
        return
    older = PollBatch.objects.filter(lane=lane, slot_at__lt=slot, account_id=group.account_id, region=group.region)
    older.supersede(now)


def _as_stored(batches: Sequence[PollBatch]) -> list[PollBatch]:
    """The rows that stand, whoever of two planners wrote them."""
    if not batches:
        return []
    keys = {(batch.account_id, batch.region, batch.ordinal) for batch in batches}
    stored = PollBatch.objects.filter(lane=batches[0].lane, slot_at=batches[0].slot_at, next_at__isnull=False)
    return [batch for batch in stored.order_by("pk") if (batch.account_id, batch.region, batch.ordinal) in keys]
