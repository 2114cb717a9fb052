"""Who made the 5xx answers viewers got, from nothing but counts: an estimate for each hop, and the bounds it lies in.

A hop made what it answered minus what it was handed from behind. CloudFront repeats errors it has cached, retries and
failover hide others, and a function that returns a 500 reports no error: hence bounds. What is hidden and what the edge
makes in the same span cancel out unseen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Producer(StrEnum):
    """Who can make a 5xx answer, outermost first."""

    EDGE = "edge"
    GATEWAY = "gateway"
    BALANCER = "balancer"
    TARGET = "target"
    FUNCTION = "function"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many at least, most likely and at most."""

    low: float
    estimate: float
    high: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Failures of some span: what viewers got, what gateways answered and was failed behind them, what origins made.

    A blind origin publishes nothing; a blind gateway has something behind it that does not.
    """

    viewers: float
    gateway: float = 0.0
    behind: Mapping[Producer, float] = field(default_factory=dict)
    direct: Mapping[Producer, float] = field(default_factory=dict)
    is_origin_blind: bool = False
    is_gateway_blind: bool = False

    @property
    def origin(self) -> float:
        """What all origins answered."""
        return self.gateway + sum(self.direct.values())


def attribute(counts: Counts) -> Mapping[Producer, Bounds]:
    """Who made what viewers got. Estimates add up to it, and each lies between its bounds.

    The bounds hold unless errors were hidden from viewers and others made at the edge in the same span.
    """
    made = _made_at_origins(counts)
    excess = counts.viewers - counts.origin
    if excess < 0:
        return {producer: _hidden(one, counts) for producer, one in made.items()}
    # Where origins failed at all, CloudFront may be repeating their cached errors.
    may_repeat = excess if counts.origin else 0.0
    seen = {producer: Bounds(one.low, one.estimate, one.high + may_repeat) for producer, one in made.items()}
    if counts.is_origin_blind:
        unknown = seen.get(Producer.UNKNOWN, Bounds(0, 0, 0))
        both = Bounds(unknown.low, unknown.estimate + excess, min(unknown.high + excess, counts.viewers))
        return {**seen, Producer.EDGE: Bounds(0, 0, excess), Producer.UNKNOWN: both}
    return {**seen, Producer.EDGE: Bounds(excess - may_repeat, excess, excess)}


def total(counts: Sequence[Counts]) -> Counts:
    """The failures of several spans of one path together; there must be one."""
    return Counts(
        viewers=sum(one.viewers for one in counts),
        gateway=sum(one.gateway for one in counts),
        behind=_added(one.behind for one in counts),
        direct=_added(one.direct for one in counts),
        is_origin_blind=counts[0].is_origin_blind,
        is_gateway_blind=counts[0].is_gateway_blind,
    )


def doubts(counts: Counts) -> Iterable[str]:
    """Why the bounds are as far apart as they are, in words."""
    excess = counts.viewers - counts.origin
    slack = max(1.0, 0.02 * counts.viewers)
    if excess > slack and counts.origin:
        yield "viewers got more errors than the origins made: CloudFront made them, or repeated cached ones"
    if excess < -slack:
        yield "origins made more errors than viewers got: retries or failover hid some, or CloudFront was bypassed"
    if counts.is_origin_blind and excess > slack:
        yield "an origin publishes no errors, so they may be its own"
    if counts.is_gateway_blind and counts.gateway:
        yield "what is behind the gateway is not read, so its errors may come from there"
    own = counts.gateway - sum(counts.behind.values())
    if Producer.FUNCTION in counts.behind and own > slack:
        yield "a function that returns a 500 reports no error, so the gateway's may be the function's: traces tell"
    if counts.behind and own < -slack:
        yield "more failed behind the gateway than it answered: others call the same function, too"


def _made_at_origins(counts: Counts) -> dict[Producer, Bounds]:
    """Gateways made what they answered beyond what failed behind them."""
    own = max(0.0, counts.gateway - sum(counts.behind.values()))
    made = _made_behind(counts)
    for producer, count in counts.direct.items():
        one = made.get(producer, Bounds(0, 0, 0))
        made[producer] = Bounds(one.low + count, one.estimate + count, one.high + count)
    if counts.is_gateway_blind:
        return {**made, Producer.GATEWAY: Bounds(0, 0, own), Producer.UNKNOWN: Bounds(0, own, own)}
    if Producer.FUNCTION in counts.behind:
        # A function that returns a 500 has not failed to Lambda, so the gateway's may be the function's.
        one = made[Producer.FUNCTION]
        made[Producer.FUNCTION] = Bounds(one.low, one.estimate, one.high + own)
        return {**made, Producer.GATEWAY: Bounds(0, own, own)}
    return {**made, Producer.GATEWAY: Bounds(own, own, own)} if own else made


def _made_behind(counts: Counts) -> dict[Producer, Bounds]:
    """Of what failed behind gateways only what these answered is theirs; the rest was asked for by others."""
    failed = sum(counts.behind.values())
    of_others = max(0.0, failed - counts.gateway)
    fits = counts.gateway / failed if of_others else 1.0
    return {
        producer: Bounds(max(0.0, count * fits - of_others), count * fits, min(count, counts.gateway))
        for producer, count in counts.behind.items()
    }


def _hidden(one: Bounds, counts: Counts) -> Bounds:
    """Fewer reached viewers than origins made: any of them may be the hidden ones."""
    hidden = counts.origin - counts.viewers
    return Bounds(
        max(0.0, one.low - hidden), one.estimate * counts.viewers / counts.origin, min(one.high, counts.viewers)
    )


def _added(rows: Iterable[Mapping[Producer, float]]) -> Mapping[Producer, float]:
    found: dict[Producer, float] = {}
    for row in rows:
        for producer, count in row.items():
            found[producer] = found.get(producer, 0.0) + count
    return found
