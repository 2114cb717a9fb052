"""Which metrics EdgeOps reads of each kind of hop, and what their presence and absence mean. Data, no behaviour.

Names, statistics and units are AWS's:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from edgeops.estate.models import HopKind
from edgeops.metrics.models import Series


class AbsentMeans(StrEnum):
    """What a settled minute without a datapoint says, once the resource is known to report."""

    ZERO = "zero"
    MISSING = "missing"


class Unit(StrEnum):
    """CloudWatch's units."""

    COUNT = "Count"
    BYTES = "Bytes"
    PERCENT = "Percent"
    MILLISECONDS = "Milliseconds"
    SECONDS = "Seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric and statistic of one kind of hop; `delay_seconds` is how long its minutes take to settle."""

    hop_kind: HopKind
    namespace: str
    name: str
    statistic: str
    unit: Unit
    title: str
    meaning: str
    absent_means: AbsentMeans
    delay_seconds: int = 120
    is_headline: bool = False
    needs_additional_metrics: bool = False


def for_hop(kind: str, *, has_additional_metrics: bool) -> list[Metric]:
    """The metrics of a kind of hop; CloudFront's paid ones only where the distribution has them."""
    return [
        metric
        for metric in CATALOGUE
        if metric.hop_kind == kind and (has_additional_metrics or not metric.needs_additional_metrics)
    ]


def find(namespace: str, name: str, statistic: str) -> Metric | None:
    """The rules of a metric whatever hop it is read of; None when the catalogue does not know it."""
    return _BY_NAME.get((namespace, name, statistic))


def of(series: Series) -> Metric:
    """The entry a series was made from; reads `series.hop`, so select it. LookupError: no longer in the catalogue."""
    key = (series.hop.kind, series.metric, series.statistic)
    if key not in _BY_HOP:
        raise LookupError(f"{series} is not in the metric catalogue any more.")
    return _BY_HOP[key]


def is_headline(kind: str, name: str, statistic: str) -> bool:
    """Whether the overview shows it."""
    entry = _BY_HOP.get((kind, name, statistic))
    return entry is not None and entry.is_headline


_count = partial(Metric, statistic="Sum", unit=Unit.COUNT, absent_means=AbsentMeans.ZERO)
_gauge = partial(Metric, statistic="Minimum", unit=Unit.COUNT, absent_means=AbsentMeans.MISSING)
_percent = partial(Metric, statistic="Average", unit=Unit.PERCENT, absent_means=AbsentMeans.MISSING)
_latency = partial(Metric, unit=Unit.MILLISECONDS, absent_means=AbsentMeans.MISSING)


def _cloudfront() -> Sequence[Metric]:
    """Each has exactly one valid statistic. AWS publishes no delay; minutes are seen to move for some five minutes."""
    common = {"hop_kind": HopKind.CLOUDFRONT, "namespace": "AWS/CloudFront", "delay_seconds": 300}
    count, percent, latency = partial(_count, **common), partial(_percent, **common), partial(_latency, **common)
    return (
        count(name="Requests", title="Requests", is_headline=True, meaning="Viewer requests of every method."),
        count(
            name="BytesDownloaded",
            title="Bytes downloaded",
            unit=Unit.BYTES,
            meaning="Bytes viewers received for GET and HEAD.",
        ),
        percent(
            name="TotalErrorRate",
            title="Error rate",
            is_headline=True,
            meaning="Share of viewer requests answered 4xx or 5xx; a rate of 0 to 100, not a count.",
        ),
        percent(
            name="4xxErrorRate",
            title="4xx rate",
            is_headline=True,
            meaning="Share of viewer requests answered 4xx.",
        ),
        percent(
            name="5xxErrorRate",
            title="5xx rate",
            is_headline=True,
            meaning="Share of viewer requests answered 5xx; cached errors count again each time they are served.",
        ),
        percent(
            name="CacheHitRate",
            title="Cache hit rate",
            is_headline=True,
            needs_additional_metrics=True,
            meaning="Share of cacheable requests served from the cache; POST, PUT and errors are left out.",
        ),
        latency(
            name="OriginLatency",
            statistic="p50",
            title="Origin latency p50",
            needs_additional_metrics=True,
            meaning="Median time to the origin's first byte, for requests the cache could not answer.",
        ),
        latency(
            name="OriginLatency",
            statistic="p95",
            title="Origin latency p95",
            is_headline=True,
            needs_additional_metrics=True,
            meaning="95th percentile of the time to the origin's first byte; an average is not available.",
        ),
    )


