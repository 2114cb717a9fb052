"""Forgetting what is too old to keep: by dropping partitions on PostgreSQL, in small slices of series on SQLite."""

from datetime import datetime, timedelta
from itertools import batched

from django.db import connection

from edgeops import retention
from edgeops.metrics import delays, partitions, periods
from edgeops.metrics.models import ApiUsage, Gap, Lease, PollBatch, Series

SLICE = 50  # series in one transaction: an hour of their minutes is 3,000 rows
KEEP_BATCHES = timedelta(days=2)


def tidy(now: datetime) -> None:
    """Forget datapoints and gaps of each period that CloudWatch has forgotten too, old polls and ended leases.

    Of what reading cost, whole months are forgotten.
    """
    retention.delete(ApiUsage.objects.filter(hour__lt=retention.oldest_month(now)))
    retention.delete(PollBatch.objects.finished_before(now - KEEP_BATCHES))
    Lease.objects.filter(expires_at__lte=now - timedelta(minutes=10)).delete()
    delays.tidy(now)
    # What is forgotten must not come back as zero: the mark goes first.
    oldest = periods.oldest(periods.HOUR, now)
    Series.objects.filter(first_datapoint_at__lt=oldest).update(first_datapoint_at=oldest)
    for period in periods.KEPT:
        cutoff = periods.oldest(period, now)
        Gap.objects.filter(period=period, end__lte=cutoff).delete()
        if connection.vendor == "postgresql":
            partitions.drop(period, cutoff)
        else:
            _delete(period, cutoff)


def _delete(period: int, cutoff: datetime) -> None:
    """Series by series, as the rows lie: their key finds what is old, and no index on the time is written for it."""
    for ids in batched(Series.objects.order_by("pk").values_list("pk", flat=True), SLICE):
        marks = ", ".join(["%s"] * len(ids))
        sql = f"DELETE FROM metrics_datapoint WHERE series_id IN ({marks}) AND period = %s AND at < %s"  # noqa: S608 (placeholders only)
        with connection.cursor() as cursor:
            cursor.execute(sql, [*ids, period, int(cutoff.timestamp())])
