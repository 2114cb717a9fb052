"""Datapoints and marks written by hand."""

from datetime import timedelta

from edgeops.metrics.models import Datapoint, Series


def put(series: Series, start, values):
    """Store one value a minute from `start`; None stores nothing."""
    Datapoint.objects.bulk_create(
        Datapoint(series=series, period=60, at=start + timedelta(minutes=index), value=value)
        for index, value in enumerate(values)
        if value is not None
    )


def mark(series: Series, **marks):
    """Set a series' marks, in the database and in hand."""
    Series.objects.filter(pk=series.pk).update(**marks)
    series.refresh_from_db()
