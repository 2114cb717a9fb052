"""Datapoints and marks written by hand."""

from datetime import UTC, datetime, timedelta

from edgeops.metrics import partitions, storing
from edgeops.metrics.models import Datapoint, Series


def put(series: Series, start, values, period=60):
    """Store a value for each bucket of `period` seconds from `start`; None stores nothing."""
    end = start + timedelta(seconds=period * len(values))
    partitions.ensure(period, start, end)
    first = int(start.timestamp())
    buckets = {first + period * index: value for index, value in enumerate(values) if value is not None}
    storing.store({series.pk: buckets}, period=period)


def stored(series: Series, period=60):
    """What is stored of a series: moments and values, the oldest first."""
    rows = Datapoint.objects.filter(series=series, period=period).order_by("at").values_list("at", "value")
    return [(datetime.fromtimestamp(at, UTC), value) for at, value in rows]


def mark(series: Series, **marks):
    """Set a series' marks, in the database and in hand."""
    Series.objects.filter(pk=series.pk).update(**marks)
    series.refresh_from_db()
