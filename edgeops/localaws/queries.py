"""GetMetricData's request, checked as CloudWatch checks it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from edgeops.localaws import statistics
from edgeops.localaws.metrics import Key
from edgeops.localaws.wire.messages import AwsError, Params

MAX_QUERIES = 500
MAX_DATAPOINTS = 100_800
HIGH_RESOLUTION = (1, 5, 10, 20, 30)
QUERY_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Query:
    """One MetricStat query; `key` names the series it means, `period` is in seconds."""

    id: str
    label: str
    key: Key
    period: int
    statistic: str


@dataclass(frozen=True, slots=True)
class Window:
    """The time asked for, epoch seconds: start inclusive, end exclusive; `age` is the start's, in seconds."""

    start: int
    end: float
    age: float

    @property
    def finest_period(self) -> int:
        """The finest period CloudWatch still keeps for a start so old; anything finer answers empty."""
        if self.age > 63 * DAY:
            return 3600
        return 300 if self.age > 15 * DAY else 60


def window(params: Params, *, now: float) -> Window:
    """Read the time range; the start is rounded down as its age demands."""
    start, end = params.get("StartTime"), params.get("EndTime")
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise _invalid("The parameters StartTime and EndTime are required.")
    if start >= end:
        raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
    age = now - start.timestamp()
    rounding = Window(0, 0, age).finest_period
    return Window(int(start.timestamp() // rounding * rounding), end.timestamp(), age)


def queries(params: Params, *, region: str) -> list[Query]:
    """Read the queries; raises AwsError ValidationError as CloudWatch answers it."""
    asked = params.get("MetricDataQueries") or []
    if not asked:
        raise _invalid("The parameter MetricDataQueries is required and must not be empty.")
    if len(asked) > MAX_QUERIES:
        raise _invalid(f"The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}.")
    ids = [entry.get("Id", "") for entry in asked]
    if len(set(ids)) < len(ids):
        raise _invalid("The values for parameter id in parameter MetricDataQueries are not unique.")
    return [_query(entry, region) for entry in asked if entry.get("ReturnData", True)]


def most_datapoints(params: Params) -> int:
    """How many datapoints one page may hold."""
    asked = int(params.get("MaxDatapoints") or MAX_DATAPOINTS)
    if not 1 <= asked <= MAX_DATAPOINTS:
        raise _invalid(f"The parameter MaxDatapoints must be between 1 and {MAX_DATAPOINTS}.")
    return asked


def is_descending(params: Params) -> bool:
    """Newest first, unless asked otherwise."""
    order = params.get("ScanBy") or "TimestampDescending"
    if order not in ("TimestampDescending", "TimestampAscending"):
        raise _invalid(f"The value {order} for parameter ScanBy is invalid.")
    return bool(order == "TimestampDescending")


def _query(entry: Params, region: str) -> Query:
    query_id = entry.get("Id", "")
    if not QUERY_ID.fullmatch(query_id) or len(query_id) > 255:
        raise _invalid(
            f"The value {query_id!r} for parameter MetricDataQueries.Id is not matching the expected pattern "
            "^[a-z][a-zA-Z0-9_]*$."
        )
    stat = entry.get("MetricStat")
    if (stat is None) == (entry.get("Expression") is None):
        raise _invalid(f"Query {query_id}: exactly one of MetricStat and Expression must be given.")
    if stat is None:
        raise _invalid(f"Query {query_id}: local AWS does not compute metric math; ask for the metrics.")
    metric, statistic = stat.get("Metric") or {}, stat.get("Stat", "")
    if not statistics.is_statistic(statistic):
        raise _invalid(f"The value {statistic!r} for parameter Stat is not supported.")
    return Query(
        id=query_id,
        label=entry.get("Label") or metric.get("MetricName", ""),
        key=(
            region,
            metric.get("Namespace", ""),
            metric.get("MetricName", ""),
            _dimensions(metric.get("Dimensions") or []),
        ),
        period=_period(stat.get("Period") or entry.get("Period") or 0, query_id),
        statistic=statistic,
    )


def _dimensions(asked: Sequence[Params]) -> frozenset[tuple[str, str]]:
    if len(asked) > 30:
        raise _invalid("The collection Dimensions must not have a size greater than 30.")
    return frozenset((entry["Name"], entry["Value"]) for entry in asked)


def _period(period: int, query_id: str) -> int:
    if period in HIGH_RESOLUTION or (period >= 60 and period % 60 == 0):
        return period
    raise _invalid(
        f"The value {period} for parameter Period of query {query_id} is invalid: "
        "it must be 1, 5, 10, 20, 30 or a multiple of 60."
    )


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)
