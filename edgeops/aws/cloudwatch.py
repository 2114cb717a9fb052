"""GetMetricData: queries in, datapoints out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from math import ceil
from typing import Any, NamedTuple

from botocore.config import Config
from botocore.parsers import JSONParser, ResponseParserFactory

from edgeops.aws import clients
from edgeops.aws.clients import ONCE, OWN, Access, Meter
from edgeops.aws.errors import InvalidError, translated

ACTION = "cloudwatch:GetMetricData"
MAX_QUERIES = 500
MAX_DATAPOINTS = 100_800
MAX_PAGES = 200
STATISTICS_IN_ONE = 5


class Status(StrEnum):
    """How the answer to one query ended."""

    COMPLETE = "Complete"
    PARTIAL = "PartialData"
    INTERNAL_ERROR = "InternalError"
    FORBIDDEN = "Forbidden"


FAILURES = {Status.INTERNAL_ERROR, Status.FORBIDDEN}


class Query(NamedTuple):
    """One statistic of one metric; `id` begins with a lower-case letter and is unique in the request."""

    id: str
    namespace: str
    metric: str
    statistic: str
    dimensions: Mapping[str, str]


class Result(NamedTuple):
    """Datapoints of one query as AWS gave them: starts of buckets in epoch seconds beside their values."""

    id: str
    status: Status
    timestamps: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Answer:
    """The results of one request, and how many seconds the clock of AWS was ahead of ours when it answered."""

    results: Sequence[Result]
    clock_ahead_seconds: float | None = None


def get_metric_data(
    region: str,
    queries: Sequence[Query],
    *,
    period: int,
    start: datetime,
    end: datetime,
    meter: Meter,
    access: Access = OWN,
) -> Answer:
    """Read up to 500 queries over [start, end), following every page; a query AWS leaves out has no result.

    Raises AwsError. A single query that fails says so in its status and raises nothing.
    """
    if len(queries) > MAX_QUERIES:
        raise InvalidError(ACTION, "TooManyQueries", f"{len(queries)} queries, where AWS takes {MAX_QUERIES}")
    request = {
        "MetricDataQueries": [_metric_data_query(query, period) for query in queries],
        "StartTime": start,
        "EndTime": end,
        "ScanBy": "TimestampAscending",
        "MaxDatapoints": MAX_DATAPOINTS,
    }
    found: dict[str, _Gathered] = {}
    clock_ahead: float | None = None
    for page in _pages(client(region, access), request, meter=meter, units=len(queries), at_least=at_least(queries)):
        for part in page["MetricDataResults"]:
            found.setdefault(part["Id"], _Gathered()).add(part)
        clock_ahead = _clock_ahead(page)
    return Answer([gathered.result(query_id) for query_id, gathered in found.items()], clock_ahead)


def _metric_data_query(query: Query, period: int) -> dict[str, Any]:
    """Without a Unit: a unit that differs from the published one answers nothing at all."""
    dimensions = [{"Name": name, "Value": value} for name, value in query.dimensions.items()]
    metric = {"Namespace": query.namespace, "MetricName": query.metric, "Dimensions": dimensions}
    return {"Id": query.id, "MetricStat": {"Metric": metric, "Period": period, "Stat": query.statistic}}


def at_least(queries: Sequence[Query]) -> int:
    """Metrics billed if up to five statistics of one metric count as one; AWS does not say so plainly.

    https://aws.amazon.com/cloudwatch/pricing/
    """
    same = Counter((query.namespace, query.metric, frozenset(query.dimensions.items())) for query in queries)
    return sum(ceil(statistics / STATISTICS_IN_ONE) for statistics in same.values())


def _pages(boto: Any, request: dict[str, Any], *, meter: Meter, units: int, at_least: int) -> Iterator[dict[str, Any]]:
    """Every page of one request. Each call is metered; one that fails is counted with nothing billed."""
    token: str | None = None
    for _ in range(MAX_PAGES):
        is_billed = False
        try:
            with translated(ACTION):
                page = boto.get_metric_data(**request, **({"NextToken": token} if token else {}))
            is_billed = True
        finally:
            meter("cloudwatch", "GetMetricData", units * is_billed, at_least * is_billed)
        yield page
        token = page.get("NextToken")
        if not token:
            return
    raise InvalidError(ACTION, "EndlessPages", f"The answer did not end within {MAX_PAGES} pages")


def _clock_ahead(page: dict[str, Any]) -> float | None:
    """From the Date header: with a clock that is wrong, the newest minutes are asked for too early or too late."""
    date = page.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return None if date is None else (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()


@dataclass(slots=True)
class _Gathered:
    """The parts of one query's answer, over all pages."""

    status: Status = Status.COMPLETE
    timestamps: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, part: dict[str, Any]) -> None:
        """Take a page's share. PartialData is overtaken by the page that completes it, a failure by nothing."""
        if self.status not in FAILURES:
            self.status = Status(part["StatusCode"])
        self.timestamps += part["Timestamps"]
        self.values += part["Values"]

    def result(self, query_id: str) -> Result:
        """The whole answer."""
        return Result(query_id, self.status, self.timestamps, self.values)


class _Parser(JSONParser):  # type: ignore[misc]  # botocore has no types
    """Leaves lists of numbers as JSON has them, timestamps as epoch seconds.

    botocore otherwise builds a local-time datetime for each datapoint, which costs more than all the rest.
    """

    def _handle_list(self, shape: Any, node: Any) -> Any:
        return node if shape.member.type_name in {"double", "timestamp"} else super()._handle_list(shape, node)


class _Parsers(ResponseParserFactory):  # type: ignore[misc]
    """Other protocols, such as the one STS gives its credentials in, are read as botocore does."""

    def create_parser(self, protocol_name: str) -> Any:
        return _Parser() if protocol_name == "json" else super().create_parser(protocol_name)


# 500 queries take a while to be checked against AWS's model, which the tests do with what is built here, and to be
# compressed, for which 90 kB are too little.
_CONFIG = ONCE.merge(Config(parameter_validation=False, disable_request_compression=True))


def client(region: str, access: Access = OWN) -> Any:
    """A client whose datapoints stay numbers."""
    return clients.client("cloudwatch", region, access, _CONFIG, parsers=_Parsers)
