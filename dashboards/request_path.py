"""The request path as cards, viewer's side first: what each hop was asked, and what went wrong at that hop itself.

Errors "made here" are what a hop answered minus what it was handed from behind, as
`edgeops.metrics.derived` reckons it; the ledger's sentence says how sure that is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dashboards import readings, summaries, wording
from dashboards.ranges import TimeRange
from dashboards.readings import HopReadings
from edgeops.estate.models import AccessState, Hop, HopKind
from edgeops.metrics import catalogue, derived
from edgeops.metrics.derived import Added, Measured
from edgeops.metrics.reading import Line

NEWEST = timedelta(minutes=5)
TROUBLE_PERCENT = 1.0
# What nobody looks at is read every 15 minutes.
TOO_OLD = timedelta(minutes=20)
# Which stretch of time a card tells as its own, by the keys of `derived.added`.
STRETCHES = {
    HopKind.CLOUDFRONT: "edge",
    HopKind.REST_API: "gateway",
    HopKind.HTTP_API: "gateway",
}
# What stands beside the path: it guards, watches or runs within the hop in its column, and hands nothing on.
BESIDE = {HopKind.WAF, HopKind.HEALTH_CHECK, HopKind.EDGE_FUNCTION}


@dataclass(frozen=True)
class Fact:
    """One figure of a card."""

    label: str
    text: str
    is_bad: bool = False


@dataclass(frozen=True)
class Card:
    """One hop over a span: requests a minute, percent of them failed at this hop, times in seconds, hosts.

    `blocked` is a minute's requests a web ACL turned away; `is_well` what a health check said in its worst minute.
    """

    hop: Hop
    requests: float | None = None
    made_here: float | None = None
    latency: float | None = None
    added: float | None = None
    is_added_approximate: bool = False
    healthy: int | None = None
    hosts: int | None = None
    blocked: float | None = None
    is_well: bool | None = None
    data_until: datetime | None = None
    settled_until: datetime | None = None
    access: AccessState = AccessState.FRESH
    is_stale: bool = False
    is_guilty: bool = False

    @property
    def state(self) -> tuple[str, str]:
        """The state's key for its shape, and the word: what viewers feel first, then how well it is known."""
        if self.is_guilty:
            return "ALARM", "Trouble here"
        if not self.has_metrics:
            return "unknown", "No metrics"
        if self.access == AccessState.FORBIDDEN:
            return self.access, "Not allowed to read"
        if self.is_stale:
            return "stale", "Not read lately"
        if self.access == AccessState.PARTIAL:
            return self.access, "Read in part"
        known = (self.requests, self.hosts, self.blocked, self.is_well)
        return ("unknown", "No data") if all(one is None for one in known) else ("OK", "No trouble here")

    @property
    def is_beside(self) -> bool:
        """Whether it gets a small card: what the path is made of comes first."""
        return self.hop.kind in BESIDE

    @property
    def has_metrics(self) -> bool:
        """Whether AWS publishes anything of such a hop."""
        return bool(catalogue.offered(self.hop.kind))

    @property
    def has_unhealthy_hosts(self) -> bool:
        """Whether some target fails its health checks."""
        return self.hosts is not None and self.healthy is not None and self.healthy < self.hosts

    @property
    def facts(self) -> list[Fact]:
        """What the card shows, those that make it guilty marked."""
        return list(self._facts()) if self.has_metrics else []

    def _facts(self) -> Iterator[Fact]:
        if self.hop.kind == HopKind.HEALTH_CHECK:
            word = {None: wording.MISSING, True: "Healthy", False: "Unhealthy"}[self.is_well]
            yield Fact("Route 53 says", word, self.is_well is False)
            return
        if self.hop.kind == HopKind.WAF:
            yield Fact("Allowed/min", wording.compact(self.requests))
            yield Fact("Blocked/min", wording.compact(self.blocked))
            return
        yield Fact("In/min", wording.compact(self.requests))
        yield Fact(
            "Failed runs" if self.hop.kind == HopKind.EDGE_FUNCTION else "5xx made here",
            wording.percent(self.made_here),
            self.is_guilty and not self.has_unhealthy_hosts,
        )
        if self.hop.kind != HopKind.EDGE_FUNCTION:
            yield Fact("p95", wording.duration(self.latency))
        if self.added is not None:
            about = "≈ " if self.is_added_approximate else ""
            yield Fact("Adds", about + wording.duration(self.added))
        if self.hosts is not None:
            yield Fact("Healthy hosts", f"{self.healthy} of {self.hosts}", self.has_unhealthy_hosts)


