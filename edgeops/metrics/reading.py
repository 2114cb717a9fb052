"""Reading stored datapoints: lines with their gaps left open, and marks that say how far they can be trusted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max, Min
from django.utils import timezone

from edgeops.estate.models import EdgeApi
from edgeops.metrics import catalogue, periods
from edgeops.metrics.catalogue import AbsentMeans
from edgeops.metrics.models import Gap, Series
from edgeops.metrics.periods import Resolution

type Values = list[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """A value for every `period` seconds from `start`; None where there is none. The last are the newest.

    With `joined` more than 1 a value is the peak of so many neighbouring datapoints.
    """

    start: datetime
    period: int
    values: Values
    data_until: datetime | None
    settled_until: datetime | None
    joined: int = 1

    def at(self, index: int) -> datetime:
        """Start of the bucket of `values[index]`."""
        return self.start + timedelta(seconds=self.period * index)

    @property
    def end(self) -> datetime:
        """End of the last bucket."""
        return self.at(len(self.values))

    @property
    def datapoint_minutes(self) -> float:
        """How many minutes one datapoint tells of: what a count is divided by to be a count per minute."""
        return self.period / self.joined / periods.MINUTE

    @property
    def settled_count(self) -> int:
        """How many values from the left no longer change; the rest is the tail to draw dotted."""
        return 0 if self.settled_until is None else self.index(self.settled_until)

    def index(self, moment: datetime) -> int:
        """The bucket `moment` lies in, or begins; clamped to the line."""
        index = int((moment - self.start).total_seconds() // self.period)
        return min(max(index, 0), len(self.values))


def load(
    series: Iterable[Series], start: datetime, end: datetime, period: int | None = None, *, now: datetime | None = None
) -> dict[int, Line]:
    """The lines of `series` by their id, over the buckets from the one `start` lies in up to `end`.

    Without a period, the finest that is kept for `start` and needs at most 1,500 points; where even hours are more,
    neighbours are joined and the peak of each stays. With one, every bucket of it, as an alarm needs them.

    A bucket without a datapoint is None. It is 0 only for a metric whose absence means zero, and only between the
    first datapoint of its resource and the period's settled mark, which moves over complete answers alone, and never
    in a gap that is still to be read from CloudWatch.
    """
    now = now or timezone.now()
    resolution = Resolution(period) if period is not None else periods.choose(start, end, now)
    wanted, start = list(series), periods.floor(start, resolution.step)
    lines = {one.pk: _empty(one, start, end, resolution.period) for one in wanted}
    oldest = periods.oldest(resolution.period, now)
    _fill_zeros(wanted, lines, end, oldest=oldest)
    _fill_datapoints(lines, start, end, resolution.period, oldest=oldest)
    if resolution.joined == 1:
        return lines
    return {
        one.pk: join(lines[one.pk], resolution.joined, keep_lowest=is_worse_when_low(one.metric, one.statistic))
        for one in wanted
    }


def join(line: Line, count: int, *, keep_lowest: bool) -> Line:
    """The line with each `count` neighbours as one: the highest of them, or the lowest.

    The new buckets are aligned to UTC like all others, so that a line that moves on keeps its shape.
    """
    pick = min if keep_lowest else max
    start = periods.floor(line.start, line.period * count)
    before: Values = [None] * int((line.start - start).total_seconds() // line.period)
    values = [*before, *line.values]
    joined = [
        pick((value for value in values[first : first + count] if value is not None), default=None)
        for first in range(0, len(values), count)
    ]
    return Line(start, line.period * count, joined, line.data_until, line.settled_until, line.joined * count)


def is_worse_when_low(metric: str, statistic: str) -> bool:
    """Of healthy hosts the trouble is the fewest; of unhealthy ones, though also read as a minimum, the most."""
    return statistic == "Minimum" and metric != "UnHealthyHostCount"


@dataclass(frozen=True, slots=True)
class Unread:
    """So many series are still to be read from CloudWatch's history, within [start, end)."""

    series: int
    start: datetime
    end: datetime


