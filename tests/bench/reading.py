"""Reading stored series to arrays, against the bare query that returns the same rows, and as the store grows."""

import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from edgeops.metrics import partitions, periods, reading, storing
from edgeops.metrics.models import Datapoint, Series

ROUNDS = 15
SERIES = 35
STORES = (1_000, 5_000, 10_000, 50_000)
FILLER = "EdgeOps/Filler"
FILLER_POINTS = 10


def measure() -> dict[str, float]:
    """read_24h_ratio, read_30d_ratio and read_growth by name; the curve of the last is printed."""
    end = periods.floor(timezone.now(), periods.HOUR)
    series = list(Series.objects.exclude(namespace=FILLER).order_by("pk")[:SERIES])
    days = end - timedelta(days=30)
    _store_hours(series, days, end)
    day = end - timedelta(days=1)
    return {
        "read_24h_ratio": _ratio(series, day, end, periods.MINUTE),
        "read_30d_ratio": _ratio(series, days, end, periods.HOUR),
        "read_growth": _growth(series, day, end),
    }


def _ratio(series: list[Series], start: datetime, end: datetime, period: int) -> float:
    """How much longer arrays with their gaps take than the rows they are made of."""
    sql, params = _query(series, start, end, period)
    if not (rows := _bare(sql, params)):
        raise RuntimeError("there is nothing to read")
    lines = reading.load(series, start, end, now=end)
    if sum(value is not None for line in lines.values() for value in line.values) < len(rows):
        raise RuntimeError("the arrays do not hold what the query returns")
    whole, bare = _side_by_side(lambda: reading.load(series, start, end, now=end), lambda: _bare(sql, params))
    return whole / bare


def _query(series: list[Series], start: datetime, end: datetime, period: int) -> tuple[str, list[object]]:
    marks = ", ".join(["%s"] * len(series))
    sql = f"""
        SELECT series_id, at, value FROM metrics_datapoint
        WHERE series_id IN ({marks}) AND period = %s AND at >= %s AND at < %s
    """
    return sql, [*(one.pk for one in series), period, int(start.timestamp()), int(end.timestamp())]


def _bare(sql: str, params: list[object]) -> list[tuple[int, int, float]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _growth(series: list[Series], start: datetime, end: datetime) -> float:
    """The same read in the largest store against the smallest."""
    seconds = []
    try:
        for size in STORES:
            _grow(size, series[0], end)
            seconds.append(_seconds(lambda: reading.load(series, start, end, now=end)))
            print(f"  24 h of {SERIES} series among {size:6,}: {seconds[-1] * 1000:6.1f} ms")
    finally:
        _forget_filler()
    return seconds[-1] / seconds[0]


def _grow(size: int, like: Series, end: datetime) -> None:
    """Series up to `size`, each new one with a few datapoints at the same times."""
    known = Series.objects.count()
    made = [
        Series(
            account_id=like.account_id,
            hop_id=like.hop_id,
            region=like.region,
            namespace=FILLER,
            metric="Filler",
            statistic="Sum",
            dimensions={},
            dimensions_key=str(number),
        )
        for number in range(known, size)
    ]
    with transaction.atomic():
        Series.objects.bulk_create(made, batch_size=2000)
        first = int(end.timestamp()) - periods.MINUTE * FILLER_POINTS
        ids = [one.pk for one in made]
        for at in range(first, int(end.timestamp()), periods.MINUTE):
            _fill(min(ids), at)


def _fill(first_id: int, at: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO metrics_datapoint (series_id, period, at, value) "
            "SELECT id, %s, %s, 1.0 FROM metrics_series WHERE id >= %s AND namespace = %s",
            [periods.MINUTE, at, first_id, FILLER],
        )


def _forget_filler() -> None:
    filler = Series.objects.filter(namespace=FILLER)
    with transaction.atomic():
        Datapoint.objects.filter(series__in=filler).delete()
        filler._raw_delete(filler.db)  # nothing else refers to them; the collector would look for each


def _store_hours(series: list[Series], start: datetime, end: datetime) -> None:
    partitions.ensure(periods.HOUR, start, end)
    hours = range(int(start.timestamp()), int(end.timestamp()), periods.HOUR)
    with transaction.atomic():
        storing.store({one.pk: {at: float(at % 97) for at in hours} for one in series}, period=periods.HOUR)
    Series.objects.filter(pk__in=[one.pk for one in series]).update(hours_until=end)


def _side_by_side(act: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of both, taken in turns, so that whatever else the machine does slows both."""
    act()
    other()
    pairs = [(_once(act), _once(other)) for _ in range(ROUNDS)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def _seconds(act: Callable[[], object]) -> float:
    act()
    return statistics.median(_once(act) for _ in range(ROUNDS))


def _once(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
