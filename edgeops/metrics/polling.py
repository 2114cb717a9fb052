"""Working one poll batch: ask CloudWatch, store the datapoints, move the marks, say how it went.

Rows are tuples here, not model instances: 5,000 series are polled each minute, and building objects would cost more
than everything that is done with them.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from math import isfinite
from typing import NamedTuple, Protocol

from django.db import connection, transaction

from edgeops.aws.clients import Access, Meter
from edgeops.aws.cloudwatch import Answer, Query, Result, Status
from edgeops.aws.errors import AwsError
from edgeops.estate import breaker
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccessState, AccountHealth
from edgeops.metrics import clock, marks, partitions, periods, storing, usage
from edgeops.metrics.models import PollBatch

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
    ) -> Answer:
        """Raises AwsError."""


def poll(pk: int, *, cloudwatch: CloudWatch, now: datetime) -> list[int]:
    """Fetch and store one batch; the ids of the series that answered completely, none when it is not ours to work.

    An AWS error does not leave here: it ends as a later try or a failed row, and as the account's health.
    """
    batch = PollBatch.begin(pk, now=now)
    if batch is None or _is_held_back(batch, now):
        return []
    asked = _Asked(_rows(batch.series_ids))
    start = _still_kept(batch, now)
    if not asked.by_query or start >= batch.end:  # the series were deleted since, or the window is too old
        batch.finish(next_at=None, state=FetchState.DONE)
        return []
    try:
        answer = asked.read(batch, start, cloudwatch, usage.meter(batch, asked.billed(), now))
    except AwsError as error:
        batch.record_failure(error, account=batch.account, region=batch.region, service=SERVICE, now=now)
        return []
    return _record_answer(batch, asked.answers(answer.results), answer.clock_ahead_seconds, now)


def _still_kept(batch: PollBatch, now: datetime) -> datetime:
    """From where on to ask: of a request that begins before what is kept at its period CloudWatch answers nothing.

    A batch may have waited since it was planned, and the request is still on its way: two buckets are left out.
    """
    margin = timedelta(seconds=2 * batch.period)
    return max(batch.start, periods.oldest(batch.period, now) + margin)


def _is_held_back(batch: PollBatch, now: datetime) -> bool:
    """Whether the breaker is open: the batch then waits as it is, and says so. Waiting is no attempt."""
    until = AccountHealth.held_until(batch.account_id, batch.region, SERVICE, now)
    if until is None:
        return False
    words = f"Not asked before {until:%H:%M:%S} UTC: CloudWatch failed {breaker.OPENS_AFTER} times in a row."
    batch.finish(next_at=until, attempts=batch.attempts - 1, last_error=words)
    return True


class _Row(NamedTuple):
    pk: int
    api_id: int
    namespace: str
    metric: str
    statistic: str
    dimensions: str
    dimensions_key: str
    is_held: bool


ASKED = """
SELECT series.id, hop.api_id, namespace, metric, statistic, series.dimensions, dimensions_key,
       EXISTS (SELECT 1 FROM metrics_interest WHERE series_id = series.id)
FROM metrics_series AS series JOIN estate_hop AS hop ON hop.id = series.hop_id
WHERE series.id IN ({ids}) ORDER BY series.id
"""


def _rows(series_ids: Sequence[int]) -> list[_Row]:
    ids = ", ".join(["%s"] * len(series_ids))
    with connection.cursor() as cursor:
        cursor.execute(ASKED.format(ids=ids), series_ids)
        return [_Row._make(row) for row in cursor.fetchall()]


class _Asked:
    """One query for each different metric, though two APIs may each have a series of it: AWS bills by the query."""

    def __init__(self, rows: Iterable[_Row]) -> None:
        same: dict[tuple[str, str, str, str], list[_Row]] = defaultdict(list)
        for row in rows:
            same[row.namespace, row.metric, row.dimensions_key, row.statistic].append(row)
        self.by_query = {f"s{alike[0].pk}": alike for alike in same.values()}

    def read(self, batch: PollBatch, start: datetime, cloudwatch: CloudWatch, meter: Meter) -> Answer:
        parsed = cache(json.loads)  # the same of all metrics of a resource
        queries = [
            Query(query_id, first.namespace, first.metric, first.statistic, parsed(first.dimensions))
            for query_id, (first, *_) in self.by_query.items()
        ]
        return cloudwatch.get_metric_data(
            batch.region,
            queries,
            period=batch.period,
            start=start,
            end=batch.end,
            meter=meter,
            access=batch.account.access,
        )

    def billed(self) -> list[usage.Asked]:
        """Every query as it is counted: for the first of its series."""
        return [
            usage.Asked(first.api_id, (first.namespace, first.metric, first.dimensions_key), first.is_held)
            for first, *_ in self.by_query.values()
        ]

    def answers(self, results: Iterable[Result]) -> dict[int, Result | None]:
        """The result of every series; None where AWS said nothing about it."""
        found = {result.id: result for result in results}
        return {one.pk: found.get(query_id) for query_id, alike in self.by_query.items() for one in alike}


def _record_answer(
    batch: PollBatch, answers: Mapping[int, Result | None], clock_ahead: float | None, now: datetime
) -> list[int]:
    """Datapoints, marks, the end of the batch and the account's health, together or not at all."""
    found = _buckets(batch, answers)
    words = {pk: marks.NO_ANSWER if result is None else result.status.value for pk, result in answers.items()}
    complete = {pk: found[pk] for pk, word in words.items() if word == Status.COMPLETE}
    partitions.ensure(batch.period, batch.start, batch.end)
    with transaction.atomic():
        if not batch.finish(next_at=None, state=FetchState.DONE, last_error=_incomplete(words)):
            return []
        known = marks.lock(sorted(answers))
        changed = storing.store({pk: found[pk] for pk in known if pk in found}, period=batch.period)
        marks.move(batch, known, complete, now)
        marks.learn(batch, known, complete, changed, now)
        marks.note_trouble(known, words, now)
        trouble = marks.troubles(batch.account_id, batch.region)
        state = AccessState.PARTIAL if trouble else AccessState.FRESH
        AccountHealth.note(batch.account, batch.region, SERVICE, state, message=trouble, now=now)
        clock.note(batch.account, batch.region, clock_ahead, now)
    return sorted(complete)


def _incomplete(words: Mapping[int, str]) -> str:
    """How many queries of the batch did not answer completely, for its own row."""
    failed = sorted({word for word in words.values() if word != Status.COMPLETE})
    count = sum(word != Status.COMPLETE for word in words.values())
    return f"{count} of {len(words)} series did not answer in full: {', '.join(failed)}." if count else ""


def _buckets(batch: PollBatch, answers: Mapping[int, Result | None]) -> dict[int, dict[int, float]]:
    """Values of each series by the epoch second their bucket starts at: one each, finite, inside the window."""
    start, end = int(batch.start.timestamp()), int(batch.end.timestamp())
    return {
        pk: _inside(result, start, end, batch.period)
        for pk, result in answers.items()
        if result is not None and result.status in STORED
    }


def _inside(result: Result, start: int, end: int, period: int) -> dict[int, float]:
    """What is wrong is looked for in all at once, since hardly ever anything is."""
    pairs: Iterable[tuple[float, float]] = zip(result.timestamps, result.values, strict=True)
    if not all(map(isfinite, result.values)):
        pairs = ((stamp, value) for stamp, value in pairs if isfinite(value))
    buckets = {int(stamp // period * period): value for stamp, value in pairs}
    if buckets and (min(buckets) < start or max(buckets) >= end):
        return {at: value for at, value in buckets.items() if start <= at < end}
    return buckets
