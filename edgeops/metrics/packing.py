"""Packing series into as few requests as there can be.

A request takes 500 queries, fewer where AWS throttles, and one page of its answer 100,800 datapoints. All statistics of
one metric stay together, because AWS may bill up to five of them as one; series of several APIs that are one metric are
one query. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from edgeops.aws.cloudwatch import MAX_DATAPOINTS, MAX_QUERIES
from edgeops.estate.models import AccountHealth

type MetricKey = tuple[str, str, str]
"""Namespace, name and dimensions."""


class Wanted(NamedTuple):
    """A series and from when it is to be read."""

    series_id: int
    metric: MetricKey
    statistic: str
    start: datetime


@dataclass(slots=True)
class Packed:
    """One request in the making."""

    start: datetime
    series_ids: list[int] = field(default_factory=list)
    queries: int = 0


class _Whole(NamedTuple):
    """One metric with all its wanted statistics."""

    start: datetime
    queries: int
    series_ids: Sequence[int]


def pack(wanted: Iterable[Wanted], *, end: datetime, period: int, limit: int | None = None) -> list[Packed]:
    """Requests over the wanted series, each from its oldest start to `end`.

    Those that reach back furthest come together, so that one series left alone does not make all others be read far
    back. What a full request can hold anyway counts as equally far.
    """
    most = min(limit or MAX_QUERIES, MAX_QUERIES)
    near = end - timedelta(seconds=MAX_DATAPOINTS // most * period)
    far: list[_Whole] = []
    close: list[_Whole] = []
    for whole in _wholes(wanted):
        (close if whole.start >= near else far).append(whole)
    far.sort()
    # The large ones first, so that the small ones fill what they leave: 5,000 queries are 10 requests and not 11.
    close.sort(key=lambda whole: (-whole.queries, whole.start, whole.series_ids))
    return _filled(far, most, end, period) + _filled(close, most, end, period)


def limits() -> dict[tuple[int, str], int]:
    """Accounts and regions that AWS throttles, with the size of their requests."""
    rows = AccountHealth.objects.filter(service="cloudwatch", max_queries__isnull=False)
    return {(account_id, region): most for account_id, region, most in rows.values_list(*_LIMIT)}


_LIMIT = ("account_id", "region", "max_queries")


def _wholes(wanted: Iterable[Wanted]) -> list[_Whole]:
    metrics: dict[MetricKey, list[Wanted]] = defaultdict(list)
    for one in wanted:
        metrics[one.metric].append(one)
    return [
        _Whole(
            start=min(one.start for one in alike),
            queries=len({one.statistic for one in alike}),
            series_ids=[one.series_id for one in alike],
        )
        for alike in metrics.values()
    ]


def _filled(wholes: Iterable[_Whole], most: int, end: datetime, period: int) -> list[Packed]:
    packed: list[Packed] = []
    roomy: list[Packed] = []
    for whole in wholes:
        into = next((one for one in roomy if _fits(one, whole, most, end, period)), None)
        if into is None:
            into = Packed(whole.start)
            packed.append(into)
            roomy.append(into)
        into.start = min(into.start, whole.start)
        into.series_ids.extend(whole.series_ids)
        into.queries += whole.queries
        if into.queries >= most:
            roomy.remove(into)
    return packed


def _fits(packed: Packed, whole: _Whole, most: int, end: datetime, period: int) -> bool:
    queries = packed.queries + whole.queries
    reach = end - min(packed.start, whole.start)
    return queries <= most and queries * int(reach.total_seconds()) // period <= MAX_DATAPOINTS
