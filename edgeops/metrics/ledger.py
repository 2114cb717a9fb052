"""The hop ledger: which hop made the 5xx answers viewers got, minute by minute and over a span, in counts and in words.

Only settled minutes count, those that no source will change any more: the sources settle at different times.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from edgeops.estate.models import HopKind
from edgeops.metrics import attribution, derived
from edgeops.metrics.attribution import Counts, Producer
from edgeops.metrics.derived import GATEWAYS, Measured
from edgeops.metrics.reading import Line

BAD_PERCENT = 1.0
# So many good or unknown buckets in a row end a run of bad ones.
LULL = 3


@dataclass(frozen=True, slots=True)
class Ledger:
    """Per bucket: viewers' requests and failures, and how many each producer is likely to have made of these."""

    requests: Line
    viewers: Line
    made: Mapping[Producer, Line]
    counts: Sequence[Counts | None]

    @property
    def known(self) -> range:
        """The buckets that no longer change in any source."""
        return range(self.viewers.settled_count)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of the failures a producer made, in percent."""

    producer: Producer
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who made the failures of [start, end); `shares` has the guiltiest first, `doubts` say why it is not exact."""

    start: datetime
    end: datetime
    is_over: bool
    failed: float
    percent: float
    shares: Sequence[Share]
    doubts: Sequence[str]

    @property
    def guilty(self) -> Share:
        """Who made most."""
        return self.shares[0]

    @property
    def confidence(self) -> str:
        """A word for how far apart the guiltiest one's bounds are."""
        if self.guilty.producer == Producer.UNKNOWN:
            return "none"
        width = self.guilty.high - self.guilty.low
        return "high" if width <= 10 else "fair" if width <= 40 else "low"


def of(hops: Sequence[Measured]) -> Ledger | None:
    """The ledger of a request path; None where CloudFront's requests and 5xx rate are not read."""
    edge = next((hop for hop in hops if hop.kind == HopKind.CLOUDFRONT), None)
    viewers = derived.viewer_failures(edge) if edge is not None else None
    if edge is None or edge.traffic is None or viewers is None:
        return None
    sources = _Sources.of(hops)
    settled = derived.total([viewers, edge.traffic, *sources.lines])
    counts = [sources.counts(viewers.values[index], index) for index in range(settled.settled_count)]
    return Ledger(
        requests=edge.traffic,
        viewers=Line(
            viewers.start, viewers.period, viewers.values, settled.data_until, settled.settled_until, viewers.joined
        ),
        made=_made(counts, settled),
        counts=counts,
    )


def trouble(ledger: Ledger) -> tuple[datetime, datetime, bool] | None:
    """The newest run of buckets in which too many requests failed, and whether it is over; None without one."""
    bad = [index for index in ledger.known if _is_bad(ledger, index)]
    if not bad:
        return None
    last = first = bad[-1]
    for index in reversed(bad[:-1]):
        if first - index > LULL:
            break
        first = index
    is_over = ledger.known[-1] - last >= LULL
    return ledger.viewers.at(first), ledger.viewers.at(last + 1), is_over


def judge(ledger: Ledger, start: datetime, end: datetime, *, is_over: bool = True) -> Verdict | None:
    """Who made the failures of [start, end), settled buckets only; None where there are none, or nothing is known."""
    line = ledger.viewers
    first, last = line.index(start), min(line.index(end), line.settled_count)
    span = ledger.counts[first:last]
    known = [one for one in span if one is not None]
    whole = attribution.total(known) if known else None
    if whole is None or whole.viewers < 0.5:
        return None
    asked = sum(ledger.requests.values[index] or 0 for index, one in enumerate(span, start=first) if one is not None)
    shares = [
        Share(producer, 100 * one.low / whole.viewers, min(100.0, 100 * one.high / whole.viewers))
        for producer, one in sorted(attribution.attribute(whole).items(), key=lambda pair: -pair[1].estimate)
    ]
    return Verdict(
        start=line.at(first),
        end=line.at(last),
        is_over=is_over,
        failed=whole.viewers,
        percent=100 * whole.viewers / asked if asked else 0.0,
        shares=shares,
        doubts=[*attribution.doubts(whole), *_missing(len(span) - len(known))],
    )


