"""The request path as cards, viewer's side first: what each hop was asked, and what went wrong at that hop itself.

Errors "made here" are what a hop answered minus what it was handed from behind. CloudFront repeats errors it has cached
and retries others, and a function that *returns* a 500 reports no error, so the figures are estimates and say so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dashboards import readings, summaries
from dashboards.ranges import TimeRange
from dashboards.readings import HopReadings
from edgeops.estate.models import Hop, HopKind
from edgeops.metrics.reading import Line

NEWEST = timedelta(minutes=5)
TROUBLE_PERCENT = 1.0
# Requests a hop refused before its traffic metric counted them: with no target left, or every call throttled, that
# metric reads nothing while all requests fail.
TURNED_AWAY = {HopKind.ALB: "HTTPCode_ELB_5XX_Count", HopKind.LAMBDA: "Throttles"}
GATEWAYS = (HopKind.REST_API, HopKind.HTTP_API)


@dataclass(frozen=True)
class Card:
    """One hop over a span: requests a minute, percent of them failed at this hop, p95 in seconds, hosts."""

    hop: Hop
    requests: float | None
    made_here: float | None
    latency: float | None
    healthy: int | None
    hosts: int | None
    data_until: datetime | None
    is_guilty: bool = False

    @property
    def state(self) -> tuple[str, str]:
        """The state's key for its shape, and the word."""
        if self.is_guilty:
            return "ALARM", "Trouble here"
        if self.requests is None and self.hosts is None:
            return "unknown", "No data"
        return "OK", "No trouble here"

    @property
    def has_unhealthy_hosts(self) -> bool:
        """Whether some target fails its health checks."""
        return self.hosts is not None and self.healthy is not None and self.healthy < self.hosts


@dataclass(frozen=True)
class Path:
    """The cards, and the span they tell of."""

    cards: Sequence[Card]
    start: datetime
    end: datetime


def of(hops: Sequence[HopReadings], time_range: TimeRange) -> Path:
    """The path over the newest five settled minutes, or over the whole of a range that was given by two instants."""
    start, end = _span(hops, time_range)
    cards = [_card(one, hops, start, end) for one in hops]
    return Path(_with_guilt(cards), start, end)


def _span(hops: Sequence[HopReadings], time_range: TimeRange) -> tuple[datetime, datetime]:
    """Hops settle at different times; only minutes that all of them have settled can be subtracted."""
    if not time_range.is_relative:
        return time_range.start, time_range.end
    marks = [one.traffic.settled_until for one in hops if one.traffic is not None and one.traffic.settled_until]
    end = max(min([time_range.end, *marks]), time_range.start)
    return max(end - NEWEST, time_range.start), end


def _card(one: HopReadings, hops: Sequence[HopReadings], start: datetime, end: datetime) -> Card:
    minutes = (end - start) / timedelta(minutes=1)
    asked = _asked(one, start, end)
    failed = _made_here(one, hops, start, end)
    healthy, hosts = _hosts(one, start, end)
    return Card(
        hop=one.hop,
        requests=asked / minutes if asked is not None and minutes else None,
        made_here=100 * failed / asked if failed is not None and asked else None,
        latency=_latency(one, start, end),
        healthy=healthy,
        hosts=hosts,
        data_until=one.traffic.data_until if one.traffic is not None else None,
    )


def _asked(one: HopReadings, start: datetime, end: datetime) -> float | None:
    """Requests that reached a hop, those it turned away included."""
    turned_away = TURNED_AWAY.get(HopKind(one.hop.kind))
    refused = one.line(turned_away, "Sum") if turned_away else None
    return summaries.total([_total(one.traffic, start, end), _total(refused, start, end)])


def _made_here(one: HopReadings, hops: Sequence[HopReadings], start: datetime, end: datetime) -> float | None:
    kind = one.hop.kind
    if kind == HopKind.ALB:
        return _total(one.line("HTTPCode_ELB_5XX_Count", "Sum"), start, end)
    if kind == HopKind.TARGET_GROUP:
        return _total(one.line("HTTPCode_Target_5XX_Count", "Sum"), start, end)
    answered = _answered_5xx(one, start, end)
    if answered is None or kind == HopKind.LAMBDA:
        return answered
    behind = _behind(kind, hops, start, end)
    return None if behind is None else max(0.0, answered - behind)


def _answered_5xx(one: HopReadings, start: datetime, end: datetime) -> float | None:
    """Failures a hop handed towards the viewer, its own and those from behind it."""
    if one.hop.kind == HopKind.CLOUDFRONT:
        rate, asked = one.line("5xxErrorRate", "Average"), one.traffic
        if rate is None or asked is None:
            return None
        pairs = zip(summaries.between(rate, start, end), summaries.between(asked, start, end), strict=False)
        return summaries.total([r / 100 * n if r is not None and n is not None else None for r, n in pairs])
    names = {
        HopKind.REST_API: ("5XXError",),
        HopKind.HTTP_API: ("5xx",),
        HopKind.ALB: ("HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count"),
        HopKind.LAMBDA: ("Errors", "Throttles"),
    }.get(HopKind(one.hop.kind), ())
    return summaries.total([_total(one.line(name, "Sum"), start, end) for name in names])


def _behind(kind: str, hops: Sequence[HopReadings], start: datetime, end: datetime) -> float | None:
    inner = (*GATEWAYS, HopKind.ALB) if kind == HopKind.CLOUDFRONT else (HopKind.LAMBDA,)
    return summaries.total([_answered_5xx(one, start, end) for one in readings.of_kind(hops, *inner)])


def _latency(one: HopReadings, start: datetime, end: datetime) -> float | None:
    """The worst minute's p95 in seconds."""
    for metric, _, per_second in readings.LATENCY:
        worst = _highest(one.line(metric, "p95"), start, end)
        if worst is not None:
            return worst / per_second
    return None


def _hosts(one: HopReadings, start: datetime, end: datetime) -> tuple[int | None, int | None]:
    """Healthy hosts, and all, in the minute with most unhealthy ones."""
    lines = one.line("HealthyHostCount", "Minimum"), one.line("UnHealthyHostCount", "Minimum")
    if lines[0] is None or lines[1] is None:
        return None, None
    pairs = zip(summaries.between(lines[0], start, end), summaries.between(lines[1], start, end), strict=False)
    minutes = [(unhealthy, healthy) for healthy, unhealthy in pairs if healthy is not None and unhealthy is not None]
    if not minutes:
        return None, None
    unhealthy, healthy = max(minutes)
    return round(healthy), round(healthy + unhealthy)


def _with_guilt(cards: Sequence[Card]) -> Sequence[Card]:
    """Mark the hop that fails the largest share of what it is asked, and any with unhealthy hosts."""
    worst = max((card.made_here or 0 for card in cards), default=0)
    return [
        replace(card, is_guilty=card.has_unhealthy_hosts or (worst >= TROUBLE_PERCENT and card.made_here == worst))
        for card in cards
    ]


def _total(line: Line | None, start: datetime, end: datetime) -> float | None:
    return None if line is None else summaries.total(summaries.between(line, start, end))


def _highest(line: Line | None, start: datetime, end: datetime) -> float | None:
    return None if line is None else summaries.highest(summaries.between(line, start, end))
