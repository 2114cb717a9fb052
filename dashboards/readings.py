"""What the store holds of each hop on a request path, over one span of time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from edgeops.estate.models import EdgeApi, Hop, HopKind
from edgeops.metrics import catalogue, reading
from edgeops.metrics.models import Series
from edgeops.metrics.reading import Line

type Key = tuple[str, str]

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

# The p95 that tells a hop's latency, outermost first: the metric, whose latency it is, and how many of its units make
# a second. AWS gives load balancers' in seconds and all others in milliseconds.
LATENCY = (
    ("OriginLatency", "origin", 1000),
    ("Latency", "gateway", 1000),
    ("TargetResponseTime", "targets", 1),
    ("Duration", "function", 1000),
)


@dataclass(frozen=True)
class HopReadings:
    """A hop and its lines by (metric, statistic)."""

    hop: Hop
    series: Mapping[Key, Series]
    lines: Mapping[Key, Line]

    def line(self, metric: str, statistic: str) -> Line | None:
        """One line; None where EdgeOps does not read that metric of this hop."""
        return self.lines.get((metric, statistic))

    @property
    def traffic(self) -> Line | None:
        """The line that counts requests; None for a hop that counts none."""
        counts = TRAFFIC.get(self.hop.kind)
        return None if counts is None else self.lines.get(counts)


def load(
    apis: Iterable[EdgeApi], start: datetime, end: datetime, *, headline_only: bool = False
) -> dict[int, list[HopReadings]]:
    """The hops of each API, outermost first, by the API's id."""
    being_read = Prefetch("series", Series.objects.being_read())
    hops = list(Hop.objects.filter(api__in=apis).prefetch_related(being_read))
    wanted = [one for hop in hops for one in hop.series.all() if not headline_only or _is_headline(hop, one)]
    lines = reading.load(wanted, start, end)
    by_api: dict[int, list[HopReadings]] = {}
    for hop in hops:
        by_api.setdefault(hop.api_id, []).append(_of_hop(hop, lines))
    return by_api


def of_kind(hops: Sequence[HopReadings], *kinds: str) -> list[HopReadings]:
    """The hops of these kinds."""
    return [one for one in hops if one.hop.kind in kinds]


def _of_hop(hop: Hop, lines: Mapping[int, Line]) -> HopReadings:
    series = {(one.metric, one.statistic): one for one in hop.series.all() if one.pk in lines}
    return HopReadings(hop, series, {key: lines[one.pk] for key, one in series.items()})


def _is_headline(hop: Hop, series: Series) -> bool:
    return catalogue.is_headline(hop.kind, series.metric, series.statistic)
