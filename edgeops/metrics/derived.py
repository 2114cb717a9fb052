"""What no metric says but several do together. Pure: lines in, a line out; a value is None where one it needs is.

Lines that are combined come of one call of `reading.load`: the same buckets, from the same start.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from edgeops.estate.models import HopKind
from edgeops.metrics.reading import Line

type Key = tuple[str, str]
type Operation = Callable[..., float | None]

GATEWAYS = (HopKind.REST_API, HopKind.HTTP_API)
# The metric that counts what a hop was asked.
TRAFFIC: Mapping[str, Key] = {
    HopKind.CLOUDFRONT: ("Requests", "Sum"),
    HopKind.REST_API: ("Count", "SampleCount"),
    HopKind.HTTP_API: ("Count", "SampleCount"),
    HopKind.ALB: ("RequestCount", "Sum"),
    HopKind.TARGET_GROUP: ("RequestCount", "Sum"),
    HopKind.LAMBDA: ("Invocations", "Sum"),
    HopKind.EDGE_FUNCTION: ("FunctionInvocations", "Sum"),
}
# What a hop failed, in counts. A load balancer's own errors and its targets' are told apart by AWS.
FAILURES: Mapping[str, tuple[Key, ...]] = {
    HopKind.REST_API: (("5XXError", "Sum"),),
    HopKind.HTTP_API: (("5xx", "Sum"),),
    HopKind.ALB: (("HTTPCode_ELB_5XX_Count", "Sum"), ("HTTPCode_Target_5XX_Count", "Sum")),
    HopKind.TARGET_GROUP: (("HTTPCode_Target_5XX_Count", "Sum"),),
    HopKind.LAMBDA: (("Errors", "Sum"), ("Throttles", "Sum")),
    HopKind.EDGE_FUNCTION: (("FunctionExecutionErrors", "Sum"),),
}
# What a hop answered 4xx.
REFUSALS: Mapping[str, Key] = {HopKind.REST_API: ("4XXError", "Sum"), HopKind.HTTP_API: ("4xx", "Sum")}
# Requests a hop refused before its traffic metric counted them: with no target left, or every call throttled, that
# metric reads nothing while all requests fail.
TURNED_AWAY: Mapping[str, Key] = {
    HopKind.ALB: ("HTTPCode_ELB_5XX_Count", "Sum"),
    HopKind.LAMBDA: ("Throttles", "Sum"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """The lines of one hop; `position` is its column on the request path."""

    kind: str
    position: int
    lines: Mapping[Key, Line] = field(default_factory=dict)

    def line(self, metric: str, statistic: str) -> Line | None:
        """One line; None where it is not read."""
        return self.lines.get((metric, statistic))

    @property
    def traffic(self) -> Line | None:
        """The line that counts requests; None for a hop that counts none."""
        counts = TRAFFIC.get(self.kind)
        return None if counts is None else self.lines.get(counts)


def combine(lines: Sequence[Line], operation: Operation) -> Line:
    """A line of what `operation` makes of the values of each bucket; it trusts as far as the least trusted of them.

    Where one value is None, so is the result. Peaks of joined buckets belong to different minutes and combine to None.
    """
    first = lines[0]
    is_joined = any(line.joined > 1 for line in lines)
    values = [
        None if is_joined or None in row else operation(*row)
        for row in zip(*(line.values for line in lines), strict=True)
    ]
    return Line(
        first.start,
        first.period,
        values,
        _earliest(line.data_until for line in lines),
        _earliest(line.settled_until for line in lines),
        first.joined,
    )


def total(lines: Sequence[Line]) -> Line:
    """The sum; unknown where one of them is."""
    return combine(lines, lambda *values: sum(values))


def difference(outer: Line, inner: Line) -> Line:
    """What the outer has more than the inner; less than nothing stays less than nothing."""
    return combine([outer, inner], lambda one, other: one - other)


def share(part: Line, whole: Line) -> Line:
    """Percent of the whole; unknown where there was nothing to be a share of."""
    return combine([part, whole], lambda one, other: 100 * one / other if other else None)


def count_of(rate: Line, requests: Line) -> Line:
    """A rate of 0 to 100 as a count. Nobody failed where nobody asked, though no rate is published then."""
    known = Line(
        rate.start,
        rate.period,
        [0.0 if asked == 0 and one is None else one for one, asked in zip(rate.values, requests.values, strict=True)],
        rate.data_until,
        rate.settled_until,
        rate.joined,
    )
    return combine([known, requests], lambda one, asked: one / 100 * asked)


def viewer_failures(hop: Measured) -> Line | None:
    """The 5xx answers viewers got, as a count; None where CloudFront's rate or requests are not read."""
    rate, requests = hop.line("5xxErrorRate", "Average"), hop.traffic
    return None if rate is None or requests is None else count_of(rate, requests)


