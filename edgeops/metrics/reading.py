"""Reading stored datapoints: lines with their gaps left open, and marks that say how far they can be trusted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.db.models import Max, Min

from edgeops.estate.models import EdgeApi
from edgeops.metrics import catalogue, windows
from edgeops.metrics.catalogue import AbsentMeans
from edgeops.metrics.models import Datapoint, Series


@dataclass(frozen=True, slots=True)
class Line:
    """A value for each bucket of `period` seconds from `start`; None where there is none. The last are the newest."""

    start: datetime
    period: int
    values: list[float | None]
    data_until: datetime | None
    settled_until: datetime | None

    def at(self, index: int) -> datetime:
        """Start of the bucket of `values[index]`."""
        return self.start + timedelta(seconds=self.period * index)

    @property
    def end(self) -> datetime:
        """End of the last bucket."""
        return self.at(len(self.values))

    @property
    def settled_count(self) -> int:
        """How many values from the left no longer change; the rest is the tail to draw dotted."""
        return 0 if self.settled_until is None else self.index(self.settled_until)

    def index(self, moment: datetime) -> int:
        """The bucket `moment` lies in, or begins; clamped to the line."""
        index = int((moment - self.start).total_seconds() // self.period)
        return min(max(index, 0), len(self.values))


def load(series: Iterable[Series], start: datetime, end: datetime, period: int = 60) -> dict[int, Line]:
    """The lines of `series` by their id, over the buckets from the one `start` lies in up to `end`.

    A bucket without a datapoint is None. It is 0 only for a metric whose absence means zero, and only between the
    first datapoint of its resource and the settled mark, which moves over complete answers alone.
    """
    wanted, start = list(series), windows.floor(start, period)
    lines = {one.pk: _empty(one, start, end, period) for one in wanted}
    _fill_zeros(wanted, lines)
    first = int(start.timestamp())
    rows = Datapoint.objects.filter(series_id__in=lines, period=period, at__gte=first, at__lt=int(end.timestamp()))
    for series_id, at, value in rows.values_list("series_id", "at", "value"):
        lines[series_id].values[(at - first) // period] = value
    return lines


def newest_change(api: EdgeApi | None = None) -> datetime | None:
    """When the stored data of an API, or of all, last changed: the cheap half of a page's ETag."""
    series = Series.objects.all() if api is None else Series.objects.filter(hop__api=api)
    newest: datetime | None = series.aggregate(newest=Max("polled_at"))["newest"]
    return newest


def _empty(series: Series, start: datetime, end: datetime, period: int) -> Line:
    buckets = max(0, ceil((end - start).total_seconds() / period))
    return Line(start, period, [None] * buckets, series.data_until, series.settled_until)


def _fill_zeros(wanted: Sequence[Series], lines: dict[int, Line]) -> None:
    """Zeros first, datapoints over them: what is left of the zeros was really absent."""
    sparse = [one for one in wanted if _absence_is_zero(one) and one.settled_until is not None]
    births = _first_datapoints({one.hop_id for one in sparse}) if sparse else {}
    for one in sparse:
        born, line = births.get(one.hop_id), lines[one.pk]
        if born is None:
            continue
        first, last = line.index(born), line.settled_count
        line.values[first:last] = [0.0] * max(0, last - first)


def _absence_is_zero(series: Series) -> bool:
    metric = catalogue.find(series.namespace, series.metric, series.statistic)
    return metric is not None and metric.absent_means == AbsentMeans.ZERO


def _first_datapoints(hop_ids: Iterable[int]) -> dict[int, datetime]:
    """When each resource was first heard of, through whichever of its metrics: an error counter may never report."""
    rows = Series.objects.filter(hop_id__in=hop_ids, first_datapoint_at__isnull=False).values("hop_id")
    return dict(rows.annotate(born=Min("first_datapoint_at")).values_list("hop_id", "born"))
