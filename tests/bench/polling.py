"""A steady minute of 5,000 watched series, against a plain boto3 loop that throws the same data away.

EdgeOps plans, polls, stores, moves its marks and judges 200 alarms. As in the demo, two worker processes take the
batches; Celery's own messages are left out. The processor time of all processes counts, local AWS's does not.

The minutes are of the past, so that many pass in a few seconds: local AWS has them settled. That values converge is
played by changing the newest stored one of each series before each round.
"""

import gc
import math
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import close_old_connections, connection, connections
from django.db.models import Count
from django.utils import timezone

from edgeops.alarms import watch
from edgeops.aws import cloudwatch
from edgeops.estate.fetches import FetchState
from edgeops.metrics import periods, planning, polling
from edgeops.metrics.models import PollBatch, Series
from edgeops.notifications import recording
from tests.bench import many, plain
from tests.fixtures import localaws
from tests.fixtures.localaws import LocalAws

WORKERS = 2
WARM_UP, ROUNDS = 2, 11
AGO = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Effort:
    """Seconds by the clock, and of processors."""

    wall: float
    cpu: float


def measure() -> dict[str, float]:
    """poll_calls with poll_calls_minimum, poll_wall_ratio and poll_cpu_ratio by name."""
    now = periods.floor(timezone.now(), periods.MINUTE) - AGO + timedelta(seconds=5)
    many.build(now)
    many.mark_polled(now)
    with _local_aws() as aws, _workers() as workers:
        loop = plain.Loop(aws.url)
        rounds = [_round(aws, workers, loop, now + number * MINUTE) for number in range(WARM_UP + ROUNDS)]
    ours, theirs, calls = zip(*rounds[WARM_UP:], strict=True)
    for name, efforts in (("EdgeOps", ours), ("plain loop", theirs)):
        wall, cpu = statistics.median(one.wall for one in efforts), statistics.median(one.cpu for one in efforts)
        print(f"  a minute of {many.SERIES} series, {name:10}: {wall:.2f} s, {cpu:.2f} s of processors")
    return {
        "poll_calls": max(calls),
        "poll_calls_minimum": _least_calls(),
        "poll_wall_ratio": statistics.median(mine.wall / other.wall for mine, other in zip(ours, theirs, strict=True)),
        "poll_cpu_ratio": statistics.median(mine.cpu / other.cpu for mine, other in zip(ours, theirs, strict=True)),
    }


def _least_calls() -> int:
    """A request for each 500 series of a region; what they answer fits one page."""
    regions = Series.objects.values("region").annotate(series=Count("pk")).values_list("series", flat=True)
    return sum(math.ceil(series / cloudwatch.MAX_QUERIES) for series in regions)


@contextmanager
def _local_aws() -> Iterator[LocalAws]:
    with (
        tempfile.TemporaryDirectory() as state,
        localaws.running(Path(state) / "localaws.json", "--copies", str(many.COPIES)) as aws,
    ):
        os.environ["AWS_ENDPOINT_URL"] = aws.url
        yield aws


@contextmanager
def _workers() -> Iterator[Executor]:
    connections.close_all()  # a connection must not be taken along into another process
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(WORKERS, mp_context=fork, initializer=gc.freeze) as workers:  # as edgeops.celery does
        yield workers


def _round(aws: LocalAws, workers: Executor, loop: plain.Loop, now: datetime) -> tuple[Effort, Effort, int]:
    """One minute of EdgeOps, then the same of the loop; and how many calls EdgeOps made."""
    _converge()
    before = _calls(aws)
    ours = _effort(lambda: _minute(workers, now))
    calls = _calls(aws) - before
    batches = list(PollBatch.objects.filter(slot_at=periods.floor(now, periods.MINUTE), state=FetchState.DONE))
    if sum(len(batch.series_ids) for batch in batches) != many.SERIES or any(batch.last_error for batch in batches):
        raise RuntimeError("not every series was polled")
    wanted = plain.requests(batches)
    return ours, _effort(lambda: loop.fetch(wanted) and 0.0), calls


def _minute(workers: Executor, now: datetime) -> float:
    """Plan, poll and judge; the seconds of processors the workers took."""
    batches = planning.plan(now)
    took = sum(workers.map(_work, [batch.pk for batch in batches], [now] * len(batches)))
    watch.evaluate_due(lambda decision: recording.record(decision, now=now), now=now)
    return took


def _work(pk: int, now: datetime) -> float:
    began = time.process_time()
    polling.poll(pk, cloudwatch=cloudwatch, now=now)
    close_old_connections()  # as after each task
    return time.process_time() - began


def _effort(act: Callable[[], float]) -> Effort:
    wall, cpu = time.perf_counter(), time.process_time()
    elsewhere = act()
    return Effort(time.perf_counter() - wall, time.process_time() - cpu + elsewhere)


def _calls(aws: LocalAws) -> int:
    return int(aws.control("state")["calls"].get("cloudwatch:GetMetricData", 0))


def _converge() -> None:
    """The newest stored value of each series was not yet the last word."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE metrics_datapoint SET value = value + 1 WHERE period = 60 AND at = "
            "(SELECT MAX(at) FROM metrics_datapoint WHERE period = 60)"
        )
