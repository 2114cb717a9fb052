"""What the store holds of each hop on a request path, over one span of time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Prefetch
from django.utils import timezone

from dashboards import answers
from edgeops.estate.models import AccessState, EdgeApi, Hop
from edgeops.metrics import catalogue, derived, periods, reading
from edgeops.metrics.derived import Key, Measured
from edgeops.metrics.models import Series
from edgeops.metrics.reading import Line

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
        return self.measured.traffic

    @property
    def measured(self) -> Measured:
        """The hop as series are derived from it."""
        return Measured(self.hop.kind, self.hop.position, self.lines)

    @cached_property
    def drawn(self) -> Mapping[Key, Line]:
        """Its lines and those derived from them alone: what its charts draw."""
        return {**self.lines, **derived.of_hop(self.measured)}

    @property
    def access(self) -> AccessState:
        """How reading its series goes, the worst of them."""
        return answers.state(self.series.values())

    @property
    def polled_at(self) -> datetime | None:
        """When AWS last answered for any of its series."""
        return max((one.polled_at for one in self.series.values() if one.polled_at), default=None)


def load(
    apis: Iterable[EdgeApi], start: datetime, end: datetime, *, headline_only: bool = False
) -> dict[int, list[HopReadings]]:
    """The hops on each API's path, outermost first, by the API's id; datapoints at the period that suits the span."""
    being_read = Prefetch("series", Series.objects.being_read())
    hops = list(Hop.objects.on_path().filter(api__in=apis).select_related("api").prefetch_related(being_read))
    wanted = [one for hop in hops for one in hop.series.all() if not headline_only or _is_headline(hop, one)]
    now = timezone.now()
    lines = reading.load(wanted, start, end, periods.choose(start, end, now).period, now=now)
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