def _gateway(kind: HopKind, *, name_4xx: str, name_5xx: str) -> Sequence[Metric]:
    """REST and HTTP APIs differ in the names of their errors and in their dimensions."""
    common = {"hop_kind": kind, "namespace": "AWS/ApiGateway"}
    count, latency = partial(_count, **common), partial(_latency, **common)
    return (
        count(
            name="Count",
            statistic="SampleCount",
            title="Requests",
            is_headline=True,
            meaning="Requests the API received.",
        ),
        count(name=name_4xx, title="4xx answers", meaning="Client errors, modified gateway responses included."),
        count(
            name=name_5xx,
            title="5xx answers",
            is_headline=True,
            meaning="Server errors, made by the gateway or passed on from behind it.",
        ),
        latency(name="Latency", statistic="Average", title="Latency average", meaning="Request in to answer out."),
        latency(
            name="Latency",
            statistic="p95",
            title="Latency p95",
            is_headline=True,
            meaning="95th percentile of request in to answer out.",
        ),
        latency(
            name="IntegrationLatency",
            statistic="Average",
            title="Integration latency average",
            meaning="The part of the latency spent waiting for what is behind the gateway.",
        ),
        latency(
            name="IntegrationLatency",
            statistic="p95",
            title="Integration latency p95",
            meaning="95th percentile of the wait for what is behind the gateway.",
        ),
    )


def _stage_cache() -> Sequence[Metric]:
    """Only REST APIs have a cache; nothing is reported while it is off."""
    count = partial(_count, hop_kind=HopKind.REST_API, namespace="AWS/ApiGateway")
    return (
        count(name="CacheHitCount", title="Stage cache hits", meaning="Requests answered from the stage cache."),
        count(name="CacheMissCount", title="Stage cache misses", meaning="Requests the stage cache passed on."),
    )


def _balanced(kind: HopKind) -> Sequence[Metric]:
    """What a load balancer reports both as a whole and per target group."""
    common = {"hop_kind": kind, "namespace": "AWS/ApplicationELB"}
    count = partial(_count, **common)
    # In seconds here, unlike everywhere else.
    latency = partial(_latency, **{**common, "unit": Unit.SECONDS})
    return (
        count(
            name="RequestCount",
            title="Requests",
            is_headline=kind == HopKind.ALB,
            meaning="Requests for which a target was chosen; errors the balancer makes itself may lie outside.",
        ),
        count(
            name="HTTPCode_Target_5XX_Count",
            title="Target 5xx",
            is_headline=kind == HopKind.ALB,
            meaning="5xx answers made by the targets.",
        ),
        count(
            name="TargetConnectionErrorCount",
            title="Target connection errors",
            meaning="Connections to targets that failed; health checks are not counted.",
        ),
        latency(
            name="TargetResponseTime",
            statistic="Average",
            title="Target response time average",
            meaning="Until the target starts to send headers, in seconds.",
        ),
        latency(
            name="TargetResponseTime",
            statistic="p95",
            title="Target response time p95",
            is_headline=kind == HopKind.ALB,
            meaning="95th percentile until the target starts to send headers, in seconds.",
        ),
    )


def _load_balancer_alone() -> Sequence[Metric]:
    return (
        _count(
            hop_kind=HopKind.ALB,
            namespace="AWS/ApplicationELB",
            name="HTTPCode_ELB_5XX_Count",
            title="Load balancer 5xx",
            is_headline=True,
            meaning="5xx answers made by the load balancer itself; reported only when there are some.",
        ),
    )


def _hosts() -> Sequence[Metric]:
    """Reported per target group only. Minimum, as AWS advises: balancer nodes disagree for a moment at each change."""
    gauge = partial(_gauge, hop_kind=HopKind.TARGET_GROUP, namespace="AWS/ApplicationELB", is_headline=True)
    return (
        gauge(name="HealthyHostCount", title="Healthy hosts", meaning="Targets passing their health checks."),
        gauge(
            name="UnHealthyHostCount",
            title="Unhealthy hosts",
            meaning="Targets failing their health checks; deregistering a target lowers healthy without raising this.",
        ),
    )


def _lambda() -> Sequence[Metric]:
    common = {"hop_kind": HopKind.LAMBDA, "namespace": "AWS/Lambda"}
    count, latency = partial(_count, **common), partial(_latency, **common)
    return (
        count(
            name="Invocations",
            title="Invocations",
            meaning="Times the function ran; throttled calls are not counted.",
        ),
        count(
            name="Errors",
            title="Errors",
            is_headline=True,
            meaning="Invocations that failed; an answer with status 500 is not a failure.",
        ),
        count(name="Throttles", title="Throttles", meaning="Calls refused for lack of concurrency."),
        latency(
            name="Duration",
            statistic="Average",
            title="Duration average",
            meaning="Time the function's code ran, cold starts left out; stamped with the start of the invocation.",
        ),
        latency(
            name="Duration",
            statistic="p95",
            title="Duration p95",
            meaning="95th percentile of the time the function's code ran, cold starts left out.",
        ),
    )


CATALOGUE: tuple[Metric, ...] = (
    *_cloudfront(),
    *_gateway(HopKind.REST_API, name_4xx="4XXError", name_5xx="5XXError"),
    *_stage_cache(),
    *_gateway(HopKind.HTTP_API, name_4xx="4xx", name_5xx="5xx"),
    *_balanced(HopKind.ALB),
    *_load_balancer_alone(),
    *_balanced(HopKind.TARGET_GROUP),
    *_hosts(),
    *_lambda(),
)
_BY_HOP = {(metric.hop_kind.value, metric.name, metric.statistic): metric for metric in CATALOGUE}
_BY_NAME = {(metric.namespace, metric.name, metric.statistic): metric for metric in CATALOGUE}
