"""Which metrics exist: namespace, dimensions and name as AWS publishes them, and how each reads a minute's flow."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from edgeops.localaws.flows import Flow, GroupFlow, StageFlow
from edgeops.localaws.spread import Spread
from edgeops.localaws.world import Api, Hop

CLOUDFRONT_REGION = "us-east-1"
LOAD_BALANCER_NODES = 2


type Parts = tuple[tuple[float, Spread], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """What one minute published: a statistic set, and the distributions (requests, spread) behind percentiles.

    Where there are distributions, `low` and `high` are only bounds: the extremes follow from the distributions.
    """

    count: float
    total: float
    low: float
    high: float
    parts: Parts = ()


type Read = Callable[[Flow], Sample | None]
"""Reads one metric off a flow; None where AWS publishes no datapoint."""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one resource; `statistics` names the only kind that is valid, None allows all.

    `is_additional` marks what a distribution publishes only while its monitoring subscription is on. `source` and
    `position` are the same for a series and for that series of a copy: their values are the same.
    """

    api: str
    namespace: str
    name: str
    read: Read
    statistics: str | None = None
    is_additional: bool = False
    source: str = ""
    position: int = 0


type Key = tuple[str, str, str, frozenset[tuple[str, str]]]
"""Region, namespace, metric name, dimensions."""


def catalogue(apis: Iterable[Api]) -> dict[Key, Series]:
    """Every series of one account's APIs. What is not in it answers empty, as in AWS: never an error."""
    found: dict[Key, Series] = {}
    for api in apis:
        for position, (region, dimensions, series) in enumerate(_of_api(api, api.region)):
            key = (region, series.namespace, series.name, frozenset(dimensions.items()))
            found[key] = replace(series, source=api.source, position=position)
    return found


type Entry = tuple[str, dict[str, str], Series]


def _of_api(api: Api, region: str) -> Iterator[Entry]:
    yield from _cloudfront(api)
    for hop in api.hops:
        match hop.kind:
            case "rest_api":
                yield from _rest_api(api, hop, region)
            case "http_api":
                yield from _http_api(api, hop, region)
            case "lambda":
                yield from _function(api, hop, region)
            case "alb":
                yield from _load_balancer(api, hop, region)


def _cloudfront(api: Api) -> Iterator[Entry]:
    """The global metrics of a distribution; each has exactly one valid statistic."""
    reads: dict[str, tuple[str, Read]] = {
        "Requests": ("Sum", lambda flow: counter(flow.requests)),
        "BytesDownloaded": ("Sum", lambda flow: Sample(flow.requests, flow.bytes_downloaded, 0, flow.bytes_downloaded)),
        "TotalErrorRate": ("Average", lambda flow: percent(flow.errors_4xx + flow.errors_5xx, flow.requests)),
        "4xxErrorRate": ("Average", lambda flow: percent(flow.errors_4xx, flow.requests)),
        "5xxErrorRate": ("Average", lambda flow: percent(flow.errors_5xx, flow.requests)),
    }
    additional: dict[str, tuple[str, Read]] = {
        "CacheHitRate": ("Average", lambda flow: percent(flow.requests - flow.origin_requests, flow.requests)),
        "OriginLatency": ("percentile", lambda flow: latency(*flow.origin_latency)),
    }
    dimensions = {"DistributionId": api.distribution.id, "Region": "Global"}
    for name, (statistics, read) in (reads | additional).items():
        series = Series(api.slug, "AWS/CloudFront", name, read, statistics, is_additional=name in additional)
        yield CLOUDFRONT_REGION, dimensions, series


def _rest_api(api: Api, hop: Hop, region: str) -> Iterator[Entry]:
    reads: dict[str, Read] = {
        **_stage_reads(),
        "4XXError": _of_stage(lambda stage: indicator(stage.errors_4xx, stage.count)),
        "5XXError": _of_stage(lambda stage: indicator(stage.errors_5xx, stage.count)),
    }
    if hop.cache:
        reads["CacheHitCount"] = _of_stage(lambda stage: indicator(stage.cache_hits, stage.count))
        reads["CacheMissCount"] = _of_stage(lambda stage: indicator(stage.cache_misses, stage.count))
    for dimensions in ({"ApiName": hop.name, "Stage": hop.stage}, {"ApiName": hop.name}):
        for name, read in reads.items():
            yield region, dimensions, Series(api.slug, "AWS/ApiGateway", name, read)


def _http_api(api: Api, hop: Hop, region: str) -> Iterator[Entry]:
    reads: dict[str, Read] = {
        **_stage_reads(),
        "4xx": _of_stage(lambda stage: indicator(stage.errors_4xx, stage.count)),
        "5xx": _of_stage(lambda stage: indicator(stage.errors_5xx, stage.count)),
    }
    for dimensions in ({"ApiId": hop.id, "Stage": hop.stage}, {"ApiId": hop.id}):
        for name, read in reads.items():
            yield region, dimensions, Series(api.slug, "AWS/ApiGateway", name, read)


