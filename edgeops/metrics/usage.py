"""Whose share of the AWS bill a request was: metrics requested by API and cause, counted at the same door as the whole.

A query that several series share is billed once, and counted for the first of them. The low bound counts up to five
statistics of one metric as one, for the API and cause of the first of them. So the shares add up to the account's bill.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import NamedTuple

from django.db import connection, transaction

from edgeops.aws.clients import Meter
from edgeops.aws.cloudwatch import STATISTICS_IN_ONE
from edgeops.estate import prices
from edgeops.estate.models import AwsUsage
from edgeops.metrics import moments
from edgeops.metrics.models import Cause, Lane, PollBatch

CAUSE_OF = {
    Lane.WATCHED: Cause.PAGE,
    Lane.SLOW: Cause.IDLE,
    Lane.BACKFILL: Cause.HISTORY,
    Lane.HISTORY: Cause.HISTORY,
    Lane.LONG: Cause.LONG,
}
# An API that was deleted meanwhile has no share any more. A slot is one poll, however many requests it took.
ADD = """
INSERT INTO metrics_apiusage (api_id, hour, cause, metrics, metrics_at_least, polls, last_slot)
SELECT id, %s, %s, %s, %s, 1, %s FROM estate_edgeapi WHERE id = %s
ON CONFLICT (api_id, hour, cause) DO UPDATE SET
    metrics = metrics_apiusage.metrics + excluded.metrics,
    metrics_at_least = metrics_apiusage.metrics_at_least + excluded.metrics_at_least,
    polls = metrics_apiusage.polls + CASE WHEN excluded.last_slot > metrics_apiusage.last_slot THEN 1 ELSE 0 END,
    last_slot = CASE WHEN excluded.last_slot > metrics_apiusage.last_slot
                THEN excluded.last_slot ELSE metrics_apiusage.last_slot END
"""


class Asked(NamedTuple):
    """One billed query: for which API, of which metric it is a statistic, and whether an alarm holds its series."""

    api_id: int
    metric: tuple[str, str, str]
    is_held: bool


type Share = tuple[int, Cause]


def meter(batch: PollBatch, asked: Sequence[Asked], now: datetime) -> Meter:
    """What counts each request of a batch on the account's bill and on that of its APIs, both or neither."""
    metrics, fewest = _shares(batch, asked)
    whole = AwsUsage.meter(batch.account, batch.region, now)

    def count(service: str, operation: str, units: int, at_least: int | None = None) -> None:
        with transaction.atomic():
            whole(service, operation, units, at_least)
            if units:
                _add(batch, metrics, fewest, now)

    return count


def _add(batch: PollBatch, metrics: Mapping[Share, int], at_least: Mapping[Share, int], now: datetime) -> None:
    hour, slot = moments.adapted(prices.hour_of(now)), int(batch.slot_at.timestamp())
    with connection.cursor() as cursor:
        cursor.executemany(
            ADD,
            [
                (hour, cause, metrics[api_id, cause], at_least[api_id, cause], slot, api_id)
                for api_id, cause in sorted(metrics)
            ],
        )


def _shares(batch: PollBatch, asked: Iterable[Asked]) -> tuple[Mapping[Share, int], Mapping[Share, int]]:
    cause = CAUSE_OF[Lane(batch.lane)]
    # Read each minute, whether a page is open or not.
    cause_if_held = Cause.ALARM if cause == Cause.PAGE else cause
    metrics: Counter[Share] = Counter()
    first: dict[tuple[str, str, str], Share] = {}
    statistics: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in asked:
        share = (one.api_id, cause_if_held if one.is_held else cause)
        metrics[share] += 1
        first.setdefault(one.metric, share)
        statistics[one.metric] += 1
    at_least: Counter[Share] = Counter()
    for metric, count in statistics.items():
        at_least[first[metric]] += ceil(count / STATISTICS_IN_ONE)
    return metrics, at_least
