"""How each API stands now: the rows of the overview, the most troubled first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from dashboards import readings, sparklines, summaries
from dashboards.readings import HopReadings
from dashboards.sparklines import Sparkline
from edgeops.alarms.models import AlarmSeries, AlarmState
from edgeops.estate.models import EdgeApi, HopKind
from edgeops.metrics.derived import Key
from edgeops.metrics.reading import Line
from edgeops.timeline.models import Event

WINDOW = timedelta(hours=1)
# CloudFront's minutes settle after five; three polls may fail before a picture is called too old to judge by.
TOO_OLD = timedelta(minutes=15)
BAD_5XX_PERCENT = 1.0
ORDER = (AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA, AlarmState.OK)


@dataclass(frozen=True)
class Standing:
    """One API now. Rates are percent of viewer requests, latency is in seconds; None is unknown."""

    api: EdgeApi
    state: AlarmState
    reason: str
    firing: Sequence[AlarmSeries]
    last_event: Event | None
    requests: float | None
    errors_5xx: float | None
    errors_4xx: float | None
    latency: float | None
    latency_of: str
    hit: float | None
    healthy: int | None
    hosts: int | None
    data_until: datetime | None
    settled_until: datetime | None
    request_line: Sparkline
    error_line: Sparkline

    @property
    def is_failing(self) -> bool:
        """Whether viewers see enough 5xx to be marked."""
        return self.errors_5xx is not None and self.errors_5xx >= BAD_5XX_PERCENT

    @property
    def has_unhealthy_hosts(self) -> bool:
        """Whether some target fails its health checks."""
        return self.hosts is not None and self.healthy is not None and self.healthy < self.hosts


def of_all(now: datetime) -> list[Standing]:
    """Every API, sorted by trouble; a fixed number of queries however many there are."""
    newest = Event.objects.filter(api_slug=OuterRef("slug")).order_by("-at", "-id").values("pk")[:1]
    apis = list(EdgeApi.objects.select_related("distribution", "account").annotate(event_id=Subquery(newest)))
    events = Event.objects.in_bulk([api.event_id for api in apis if api.event_id])
    firing = _firing()
    end = now.replace(second=0, microsecond=0)
    hops = readings.load(apis, end - WINDOW, end, headline_only=True)
    rows = [_standing(api, hops.get(api.pk, []), firing.get(api.pk, []), events.get(api.event_id), now) for api in apis]
    return sorted(rows, key=lambda row: (ORDER.index(row.state), -(row.errors_5xx or 0), row.api.name))


def _firing() -> dict[int, list[AlarmSeries]]:
    rows = AlarmSeries.objects.filter(state=AlarmState.ALARM, rule__is_enabled=True)
    by_api: dict[int, list[AlarmSeries]] = {}
    for row in rows.select_related("rule", "series__hop").order_by("state_since"):
        by_api.setdefault(row.rule.api_id, []).append(row)
    return by_api


def _standing(
    api: EdgeApi, hops: Sequence[HopReadings], firing: Sequence[AlarmSeries], event: Event | None, now: datetime
) -> Standing:
    edge = next(iter(readings.of_kind(hops, HopKind.CLOUDFRONT)), None)
    lines: Mapping[Key, Line] = edge.lines if edge is not None else {}
    traffic, rate_5xx = lines.get(("Requests", "Sum")), lines.get(("5xxErrorRate", "Average"))
    data_until = traffic.data_until if traffic is not None else None
    state, reason = _judge(firing, data_until, now)
    latency, latency_of = _latency(hops)
    healthy, unhealthy = _hosts(hops, "HealthyHostCount"), _hosts(hops, "UnHealthyHostCount")
    return Standing(
        api=api,
        state=state,
        reason=reason,
        firing=firing,
        last_event=event,
        requests=_recent_mean(traffic),
        errors_5xx=_rate(rate_5xx, traffic),
        errors_4xx=_rate(lines.get(("4xxErrorRate", "Average")), traffic),
        latency=latency,
        latency_of=latency_of,
        hit=_rate(lines.get(("CacheHitRate", "Average")), traffic),
        healthy=healthy,
        hosts=None if healthy is None or unhealthy is None else healthy + unhealthy,
        data_until=data_until,
        settled_until=traffic.settled_until if traffic is not None else None,
        request_line=sparklines.draw(traffic, "Requests a minute, last hour"),
        error_line=sparklines.draw(rate_5xx, "5xx percent, last hour", tone="bad"),
    )


def _judge(firing: Sequence[AlarmSeries], data_until: datetime | None, now: datetime) -> tuple[AlarmState, str]:
    if firing:
        return AlarmState.ALARM, "1 alarm fires" if len(firing) == 1 else f"{len(firing)} alarms fire"
    if data_until is None:
        return AlarmState.INSUFFICIENT_DATA, "No data has arrived yet"
    if now - data_until > TOO_OLD:
        return AlarmState.INSUFFICIENT_DATA, f"The newest data is {(now - data_until) // timedelta(minutes=1)} min old"
    return AlarmState.OK, "No alarm fires"


def _latency(hops: Sequence[HopReadings]) -> tuple[float | None, str]:
    """p95 in seconds of the outermost hop that measures one; the worst of the newest settled minutes."""
    for metric, title, per_second in readings.LATENCY:
        lines = [line for one in hops if (line := one.line(metric, "p95")) is not None]
        worst = summaries.highest([summaries.highest(summaries.recent(line)) for line in lines])
        if worst is not None:
            return worst / per_second, title
    return None, ""


def _hosts(hops: Sequence[HopReadings], metric: str) -> int | None:
    """Hosts over all target groups, from each one's newest settled minute; None when one of them is not known."""
    lines = [line for one in hops if (line := one.line(metric, "Minimum")) is not None]
    newest = [next(_newest(summaries.recent(line)), None) for line in lines]
    known = [value for value in newest if value is not None]
    return round(sum(known)) if known and len(known) == len(newest) else None


def _newest(values: summaries.Values) -> Iterator[float]:
    return (value for value in reversed(values) if value is not None)


def _recent_mean(line: Line | None) -> float | None:
    return None if line is None else summaries.mean(summaries.recent(line))


def _rate(rate: Line | None, traffic: Line | None) -> float | None:
    if rate is None or traffic is None:
        return None
    return summaries.weighted(summaries.recent(rate), summaries.recent(traffic))
