"""Which charts a hop has, and which lines each draws. Data, no behaviour.

A hop's charts show every metric that EdgeOps reads of it; lines of one chart differ by dash as well as by colour.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from edgeops.estate.models import HopKind


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line: a metric and statistic, its name in the legend, and how it is drawn."""

    metric: str
    statistic: str
    name: str
    tone: str = "blue"
    dash: str = "solid"


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart of one hop; `key` names it in addresses, `unit` is that of its values."""

    key: str
    title: str
    unit: str
    strokes: tuple[Stroke, ...]


def of_kind(kind: str) -> tuple[Chart, ...]:
    """The charts of a kind of hop; none for one without metrics."""
    return CHARTS.get(kind, ())


def find(kind: str, key: str) -> Chart | None:
    """One chart by its key; None when that kind of hop has none of that name."""
    return next((chart for chart in of_kind(kind) if chart.key == key), None)


def _latency(metric: str, name: str, *, tone: str = "blue") -> tuple[Stroke, Stroke]:
    return (
        Stroke(metric, "p95", f"{name} p95".strip(), tone),
        Stroke(metric, "Average", f"{name} average".strip(), tone, "dash"),
    )


def _gateway(name_4xx: str, name_5xx: str) -> tuple[Chart, ...]:
    return (
        Chart("requests", "Requests", "per minute", (Stroke("Count", "SampleCount", "Requests"),)),
        Chart(
            "errors",
            "Errors answered",
            "per minute",
            (Stroke(name_5xx, "Sum", "5xx", "vermillion"), Stroke(name_4xx, "Sum", "4xx", "orange", "dash")),
        ),
        Chart(
            "latency",
            "Latency",
            "ms",
            (*_latency("Latency", "Whole"), *_latency("IntegrationLatency", "Integration", tone="purple")),
        ),
    )


_STAGE_CACHE = Chart(
    "cache",
    "Stage cache",
    "per minute",
    (Stroke("CacheHitCount", "Sum", "Hits", "green"), Stroke("CacheMissCount", "Sum", "Misses", "orange", "dash")),
)
_REQUESTS = Chart("requests", "Requests", "per minute", (Stroke("RequestCount", "Sum", "Requests"),))
_RESPONSE = Chart("latency", "Target response time", "s", _latency("TargetResponseTime", ""))
_TARGET_ERRORS = (
    Stroke("HTTPCode_Target_5XX_Count", "Sum", "Target 5xx", "orange", "dash"),
    Stroke("TargetConnectionErrorCount", "Sum", "Connection errors", "purple", "dashdot"),
)

CHARTS: Mapping[str, tuple[Chart, ...]] = {
    HopKind.CLOUDFRONT: (
        Chart("requests", "Viewer requests", "per minute", (Stroke("Requests", "Sum", "Requests"),)),
        Chart(
            "errors",
            "Viewer errors",
            "%",
            (
                Stroke("5xxErrorRate", "Average", "5xx", "vermillion"),
                Stroke("4xxErrorRate", "Average", "4xx", "orange", "dash"),
                Stroke("TotalErrorRate", "Average", "4xx and 5xx", "purple", "dashdot"),
            ),
        ),
        Chart("cache", "Cache hit rate", "%", (Stroke("CacheHitRate", "Average", "Hits", "green"),)),
        Chart(
            "latency",
            "Origin latency",
            "ms",
            (Stroke("OriginLatency", "p95", "p95"), Stroke("OriginLatency", "p50", "p50", "blue", "dash")),
        ),
        Chart("bytes", "Downloaded", "bytes per minute", (Stroke("BytesDownloaded", "Sum", "Bytes", "sky"),)),
    ),
    HopKind.REST_API: (*_gateway("4XXError", "5XXError"), _STAGE_CACHE),
    HopKind.HTTP_API: _gateway("4xx", "5xx"),
    HopKind.ALB: (
        _REQUESTS,
        Chart(
            "errors",
            "Errors",
            "per minute",
            (Stroke("HTTPCode_ELB_5XX_Count", "Sum", "Balancer 5xx", "vermillion"), *_TARGET_ERRORS),
        ),
        Chart(
            "statuses",
            "Errors made by the balancer",
            "per minute",
            (
                Stroke("HTTPCode_ELB_502_Count", "Sum", "502", "orange", "dash"),
                Stroke("HTTPCode_ELB_503_Count", "Sum", "503", "purple", "dashdot"),
                Stroke("HTTPCode_ELB_504_Count", "Sum", "504", "vermillion"),
            ),
        ),
        _RESPONSE,
    ),
    HopKind.TARGET_GROUP: (
        Chart(
            "hosts",
            "Hosts",
            "hosts",
            (
                Stroke("HealthyHostCount", "Minimum", "Healthy", "green"),
                Stroke("UnHealthyHostCount", "Minimum", "Unhealthy", "vermillion", "dash"),
            ),
        ),
        Chart("errors", "Errors", "per minute", _TARGET_ERRORS),
        _REQUESTS,
        _RESPONSE,
    ),
    HopKind.LAMBDA: (
        Chart("requests", "Invocations", "per minute", (Stroke("Invocations", "Sum", "Invocations"),)),
        Chart(
            "errors",
            "Errors and throttles",
            "per minute",
            (
                Stroke("Errors", "Sum", "Errors", "vermillion"),
                Stroke("Throttles", "Sum", "Throttles", "purple", "dash"),
            ),
        ),
        Chart("latency", "Duration", "ms", _latency("Duration", "")),
    ),
    HopKind.WAF: (
        Chart(
            "requests",
            "Requests",
            "per minute",
            (
                Stroke("BlockedRequests", "Sum", "Blocked", "vermillion"),
                Stroke("AllowedRequests", "Sum", "Allowed", "blue", "dash"),
            ),
        ),
    ),
    HopKind.HEALTH_CHECK: (
        Chart("status", "Status", "1 is healthy", (Stroke("HealthCheckStatus", "Minimum", "Status", "green"),)),
    ),
    HopKind.EDGE_FUNCTION: (
        Chart(
            "requests",
            "Runs",
            "per minute",
            (
                Stroke("FunctionInvocations", "Sum", "Runs"),
                Stroke("FunctionExecutionErrors", "Sum", "Errors", "vermillion", "dash"),
            ),
        ),
    ),
}
