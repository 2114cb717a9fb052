"""Which charts a hop has, and which lines each draws.

A hop's charts show every metric that EdgeOps reads of it, those somebody added too; lines of one chart differ by dash
as well as by colour.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from edgeops.estate.models import HopKind
from edgeops.metrics import catalogue
from edgeops.metrics.catalogue import Metric, Unit
from edgeops.metrics.derived import Key


@dataclass(frozen=True, slots=True)
class Stroke:
    """One line: a metric and statistic, its name in the legend, and how it is drawn; a bar has a pattern for a dash."""

    metric: str
    statistic: str
    name: str
    tone: str = "blue"
    dash: str = "solid"
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart of one hop; `key` names it in addresses, `unit` is that of its values."""

    key: str
    title: str
    unit: str
    strokes: tuple[Stroke, ...]
    is_stacked: bool = False


def of_kind(kind: str) -> tuple[Chart, ...]:
    """The charts of what is read unasked of a kind of hop; none for one without metrics."""
    return CHARTS.get(kind, ())


def of_hop(kind: str, read: Container[Key]) -> list[Chart]:
    """The charts of a hop of which these series are read, those of metrics somebody added last."""
    return [*of_kind(kind), *_added(kind, read)]


def find(kind: str, key: str) -> Chart | None:
    """One chart by its key; None when that kind of hop has none of that name."""
    everything = {(one.name, one.statistic) for one in catalogue.offered(kind)}
    return next((chart for chart in of_hop(kind, everything) if chart.key == key), None)


def _added(kind: str, read: Container[Key]) -> Iterator[Chart]:
    """One chart for each metric that no other chart draws."""
    drawn = {(stroke.metric, stroke.statistic) for chart in of_kind(kind) for stroke in chart.strokes}
    added = [
        one
        for one in catalogue.offered(kind)
        if (one.name, one.statistic) in read and (one.name, one.statistic) not in drawn
    ]
    for name, metrics in groupby(added, key=lambda one: one.name):
        yield _of_metric(name, list(metrics))


def _of_metric(name: str, metrics: Sequence[Metric]) -> Chart:
    strokes = [
        Stroke(name, one.statistic, one.title, tone, dash) for one, (tone, dash) in zip(metrics, LOOKS, strict=False)
    ]
    return Chart(f"metric-{name}", metrics[0].title, _unit(metrics[0]), tuple(strokes))


def _unit(metric: Metric) -> str:
    if metric.statistic in {"Sum", "SampleCount"}:
        return "bytes per minute" if metric.unit == Unit.BYTES else "per minute"
    return UNITS[metric.unit]


LOOKS = (
    ("blue", "solid"),
    ("vermillion", "dash"),
    ("green", "dashdot"),
    ("purple", "longdash"),
    ("orange", "longdashdot"),
)
UNITS = {
    Unit.COUNT: "count",
    Unit.BYTES: "bytes",
    Unit.PERCENT: "%",
    Unit.MILLISECONDS: "ms",
    Unit.SECONDS: "s",
}


def _latency(metric: str, name: str, *, tone: str = "blue") -> tuple[Stroke, Stroke]:
    return (
        Stroke(metric, "p95", f"{name} p95".strip(), tone),
        Stroke(metric, "Average", f"{name} average".strip(), tone, "dash"),
    )


_SHARE_5XX = Stroke("5xx", "share", "5xx", "vermillion")
_SHARE_4XX = Stroke("4xx", "share", "4xx", "orange", "dash")


def _rates(title: str, *strokes: Stroke) -> Chart:
    """Percent of what a hop was asked, as `edgeops.metrics.derived` has it."""
    return Chart("rates", title, "%", strokes)


def _gateway(name_4xx: str, name_5xx: str) -> tuple[Chart, ...]:
    return (
        Chart("requests", "Requests", "per minute", (Stroke("Count", "SampleCount", "Requests"),)),
        Chart(
            "errors",
            "Errors answered",
            "per minute",
            (Stroke(name_5xx, "Sum", "5xx", "vermillion"), Stroke(name_4xx, "Sum", "4xx", "orange", "dash")),
        ),
        _rates("Errors, share of requests", _SHARE_5XX, _SHARE_4XX),
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

MEANINGS: Mapping[Key, str] = {
    ("5xx", "count"): "The 5xx rate of the viewers' requests as a number of requests.",
    ("4xx", "count"): "The 4xx rate of the viewers' requests as a number of requests.",
    ("5xx", "share"): "What this hop failed, itself or from behind it, of all it was asked or turned away.",
    ("4xx", "share"): "What this hop answered 4xx, of all it was asked.",
}
"""Of lines that are derived; those of metrics are in the catalogue."""
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
        Chart(
            "counts",
            "Viewer errors, counted",
            "per minute",
            (Stroke("5xx", "count", "5xx", "vermillion"), Stroke("4xx", "count", "4xx", "orange", "dash")),
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
        _rates("5xx, share of requests", _SHARE_5XX),
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
        _rates("5xx, share of requests", _SHARE_5XX),
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
        _rates("Failed, share of calls", replace(_SHARE_5XX, name="Failed")),
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
        _rates("Failed, share of runs", replace(_SHARE_5XX, name="Failed")),
    ),
}