@dataclass(frozen=True, slots=True)
class _Sources:
    """The lines the counts are taken from."""

    gateways: Sequence[Line]
    behind: Sequence[tuple[Producer, Line]]
    direct: Sequence[tuple[Producer, Line]]
    is_origin_blind: bool
    is_gateway_blind: bool

    @classmethod
    def of(cls, hops: Sequence[Measured]) -> "_Sources":
        first = derived.origins(hops)
        gateways = [hop for hop in first if hop.kind in GATEWAYS]
        inner = [
            hop
            for hop in hops
            if hop.kind in {HopKind.LAMBDA, HopKind.ALB} and gateways and hop.position > gateways[0].position
        ]
        direct = [hop for hop in first if hop not in gateways]
        answered = [derived.failures(hop) for hop in gateways]
        return cls(
            gateways=[line for line in answered if line is not None],
            behind=[pair for hop in inner for pair in _makers(hop)],
            direct=[pair for hop in direct for pair in _makers(hop)],
            is_origin_blind=None in answered or not first or any(not _makers(hop) for hop in direct),
            is_gateway_blind=bool(gateways) and (not inner or any(not _makers(hop) for hop in inner)),
        )

    @property
    def lines(self) -> list[Line]:
        return [*self.gateways, *(line for _, line in (*self.behind, *self.direct))]

    def counts(self, viewers: float | None, index: int) -> Counts | None:
        """One bucket; None where one of the values is not known."""
        if viewers is None or any(line.values[index] is None for line in self.lines):
            return None
        return Counts(
            viewers=viewers,
            gateway=sum(line.values[index] or 0 for line in self.gateways),
            behind=_by_producer(self.behind, index),
            direct=_by_producer(self.direct, index),
            is_origin_blind=self.is_origin_blind,
            is_gateway_blind=self.is_gateway_blind,
        )


def _makers(hop: Measured) -> list[tuple[Producer, Line]]:
    """The failures a hop makes itself; none where it publishes or EdgeOps reads none."""
    if hop.kind == HopKind.ALB:
        own, targets = hop.line("HTTPCode_ELB_5XX_Count", "Sum"), hop.line("HTTPCode_Target_5XX_Count", "Sum")
        return [(Producer.BALANCER, own), (Producer.TARGET, targets)] if own and targets else []
    failed = derived.failures(hop) if hop.kind == HopKind.LAMBDA else None
    return [(Producer.FUNCTION, failed)] if failed is not None else []


def _by_producer(pairs: Iterable[tuple[Producer, Line]], index: int) -> Mapping[Producer, float]:
    found: dict[Producer, float] = {}
    for producer, line in pairs:
        found[producer] = found.get(producer, 0.0) + (line.values[index] or 0.0)
    return found


def _made(counts: Sequence[Counts | None], like: Line) -> Mapping[Producer, Line]:
    """The estimates as lines; a bucket that is not known is None with every producer."""
    rows = [attribution.attribute(one) if one is not None else None for one in counts]
    found = {producer for row in rows if row is not None for producer in row}
    rest: list[float | None] = [None] * (len(like.values) - len(rows))
    return {
        producer: Line(
            like.start,
            like.period,
            [None if row is None else row[producer].estimate if producer in row else 0.0 for row in rows] + rest,
            like.data_until,
            like.settled_until,
            like.joined,
        )
        for producer in Producer
        if producer in found
    }


def _is_bad(ledger: Ledger, index: int) -> bool:
    failed, asked = ledger.viewers.values[index], ledger.requests.values[index]
    return failed is not None and bool(asked) and 100 * failed >= BAD_PERCENT * (asked or 0)


def _missing(buckets: int) -> Iterable[str]:
    if buckets:
        yield f"{buckets} of the minutes lack a value and are left out"