def failures(hop: Measured) -> Line | None:
    """What a hop answered 5xx or failed, its own and from behind it; None where one of its counters is not read."""
    if hop.kind == HopKind.CLOUDFRONT:
        return viewer_failures(hop)
    lines = [hop.lines.get(key) for key in FAILURES.get(hop.kind, ())]
    known = [line for line in lines if line is not None]
    return total(known) if known and len(known) == len(lines) else None


def asked(hop: Measured) -> Line | None:
    """Requests that reached a hop, those it turned away included; one of the two is enough to know of some."""
    traffic, refused = hop.traffic, hop.lines.get(TURNED_AWAY.get(hop.kind, ("", "")))
    if traffic is None or refused is None:
        return traffic
    values = [
        None if one is None and not other else (one or 0) + (other or 0)
        for one, other in zip(traffic.values, refused.values, strict=True)
    ]
    return Line(traffic.start, traffic.period, values, traffic.data_until, traffic.settled_until, traffic.joined)


def made_here(hop: Measured, hops: Sequence[Measured]) -> Line | None:
    """What a hop failed itself: all it failed minus what it was handed from behind; None where either is not known.

    Below zero where viewers were spared errors from behind, by a retry or by failover.
    """
    if hop.kind == HopKind.ALB:
        return hop.line("HTTPCode_ELB_5XX_Count", "Sum")
    whole = failures(hop)
    if whole is None or hop.kind not in {HopKind.CLOUDFRONT, *GATEWAYS}:
        return whole
    handed = [failures(one) for one in _behind(hop, hops)]
    known = [line for line in handed if line is not None]
    return difference(whole, total(known)) if known and len(known) == len(handed) else None


def failure_rate(hop: Measured) -> Line | None:
    """Percent of what a hop was asked that it answered 5xx or failed."""
    failed, requests = failures(hop), asked(hop)
    return None if failed is None or requests is None else share(failed, requests)


def of_hop(hop: Measured) -> dict[Key, Line]:
    """Errors of one hop as AWS does not tell them: CloudFront's as counts, all others' as percent of the requests.

    By (4xx or 5xx, count or share); what cannot be derived is left out.
    """
    requests = hop.traffic
    if requests is None:
        return {}
    found: dict[Key, Line | None] = {}
    if hop.kind == HopKind.CLOUDFRONT:
        rate = hop.line("4xxErrorRate", "Average")
        found["5xx", "count"] = viewer_failures(hop)
        found["4xx", "count"] = None if rate is None else count_of(rate, requests)
    else:
        refused = hop.lines.get(REFUSALS.get(hop.kind, ("", "")))
        found["5xx", "share"] = failure_rate(hop)
        found["4xx", "share"] = None if refused is None else share(refused, requests)
    return {key: line for key, line in found.items() if line is not None}


def origins(hops: Sequence[Measured]) -> list[Measured]:
    """The hops CloudFront asks: the first column behind it."""
    behind = [hop for hop in hops if hop.kind in ORIGINS and hop.position > 0]
    nearest = min((hop.position for hop in behind), default=0)
    return [hop for hop in behind if hop.position == nearest]


def origin_requests(hops: Sequence[Measured]) -> Line | None:
    """What CloudFront asked all its origins; None where one of them does not say."""
    lines = [asked(hop) for hop in origins(hops)]
    known = [line for line in lines if line is not None]
    return total(known) if known and len(known) == len(lines) else None


def offload(hops: Sequence[Measured]) -> Line | None:
    """Percent of viewer requests no origin was asked for: a hit rate that needs no paid metric.

    Below zero origins were asked more than viewers asked CloudFront: somebody goes round it. CloudFront's minutes fill
    up later than its origins', so only minutes that both have settled are told.
    """
    edge = next((hop for hop in hops if hop.kind == HopKind.CLOUDFRONT), None)
    requests, asked_behind = edge.traffic if edge else None, origin_requests(hops)
    if requests is None or asked_behind is None:
        return None
    line = combine([requests, asked_behind], lambda viewers, origin: 100 * (1 - origin / viewers) if viewers else None)
    unsettled = len(line.values) - line.settled_count
    return replace(line, values=[*line.values[: line.settled_count], *[None] * unsettled])