def _stage_reads() -> dict[str, Read]:
    """What REST and HTTP stages publish under the same names; a cached answer has no integration."""
    return {
        "Count": _of_stage(lambda stage: counter(stage.count)),
        "Latency": _of_stage(lambda stage: latency((stage.count, stage.latency))),
        "IntegrationLatency": _of_stage(lambda stage: latency((stage.cache_misses, stage.integration_latency))),
    }


def _of_stage(read: Callable[[StageFlow], Sample | None]) -> Read:
    return lambda flow: None if flow.stage is None else read(flow.stage)


def _function(api: Api, hop: Hop, region: str) -> Iterator[Entry]:
    def read(flow: Flow, name: str) -> Sample | None:
        function = flow.function
        if function is None or function.invocations == 0:
            return None
        match name:
            case "Invocations":
                return counter(function.invocations)
            case "Errors":
                return indicator(function.errors, function.invocations)
            case "Throttles":
                return indicator(0, function.invocations)
            case _:
                return latency((function.invocations, function.duration))

    for name in ("Invocations", "Errors", "Throttles", "Duration"):
        read_one: Read = lambda flow, name=name: read(flow, name)  # type: ignore[misc]  # noqa: E731 -- binds the name
        yield region, {"FunctionName": hop.name}, Series(api.slug, "AWS/Lambda", name, read_one)


def _load_balancer(api: Api, hop: Hop, region: str) -> Iterator[Entry]:
    """The load balancer's own series, and one set for each of its target groups."""
    load_balancer = f"app/{hop.name}/{hop.id}"
    outer: dict[str, Read] = {
        **_group_reads(lambda flow: flow.groups),
        "HTTPCode_ELB_5XX_Count": lambda flow: sparse(sum(group.elb_5xx for group in flow.groups)),
    }
    for name, read in outer.items():
        yield region, {"LoadBalancer": load_balancer}, Series(api.slug, "AWS/ApplicationELB", name, read)
    for position, group in enumerate(api.target_groups):
        dimensions = {"TargetGroup": f"targetgroup/{group.name}/{group.id}", "LoadBalancer": load_balancer}
        for name, read in _target_group_reads(position).items():
            yield region, dimensions, Series(api.slug, "AWS/ApplicationELB", name, read)


def _target_group_reads(position: int) -> dict[str, Read]:
    return {
        **_group_reads(lambda flow: flow.groups[position : position + 1]),
        "HealthyHostCount": lambda flow: gauge(flow.groups[position].healthy),
        "UnHealthyHostCount": lambda flow: gauge(flow.groups[position].unhealthy),
    }


def _group_reads(groups: Callable[[Flow], tuple[GroupFlow, ...]]) -> dict[str, Read]:
    """What a load balancer and a target group publish alike; the former is the sum of the latter."""

    def response_time(flow: Flow) -> Sample | None:
        return latency(*((group.requests - group.elb_5xx, group.response_time) for group in groups(flow)))

    return {
        "RequestCount": lambda flow: counter(sum(g.requests for g in groups(flow))),
        "HTTPCode_Target_5XX_Count": lambda flow: counter(sum(g.target_5xx for g in groups(flow))),
        "TargetConnectionErrorCount": lambda flow: sparse(sum(g.connection_errors for g in groups(flow))),
        "TargetResponseTime": response_time,
    }


def counter(count: int) -> Sample:
    """One datapoint of value 1 for each occurrence; zero is reported while the resource is in use."""
    return Sample(max(count, 1), count, min(count, 1), min(count, 1))


def sparse(count: int) -> Sample | None:
    """A counter AWS reports only when it is not zero."""
    return counter(count) if count else None


def indicator(count: int, of: int) -> Sample | None:
    """A 0 or 1 for each request: its Sum is a count, its Average a rate from 0 to 1."""
    return Sample(of, count, float(count == of), float(count > 0)) if of else None


def percent(count: int, of: int) -> Sample | None:
    """A share of viewer requests, 0 to 100."""
    return Sample(of, 100.0 * count, 0, 100) if of else None


def latency(*parts: tuple[int, Spread]) -> Sample | None:
    """The times of a number of requests, or of several kinds of them."""
    present = tuple((count, spread) for count, spread in parts if count > 0)
    if not present:
        return None
    return Sample(
        count=sum(count for count, _ in present),
        total=sum(count * spread.mean for count, spread in present),
        low=0.0,
        high=math.inf,
        parts=present,
    )


def gauge(value: int) -> Sample:
    """A state each node of the load balancer reports once a minute."""
    return Sample(LOAD_BALANCER_NODES, LOAD_BALANCER_NODES * value, value, value)
