"""Hours of polling in seconds: the real planner, polling, meter and database on a clock and a CloudWatch of their own.

The clock ticks once a minute. Beat ticks every ten seconds, but a slot begins with a minute at the earliest, and this
CloudWatch answers at once, so that the other five ticks would find nothing to plan.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from unittest import mock

from django.db.models import Sum

from edgeops.aws import cloudwatch
from edgeops.aws.clients import Access, Meter
from edgeops.aws.cloudwatch import Answer, Query, Result, Status
from edgeops.estate.models import AccountHealth, AwsUsage
from edgeops.metrics import planning, polling
from edgeops.metrics.models import (
    ApiUsage,
    Datapoint,
    Gap,
    Interest,
    Lease,
    PollBatch,
    Series,
    SettlingDelay,
)

MINUTE = timedelta(minutes=1)
PUBLISHED_AFTER = timedelta(minutes=2)
MARKS = ("first_datapoint_at", "data_until", "settled_until", "polled_at", "five_minutes_until", "hours_until")


@dataclass
class CloudWatch:
    """Knows every metric since `born`, two minutes late, and answers at once."""

    born: datetime
    now: datetime
    calls: int = 0

    def get_metric_data(
        self,
        region: str,
        queries: Sequence[Query],
        *,
        period: int,
        start: datetime,
        end: datetime,
        meter: Meter,
        access: Access,
    ) -> Answer:
        """As the door to AWS does it, with the same meter."""
        self.calls += 1
        meter("cloudwatch", "GetMetricData", len(queries), cloudwatch.at_least(queries))
        first = math.ceil(max(start, self.born).timestamp() / period) * period
        last = min(end, self.now - PUBLISHED_AFTER).timestamp() - period
        stamps = list(range(first, int(last) + 1, period))
        values = [50 + 40 * math.sin(stamp / 5400) for stamp in stamps]
        return Answer([Result(query.id, Status.COMPLETE, stamps, values) for query in queries])


def begin(now: datetime) -> CloudWatch:
    """Forget all that was read and counted: the series as if they were added now, of resources a day old."""
    for model in (Datapoint, Gap, PollBatch, SettlingDelay, Interest, Lease, AwsUsage, ApiUsage, AccountHealth):
        model.objects.all().delete()
    Series.objects.update(**dict.fromkeys(MARKS))
    return CloudWatch(born=now - timedelta(days=1), now=now)


def tick(aws: CloudWatch, now: datetime) -> None:
    """What beat and the workers do in a minute."""
    aws.now = now
    for batch in planning.plan(now):
        polling.poll(batch.pk, cloudwatch=aws, now=now)


def settle_in(aws: CloudWatch, now: datetime) -> datetime:
    """Read all history, which is counted apart; the next full hour after it."""
    while Series.objects.filter(polled_at=None).exists() or Gap.objects.exists():
        tick(aws, now)
        now += MINUTE
    while now.minute:
        tick(aws, now)
        now += MINUTE
    return now


def minutes(start: datetime, length: timedelta) -> Iterator[datetime]:
    """Every minute of a span."""
    return (start + MINUTE * number for number in range(length // MINUTE))


def metrics_requested(start: datetime, end: datetime) -> int:
    """What AWS bills of this span, by the meter."""
    return AwsUsage.objects.filter(hour__gte=start, hour__lt=end).aggregate(units=Sum("units", default=0))["units"]


@contextmanager
def clock_at(now: datetime) -> Iterator[None]:
    """Have the pages believe it is `now`."""
    with mock.patch("django.utils.timezone.now", return_value=now):
        yield