@dataclass(frozen=True, slots=True)
class Added:
    """The time one stretch of the path adds, in milliseconds; approximate where it is not a difference of averages."""

    key: str
    title: str
    line: Line
    is_approximate: bool = False


def overhead(gateway: Measured) -> Added | None:
    """What a gateway adds to what is behind it, on average over all its answers.

    What its stage cache answered is in the first average only, so the second counts for the share that went through.
    """
    whole, behind = gateway.line("Latency", "Average"), gateway.line("IntegrationLatency", "Average")
    if whole is None or behind is None:
        return None
    hits, requests = gateway.line("CacheHitCount", "Sum"), gateway.traffic
    has_cache = hits is not None and any(value is not None for value in hits.values)
    if hits is None or requests is None or not has_cache:
        return Added("gateway", "Gateway itself", difference(whole, behind))
    line = combine([whole, behind, hits, requests], _without_hits)
    return Added("gateway", "Gateway itself", line)


def _without_hits(whole: float, behind: float, hits: float, requests: float) -> float | None:
    return whole - behind * (1 - hits / requests) if requests else None


def added(hops: Sequence[Measured]) -> list[Added]:
    """The time each stretch of the path adds, outermost first; only what is read on both sides of it."""
    edge = next((hop for hop in hops if hop.kind == HopKind.CLOUDFRONT), None)
    found = [_to_origin(edge, origins(hops)) if edge else None]
    for gateway in (hop for hop in hops if hop.kind in GATEWAYS):
        found.append(overhead(gateway))
        found.append(_to_function(gateway, hops))
    for function in (hop for hop in hops if hop.kind == HopKind.LAMBDA):
        duration = function.line("Duration", "Average")
        found.append(Added("function", "Function", duration) if duration else None)
    for balancer in (hop for hop in hops if hop.kind == HopKind.ALB):
        seconds = balancer.line("TargetResponseTime", "Average")
        found.append(Added("targets", "Targets", _in_milliseconds(seconds)) if seconds else None)
    return [one for one in found if one is not None]


ORIGINS = (*GATEWAYS, HopKind.ALB, HopKind.LAMBDA, HopKind.S3, HopKind.CUSTOM_ORIGIN)


def _behind(hop: Measured, hops: Sequence[Measured]) -> list[Measured]:
    """What a hop asks for the answers it does not make itself."""
    if hop.kind == HopKind.CLOUDFRONT:
        return origins(hops)
    return [one for one in hops if one.kind in {HopKind.LAMBDA, HopKind.ALB} and one.position > hop.position]


def _to_origin(edge: Measured, first: Sequence[Measured]) -> Added | None:
    """CloudFront publishes percentiles only, and percentiles do not subtract: the difference is a hint."""
    outer = edge.line("OriginLatency", "p95")
    if outer is None or len(first) != 1:
        return None
    (origin,) = first
    inner = origin.line("Latency", "p95")
    seconds = origin.line("TargetResponseTime", "p95")
    inner = inner or (_in_milliseconds(seconds) if seconds else None) or origin.line("Duration", "p95")
    return None if inner is None else Added("edge", "CloudFront to origin, p95", difference(outer, inner), True)  # noqa: FBT003


def _to_function(gateway: Measured, hops: Sequence[Measured]) -> Added | None:
    behind = [hop for hop in hops if hop.kind == HopKind.LAMBDA and hop.position > gateway.position]
    whole = gateway.line("IntegrationLatency", "Average")
    duration = behind[0].line("Duration", "Average") if len(behind) == 1 else None
    if whole is None or duration is None:
        return None
    return Added("start", "Reaching the function, cold starts", difference(whole, duration))


def _in_milliseconds(line: Line) -> Line:
    return combine([line], lambda seconds: seconds * 1000)


def _earliest(marks: Iterable[datetime | None]) -> datetime | None:
    known = list(marks)
    present = [mark for mark in known if mark is not None]
    return min(present) if present and len(present) == len(known) else None
