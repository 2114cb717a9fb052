"""Longer periods computed from shorter ones, where that is exact: sums, counts, lowest and highest values.

Averages and percentiles never are: they come from CloudWatch at their own period. A bucket is computed once all of it
has settled and was read, and again while it is near its series' mark, for values may still be revised. Whoever computes
it, and however often, finds the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import batched

from django.db import connection, transaction
from django.db.models import Q

from edgeops.metrics import partitions, periods
from edgeops.metrics.models import Gap, Series

COMPUTED = {"Sum": "SUM", "SampleCount": "SUM", "Minimum": "MIN", "Maximum": "MAX"}
"""Statistics a longer period is computed of, each by which function of SQL."""
SOURCES = {periods.FIVE_MINUTES: periods.MINUTE, periods.HOUR: periods.FIVE_MINUTES}
TAILS = {periods.FIVE_MINUTES: timedelta(hours=1), periods.HOUR: timedelta(hours=3)}
"""How far behind the mark buckets are computed again."""
SLICE = 200  # series in one transaction, and a day of each: nobody waits long for the database
DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Span:
    """Whole buckets [start, end) of one series in epoch seconds, to be computed by one function of SQL."""

    series_id: int
    function: str
    start: int
    end: int


def roll(now: datetime) -> int:
    """Compute whatever has settled since the last time, and move the marks; how many datapoints are new or changed."""
    return sum(_roll_due(target, now) for target in SOURCES)


def _roll_due(target: int, now: datetime) -> int:
    return sum(_work(target, batch) for batch in _batches(_due(target, now)))


def _due(target: int, now: datetime) -> Iterator[_Span]:
    """What each series lacks, from a tail before its mark; at first from the oldest bucket that is there as a whole."""
    rows = (
        Series.objects.filter(statistic__in=COMPUTED)
        .order_by("pk")
        .values_list("pk", "statistic", "first_datapoint_at", periods.MARK[SOURCES[target]], _mark(target))
    )
    oldest, tail = _oldest(target, now), int(TAILS[target].total_seconds())
    for pk, statistic, first_at, source_mark, mark in rows:
        if source_mark is None:
            continue
        end = _epoch(periods.floor(source_mark, target))
        if mark is not None and end <= _epoch(mark):
            continue
        born = end if first_at is None else _epoch(periods.ceiling(first_at, target))
        start = born if mark is None else max(born, _epoch(mark) - tail)
        yield _Span(pk, COMPUTED[statistic], min(max(start, oldest), end), end)


def _batches(spans: Iterable[_Span]) -> Iterator[list[_Span]]:
    """Spans to compute in one transaction: of few series, and of a day at most, the oldest day first."""
    for some in batched(spans, SLICE):
        first, last = min(one.start for one in some), max(one.end for one in some)
        for day in range(first, max(last, first + 1), DAY):
            cut = [replace(one, start=max(one.start, day), end=min(one.end, day + DAY)) for one in some]
            yield [one for one in cut if one.start <= one.end]


def _work(target: int, spans: Sequence[_Span]) -> int:
    """Compute one batch and move its marks, together or not at all."""
    pieces = _without_gaps(target, spans)
    if pieces:
        first, last = min(start for _, start, _ in pieces), max(end for _, _, end in pieces)
        partitions.ensure(target, _moment(first), _moment(last))
    with transaction.atomic():
        changed = sum(_compute(target, ids, *piece) for piece, ids in pieces.items())
        _move_marks(target, spans)
    return changed


def _without_gaps(target: int, spans: Sequence[_Span]) -> dict[tuple[str, int, int], list[int]]:
    """Series by (function, start, end) of what can be computed: where something was never read, nothing can."""
    gaps: dict[int, list[tuple[int, int]]] = defaultdict(list)
    ids = [one.series_id for one in spans]
    rows = Gap.objects.filter(series_id__in=ids, period__lt=target).values_list("series_id", "start", "end")
    for series_id, start, end in rows:
        gaps[series_id].append((_epoch(periods.floor(start, target)), _epoch(periods.ceiling(end, target))))
    pieces: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for one in spans:
        for first, last in _outside(one.start, one.end, sorted(gaps[one.series_id])):
            pieces[one.function, first, last].append(one.series_id)
    return pieces


def _outside(start: int, end: int, gaps: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for gap_start, gap_end in gaps:
        if start < min(gap_start, end):
            yield start, min(gap_start, end)
        start = max(start, gap_end)
    if start < end:
        yield start, end


def _compute(target: int, ids: Sequence[int], function: str, start: int, end: int) -> int:
    marks = ", ".join(["%s"] * len(ids))
    sql = f"""
        INSERT INTO metrics_datapoint (series_id, period, at, value)
        SELECT series_id, {target}, at / {target} * {target} AS bucket, {function}(value) FROM metrics_datapoint
        WHERE series_id IN ({marks}) AND period = %s AND at >= %s AND at < %s
        GROUP BY series_id, bucket ORDER BY series_id, bucket
        ON CONFLICT (series_id, period, at) DO UPDATE SET value = excluded.value
        WHERE metrics_datapoint.value <> excluded.value
    """  # noqa: S608 (placeholders, a number and a word of ours)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*ids, SOURCES[target], start, end])
        return int(cursor.rowcount)


def _move_marks(target: int, spans: Iterable[_Span]) -> None:
    """Never back: another worker may be ahead."""
    field, by_end = _mark(target), defaultdict(list)
    for one in spans:
        by_end[one.end].append(one.series_id)
    for end, ids in by_end.items():
        behind = Q(**{field: None}) | Q(**{f"{field}__lt": _moment(end)})
        Series.objects.filter(behind, pk__in=ids).update(**{field: _moment(end)})


def _mark(target: int) -> str:
    return periods.MARK[target]


def _oldest(target: int, now: datetime) -> int:
    """The first bucket whose shorter ones are all still kept."""
    return _epoch(periods.ceiling(periods.oldest(SOURCES[target], now), target))


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
