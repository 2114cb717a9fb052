"""The demo's estate with a day of datapoints for every series."""

import math
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from edgeops.demo import seed
from edgeops.metrics import windows
from edgeops.metrics.models import Datapoint, Series

DAY = 24 * 60


def build() -> None:
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    seed.people("correct horse battery")
    seed.estate()
    end = windows.floor(timezone.now(), 60)
    start = end - timedelta(minutes=DAY)
    for series in Series.objects.all():
        Datapoint.objects.bulk_create(
            (
                Datapoint(
                    series=series,
                    period=60,
                    at=start + timedelta(minutes=minute),
                    value=50 + 40 * math.sin(minute / 90),
                )
                for minute in range(DAY)
            ),
            batch_size=2000,
        )
    Series.objects.update(
        first_datapoint_at=start, data_until=end, settled_until=end - timedelta(minutes=5), polled_at=end
    )