def unread(api: EdgeApi, start: datetime, end: datetime, period: int) -> Unread | None:
    """What of a range is noted as a gap at this period; None when everything was read."""
    gaps = Gap.objects.filter(
        series__hop__api=api, series__stopped_at=None, period=period, start__lt=end, end__gt=start
    )
    found = gaps.aggregate(series=Count("series", distinct=True), first=Min("start"), last=Max("end"))
    if not found["series"]:
        return None
    return Unread(found["series"], max(start, found["first"]), min(end, found["last"]))


def newest_change(api: EdgeApi | None = None) -> datetime | None:
    """When the stored data of an API, or of all, last changed: the cheap half of a page's ETag."""
    series = Series.objects.all() if api is None else Series.objects.filter(hop__api=api)
    newest: datetime | None = series.aggregate(newest=Max("polled_at"))["newest"]
    return newest


def _empty(series: Series, start: datetime, end: datetime, period: int) -> Line:
    buckets = max(0, -(-int((end - start).total_seconds()) // period))
    settled_until: datetime | None = getattr(series, periods.MARK[period])
    data_until = series.data_until if period == periods.MINUTE else settled_until
    return Line(start, period, [None] * buckets, data_until, settled_until)


def _fill_datapoints(lines: dict[int, Line], start: datetime, end: datetime, period: int, *, oldest: datetime) -> None:
    """Plain rows into arrays: a page of 24 hours is 50,000 of them, and objects would cost more than the query.

    What is too old to be kept is left out even where it is still there: a partition goes as a whole.
    """
    if not lines:
        return
    first, arrays = int(start.timestamp()), {pk: line.values for pk, line in lines.items()}
    marks = ", ".join(["%s"] * len(lines))
    sql = f"""
        SELECT series_id, at, value FROM metrics_datapoint
        WHERE series_id IN ({marks}) AND period = %s AND at >= %s AND at < %s
    """  # noqa: S608 (placeholders only)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*lines, period, max(first, int(oldest.timestamp())), end.timestamp()])
        for series_id, at, value in cursor.fetchall():
            arrays[series_id][(at - first) // period] = value


def _fill_zeros(wanted: Sequence[Series], lines: dict[int, Line], end: datetime, *, oldest: datetime) -> None:
    """Zeros first, datapoints over them: what is left of the zeros was really absent."""
    sparse = [one for one in wanted if lines[one.pk].settled_until is not None and _absence_is_zero(one)]
    if not sparse:
        return
    births = _first_datapoints({one.hop_id for one in sparse})
    for one in sparse:
        born, line = births.get(one.hop_id), lines[one.pk]
        if born is not None:
            first, last = line.index(max(born, oldest)), line.settled_count
            line.values[first:last] = [0.0] * max(0, last - first)
    _open_gaps([one.pk for one in sparse], lines, end)


def _open_gaps(ids: Sequence[int], lines: dict[int, Line], end: datetime) -> None:
    """What was never read is not zero. A coarser bucket is unknown, too, where the finer ones it sums up are."""
    any_line = lines[ids[0]]
    gaps = Gap.objects.filter(
        series_id__in=ids, period__lte=any_line.period, start__lt=end, end__gt=any_line.start
    ).values_list("series_id", "start", "end")
    for series_id, gap_start, gap_end in gaps:
        line = lines[series_id]
        first, last = line.index(gap_start), line.index(periods.ceiling(gap_end, line.period))
        line.values[first:last] = [None] * (last - first)


def _absence_is_zero(series: Series) -> bool:
    metric = catalogue.find(series.namespace, series.metric, series.statistic)
    return metric is not None and metric.absent_means == AbsentMeans.ZERO


def _first_datapoints(hop_ids: Iterable[int]) -> dict[int, datetime]:
    """When each resource was first heard of, through whichever of its metrics: an error counter may never report."""
    rows = Series.objects.filter(hop_id__in=hop_ids, first_datapoint_at__isnull=False).values("hop_id")
    return dict(rows.annotate(born=Min("first_datapoint_at")).values_list("hop_id", "born"))
