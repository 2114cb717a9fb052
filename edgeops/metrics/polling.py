"""Working one poll batch: ask CloudWatch, store the datapoints, move the marks, say how it went."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Protocol

from django.db import transaction

from edgeops.aws.clients import Access, Meter
from edgeops.aws.cloudwatch import ACTION, Query, Result, Status
from edgeops.aws.errors import AwsError
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccessState, AccountHealth, AwsUsage
from edgeops.metrics import catalogue, partitions, storing, windows
from edgeops.metrics.models import PollBatch, Series

UNKNOWN_DELAY_SECONDS = 300
STORED = {Status.COMPLETE, Status.PARTIAL}
SERVICE = "cloudwatch"


class CloudWatch(Protocol):
    """What polling needs of CloudWatch; `edgeops.aws.cloudwatch` is one."""

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
    ) -> list[Result]:
        """Raises AwsError."""


def poll(pk: int, *, cloudwatch: CloudWatch, now: datetime) -> list[int]:
    """Fetch and store one batch; the ids of the series that answered completely, none when it is not ours to work.

    An AWS error does not leave here: it ends as a later try or a failed row, and as the account's health.
    """
    batch = PollBatch.begin(pk, now=now)
    if batch is None:
        return []
    asked = _Asked(Series.objects.filter(pk__in=batch.series_ids).order_by("pk"))
    try:
        results = asked.read(batch, cloudwatch, AwsUsage.meter(batch.account, batch.region, now))
    except AwsError as error:
        batch.record_failure(error, account=batch.account, region=batch.region, service=SERVICE, now=now)
        return []
    return _record_answer(batch, asked.answers(results), now)


class _Asked:
    """One query for each different metric, though two APIs may each have a series of it: AWS bills by the query."""

    def __init__(self, series: Iterable[Series]) -> None:
        same: dict[tuple[str, str, str, str], list[Series]] = defaultdict(list)
        for one in series:
            same[one.namespace, one.metric, one.statistic, one.dimensions_key].append(one)
        self.by_query = {f"s{alike[0].pk}": alike for alike in same.values()}

    def read(self, batch: PollBatch, cloudwatch: CloudWatch, meter: Meter) -> list[Result]:
        queries = [
            Query(query_id, first.namespace, first.metric, first.statistic, first.dimensions)
            for query_id, (first, *_) in self.by_query.items()
        ]
        if not queries:  # the series were deleted since
            return []
        return cloudwatch.get_metric_data(
            batch.region,
            queries,
            period=batch.period,
            start=batch.start,
            end=batch.end,
            meter=meter,
            access=batch.account.access,
        )

    def answers(self, results: Iterable[Result]) -> list["_Answer"]:
        """Every series with its result; None where AWS said nothing about it."""
        found = {result.id: result for result in results}
        return [(one, found.get(query_id)) for query_id, alike in self.by_query.items() for one in alike]


type _Answer = tuple[Series, Result | None]


def _record_answer(batch: PollBatch, answers: Sequence[_Answer], now: datetime) -> list[int]:
    """Datapoints, marks, the end of the batch and the account's health, together or not at all."""
    found = {one.pk: result for one, result in answers if result is not None and result.status in STORED}
    complete = [pk for pk, result in found.items() if result.status == Status.COMPLETE]
    trouble = _trouble(answers)
    partitions.ensure(batch.period, batch.start, batch.end)
    with transaction.atomic():
        if not batch.finish(next_at=None, state=FetchState.DONE, last_error=trouble):
            return []
        buckets = {pk: _buckets(result, batch) for pk, result in found.items()}
        storing.store(_rows(buckets), period=batch.period)
        _move_marks(complete, buckets, batch, now)
        if answers:
            state = AccessState.PARTIAL if trouble else AccessState.FRESH
            AccountHealth.note(batch.account, batch.region, SERVICE, state, message=trouble, now=now)
    return complete


def _buckets(result: Result, batch: PollBatch) -> dict[int, float]:
    """Values by the epoch second their bucket starts at: one each, finite, inside the window."""
    start, end = batch.start.timestamp(), batch.end.timestamp()
    return {
        int(stamp // batch.period * batch.period): value
        for stamp, value in zip(result.timestamps, result.values, strict=True)
        if isfinite(value) and start <= stamp < end
    }


def _rows(buckets: Mapping[int, Mapping[int, float]]) -> Iterator[tuple[int, int, float]]:
    for series_id, values in buckets.items():
        for epoch, value in values.items():
            yield series_id, epoch, value


def _move_marks(
    complete: Iterable[int], buckets: Mapping[int, Mapping[int, float]], batch: PollBatch, now: datetime
) -> None:
    """Marks move over complete answers alone and never back; read again here, for another poll may have moved them."""
    moved = list(Series.objects.select_for_update().filter(pk__in=complete).order_by("pk"))
    for one in moved:
        one.polled_at = _later(one.polled_at, now)
        one.settled_until = _later(one.settled_until, min(batch.end, windows.settled_boundary(now, _delay(one))))
        if seen := buckets[one.pk]:
            first, last = (datetime.fromtimestamp(epoch, UTC) for epoch in (min(seen), max(seen)))
            one.first_datapoint_at = min(one.first_datapoint_at or first, first)
            one.data_until = _later(one.data_until, last + timedelta(seconds=batch.period))
    Series.objects.bulk_update(
        moved, ["polled_at", "settled_until", "first_datapoint_at", "data_until"], batch_size=100
    )


def _later(known: datetime | None, found: datetime) -> datetime:
    return found if known is None else max(known, found)


def _delay(series: Series) -> int:
    metric = catalogue.find(series.namespace, series.metric, series.statistic)
    return UNKNOWN_DELAY_SECONDS if metric is None else metric.delay_seconds


def _trouble(answers: Sequence[_Answer]) -> str:
    """What a person should know of the queries that did not answer completely; empty when all did."""
    failed: dict[str, list[str]] = defaultdict(list)
    for one, result in answers:
        if result is None or result.status != Status.COMPLETE:
            failed["no answer" if result is None else result.status].append(f"{one.metric} of {one.dimensions_key}")
    return " ".join(
        f"{len(names)} of {len(answers)} metrics could not be read in full ({status}), as {names[0]}: their newest "
        f"minutes are missing here. {_advice(status)}"
        for status, names in failed.items()
    )


def _advice(status: str) -> str:
    if status == Status.FORBIDDEN:
        return f"Allow the IAM action {ACTION} for them to the role EdgeOps uses."
    return "EdgeOps asks again with the next poll."
