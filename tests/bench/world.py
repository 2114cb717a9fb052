"""The demo's estate with a day of datapoints for every series."""

import math
from datetime import timedelta

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from edgeops.demo import seed
from edgeops.metrics import partitions, storing, windows
from edgeops.metrics.models import Series

DAY = 24 * 60


def build() -> None:
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    seed.people("correct horse battery")
    seed.estate()
    end = windows.floor(timezone.now(), 60)
    start = end - timedelta(minutes=DAY)
    first = int(start.timestamp())
    partitions.ensure(60, start, end)
    with transaction.atomic():
        day = {first + 60 * minute: 50 + 40 * math.sin(minute / 90) for minute in range(DAY)}
        storing.store(dict.fromkeys(Series.objects.values_list("pk", flat=True), day), period=60)
    Series.objects.update(
        first_datapoint_at=start, data_until=end, settled_until=end - timedelta(minutes=5), polled_at=end
    )
