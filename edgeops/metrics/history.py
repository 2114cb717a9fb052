"""Time that live polls do not cover: noted as gaps, read from CloudWatch's history in the background, newest first.

A live poll reads a day at most. What lies before the first one, or behind a longer pause, is a gap at each of the
three periods: at one minute as far back as CloudWatch keeps minutes, at five minutes and an hour as far as it keeps
those, so that nothing has to be computed from minutes that are not there.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q

from edgeops.estate.models import Account
from edgeops.metrics import periods, windows
from edgeops.metrics.models import Gap, Lane, PollBatch

STEP = 4320
"""Datapoints a series is read for at once: three days of minutes. Long steps cost less, short ones show more sooner."""
MAX_POINTS = 4 * STEP
"""Datapoints of a batch: answered and stored in well under a second."""
MAX_WAITING = 6
"""Batches under way at any time, and half of them of one account and region: live polls hardly wait."""
MAX_WAITING_OF_ONE = 3
LOOKED_AT = 2000


class Missing(NamedTuple):
    """What a live poll found uncovered of one series: up to where each period was stored, None where it never was."""

    series_id: int
    minutes_until: datetime | None
    five_minutes_until: datetime | None
    hours_until: datetime | None


def note(missing: Iterable[Missing], *, resumed_at: datetime, settled: datetime, now: datetime) -> None:
    """Write the gaps before a live poll that begins at `resumed_at` and is settled until `settled`."""
    gaps = [gap for one in missing for gap in _gaps(one, resumed_at, settled, now)]
    Gap.objects.bulk_create(gaps, ignore_conflicts=True)


def _gaps(missing: Missing, resumed_at: datetime, settled: datetime, now: datetime) -> Iterator[Gap]:
    ends = {
        periods.MINUTE: (missing.minutes_until, resumed_at),
        periods.FIVE_MINUTES: (missing.five_minutes_until, windows.floor(settled, periods.FIVE_MINUTES)),
        periods.HOUR: (missing.hours_until, windows.floor(settled, periods.HOUR)),
    }
    for period, (start, end) in ends.items():
        oldest = periods.oldest(period, now)
        begin = oldest if start is None else max(start, oldest)
        if begin < end:
            yield Gap(series_id=missing.series_id, period=period, start=begin, end=end)


def close(series_ids: Sequence[int], batch: PollBatch, now: datetime) -> None:
    """The series have been read over the batch's window: take it out of their gaps, and what is kept no longer."""
    gaps = Gap.objects.filter(series_id__in=series_ids, period=batch.period)
    gaps.filter(start__gte=batch.start, end__lte=batch.end).delete()
    gaps.filter(start__lt=batch.start, end__gt=batch.start, end__lte=batch.end).update(end=batch.start)
    gaps.filter(end__lte=periods.oldest(batch.period, now)).delete()


def plan(now: datetime) -> list[PollBatch]:
    """Write batches for the newest gaps while only few are under way; return the new ones."""
    if not Gap.objects.exists():
        return []
    with transaction.atomic():
        # One planner at a time: two that look at the same gaps at once would ask for them twice. SQLite has one anyway.
        list(Account.objects.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        return _plan(now)


def _plan(now: datetime) -> list[PollBatch]:
    waiting = list(PollBatch.objects.filter(lane=Lane.HISTORY, next_at__isnull=False).only("account_id", "region"))
    made: list[PollBatch] = []
    for group, gaps in _by_group(now):
        if len(waiting) + len(made) >= MAX_WAITING:
            break
        busy = sum((one.account_id, one.region) == group[:2] for one in (*waiting, *made))
        if busy < MAX_WAITING_OF_ONE:
            made += _plan_group(group, gaps, now)
    return made


type _Group = tuple[int, str, int]
"""Account, region and period: what one request can be for."""


def _by_group(now: datetime) -> list[tuple[_Group, list[Gap]]]:
    """The newest gaps that may be asked for and are not being read, by what one request can be for."""
    may_be_asked = Q(series__retry_at=None) | Q(series__retry_at__lte=now)
    gaps = Gap.objects.filter(may_be_asked, series__stopped_at=None).order_by("-end", "series_id")
    newest = list(gaps.annotate(account_id=F("series__account_id"), region=F("series__region"))[:LOOKED_AT])
    taken = _taken(now) if newest else set()
    groups: dict[_Group, list[Gap]] = {}
    for gap in newest:
        is_kept = gap.end > periods.oldest(gap.period, now)
        if is_kept and (gap.series_id, gap.period) not in taken:
            groups.setdefault((gap.account_id, gap.region, gap.period), []).append(gap)
    return list(groups.items())


def _taken(now: datetime) -> set[tuple[int, int]]:
    """Series and period of batches of this minute and of those under way: a gap is asked for once a minute at most."""
    slot = windows.floor(now, windows.PERIOD)
    batches = PollBatch.objects.filter(Q(slot_at=slot) | Q(next_at__isnull=False), lane=Lane.HISTORY)
    rows = batches.values_list("period", "series_ids")
    return {(series_id, period) for period, series_ids in rows for series_id in series_ids}


def _plan_group(group: _Group, gaps: Sequence[Gap], now: datetime) -> list[PollBatch]:
    """One batch of gaps that end together, the newest."""
    account_id, region, period = group
    end = gaps[0].end
    members = [gap for gap in gaps if gap.end == end][: MAX_POINTS // STEP]
    furthest = max(end - timedelta(seconds=STEP * period), periods.oldest(period, now))
    start = max(min(gap.start for gap in members), furthest)
    slot = windows.floor(now, windows.PERIOD)
    same = {"account_id": account_id, "region": region, "period": period, "lane": Lane.HISTORY, "slot_at": slot}
    batch = PollBatch(
        **same,
        ordinal=PollBatch.objects.filter(**same).count(),
        series_ids=sorted(gap.series_id for gap in members),
        start=start,
        end=end,
        next_at=now,
    )
    PollBatch.objects.bulk_create([batch], ignore_conflicts=True)
    stored = PollBatch.objects.filter(**same, ordinal=batch.ordinal, next_at__isnull=False)
    return list(stored)