@dataclass(frozen=True)
class Path:
    """The cards, and the span they tell of."""

    cards: Sequence[Card]
    start: datetime
    end: datetime


def of(hops: Sequence[HopReadings], time_range: TimeRange) -> Path:
    """The path over the newest five settled minutes, or over the whole of a range that was given by two instants."""
    start, end = _span(hops, time_range)
    measured = [one.measured for one in hops]
    added = {one.key: one for one in derived.added(measured)}
    cards = [
        replace(_card(one, measured, added, start, end), is_stale=time_range.is_relative and _is_stale(one, time_range))
        for one in hops
    ]
    return Path(_with_guilt(cards), start, end)


def _span(hops: Sequence[HopReadings], time_range: TimeRange) -> tuple[datetime, datetime]:
    """Hops settle at different times; only minutes that all of them have settled can be subtracted."""
    if not time_range.is_relative:
        return time_range.start, time_range.end
    marks = [one.traffic.settled_until for one in hops if one.traffic is not None and one.traffic.settled_until]
    end = max(min([time_range.end, *marks]), time_range.start)
    return max(end - NEWEST, time_range.start), end


def _card(one: HopReadings, hops: Sequence[Measured], added: dict[str, Added], start: datetime, end: datetime) -> Card:
    minutes = (end - start) / timedelta(minutes=1)
    allowed = one.line("AllowedRequests", "Sum") if one.hop.kind == HopKind.WAF else None
    asked = _total(allowed or derived.asked(one.measured), start, end)
    blocked = _total(one.line("BlockedRequests", "Sum"), start, end)
    failed = _total(derived.made_here(one.measured, hops), start, end)
    stretch = added.get(STRETCHES.get(HopKind(one.hop.kind), ""))
    healthy, hosts = _hosts(one, start, end)
    return Card(
        hop=one.hop,
        requests=asked / minutes if asked is not None and minutes else None,
        made_here=100 * max(0.0, failed) / asked if failed is not None and asked else None,
        latency=_latency(one, start, end),
        added=_mean(stretch.line, start, end) if stretch else None,
        is_added_approximate=stretch is not None and stretch.is_approximate,
        healthy=healthy,
        hosts=hosts,
        blocked=blocked / minutes if blocked is not None and minutes else None,
        is_well=_is_well(one, start, end),
        data_until=_data_until(one),
        settled_until=one.traffic.settled_until if one.traffic is not None else None,
        access=one.access,
    )


def _is_stale(one: HopReadings, time_range: TimeRange) -> bool:
    """Whether AWS has not answered lately; a hop nobody asks anything of is read all the same."""
    return one.polled_at is not None and time_range.end - one.polled_at > TOO_OLD


def _data_until(one: HopReadings) -> datetime | None:
    """How far its traffic is known; of a hop that counts none, whatever is known furthest."""
    lines = [one.traffic] if one.traffic is not None else one.lines.values()
    return max((line.data_until for line in lines if line.data_until), default=None)


def _latency(one: HopReadings, start: datetime, end: datetime) -> float | None:
    """The worst minute's p95 in seconds."""
    for metric, _, per_second in readings.LATENCY:
        worst = _highest(one.line(metric, "p95"), start, end)
        if worst is not None:
            return worst / per_second
    return None


def _mean(line: Line, start: datetime, end: datetime) -> float | None:
    """Milliseconds on average over the span, in seconds."""
    mean = summaries.mean(summaries.between(line, start, end))
    return None if mean is None else mean / 1000


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


def _is_well(one: HopReadings, start: datetime, end: datetime) -> bool | None:
    line = one.line("HealthCheckStatus", "Minimum")
    present = [] if line is None else [value for value in summaries.between(line, start, end) if value is not None]
    return min(present) >= 1 if present else None


def _with_guilt(cards: Sequence[Card]) -> Sequence[Card]:
    """Mark the hop that fails the largest share of what it is asked, and any that is unhealthy."""
    worst = max((card.made_here or 0 for card in cards), default=0)
    return [
        replace(
            card,
            is_guilty=card.has_unhealthy_hosts
            or card.is_well is False
            or (worst >= TROUBLE_PERCENT and card.made_here == worst),
        )
        for card in cards
    ]


def _total(line: Line | None, start: datetime, end: datetime) -> float | None:
    return None if line is None else summaries.total(summaries.between(line, start, end))


def _highest(line: Line | None, start: datetime, end: datetime) -> float | None:
    return None if line is None else summaries.highest(summaries.between(line, start, end))
