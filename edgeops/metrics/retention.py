"""Forgetting what is too old to keep, in slices small enough not to hold anybody up."""

from datetime import datetime, timedelta

from django.db.models import Min

from edgeops.metrics import windows
from edgeops.metrics.models import Datapoint, Lease, PollBatch, Series

SLICE = timedelta(hours=1)
MAX_SLICES = 400
KEEP_BATCHES = timedelta(days=2)


def tidy(now: datetime) -> int:
    """Delete one-minute datapoints of more than 15 days, old polls and ended leases; the number of datapoints.

    One call works off 400 hours at most; the next goes on.
    """
    PollBatch.objects.finished_before(now - KEEP_BATCHES).delete()
    Lease.objects.filter(expires_at__lte=now - timedelta(minutes=10)).delete()
    return _forget_datapoints(windows.floor(now - windows.KEPT, windows.PERIOD))


def _forget_datapoints(cutoff: datetime) -> int:
    """Oldest first, an hour in each transaction. What is forgotten must not come back as zero: the mark goes first."""
    Series.objects.filter(first_datapoint_at__lt=cutoff).update(first_datapoint_at=cutoff)
    deleted = 0
    for _ in range(MAX_SLICES):
        old = Datapoint.objects.filter(period=windows.PERIOD, at__lt=int(cutoff.timestamp()))
        oldest = old.aggregate(oldest=Min("at"))["oldest"]
        if oldest is None:
            break
        deleted += old.filter(at__lt=oldest + SLICE.total_seconds()).delete()[0]
    return deleted
