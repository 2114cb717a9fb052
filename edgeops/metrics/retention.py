"""Forgetting what is too old to keep: by dropping partitions on PostgreSQL, in small slices of series on SQLite."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import batched

from django.db import connection, transaction

from edgeops.metrics import partitions, periods
from edgeops.metrics.models import Gap, Lease, PollBatch, Series

SLICE = 50  # series in one transaction: an hour of their minutes is 3,000 rows
KEEP_BATCHES = timedelta(days=2)
COARSER = {periods.MINUTE: periods.FIVE_MINUTES, periods.FIVE_MINUTES: periods.HOUR}


def tidy(now: datetime) -> None:
    """Forget datapoints and gaps of each period that CloudWatch has forgotten too, old polls and ended leases."""
    PollBatch.objects.finished_before(now - KEEP_BATCHES).delete()
    Lease.objects.filter(expires_at__lte=now - timedelta(minutes=10)).delete()
    # What is forgotten must not come back as zero: the mark goes first.
    oldest = periods.oldest(periods.HOUR, now)
    Series.objects.filter(first_datapoint_at__lt=oldest).update(first_datapoint_at=oldest)
    for period in periods.KEPT:
        cutoff = periods.oldest(period, now)
        _age_gaps(period, cutoff)
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


def _age_gaps(period: int, cutoff: datetime) -> None:
    """What CloudWatch no longer has at this period, it still has at the next: a gap lasts until even hours are gone."""
    old = Gap.objects.filter(period=period, end__lte=cutoff)
    coarser = COARSER.get(period)
    with transaction.atomic():
        if coarser is not None:
            _keep_open(coarser, list(old))
        old.delete()


def _keep_open(period: int, gaps: Iterable[Gap]) -> None:
    series_ids = {gap.series_id for gap in gaps}
    ends = {(gap.series_id, gap.start): gap.end for gap in Gap.objects.filter(series_id__in=series_ids, period=period)}
    for gap in gaps:
        key = gap.series_id, periods.floor(gap.start, period)
        end = periods.ceiling(gap.end, period)
        ends[key] = max(end, ends.get(key, end))
    Gap.objects.bulk_create(
        [Gap(series_id=series_id, period=period, start=start, end=end) for (series_id, start), end in ends.items()],
        update_conflicts=True,
        unique_fields=["series", "period", "start"],
        update_fields=["end"],
    )
