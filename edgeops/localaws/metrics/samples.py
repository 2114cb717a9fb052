"""What a minute publishes of a metric, made from counts, shares, states and times."""

import math
from dataclasses import dataclass

from edgeops.localaws.spread import Spread

LOAD_BALANCER_NODES = 2

type Parts = tuple[tuple[float, Spread], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """What one minute published: a statistic set, and the distributions (requests, spread) behind percentiles.

    Where there are distributions, `low` and `high` are only bounds: the extremes follow from the distributions.
    """

    count: float
    total: float
    low: float
    high: float
    parts: Parts = ()


def counter(count: int) -> Sample:
    """One datapoint of value 1 for each occurrence; zero is reported while the resource is in use."""
    return Sample(max(count, 1), count, min(count, 1), min(count, 1))


def sparse(count: int) -> Sample | None:
    """A counter AWS reports only when it is not zero."""
    return counter(count) if count else None


def indicator(count: int, of: int) -> Sample | None:
    """A 0 or 1 for each request: its Sum is a count, its Average a rate from 0 to 1."""
    return Sample(of, count, float(count == of), float(count > 0)) if of else None


def percent(count: int, of: int) -> Sample | None:
    """A share of viewer requests, 0 to 100."""
    return Sample(of, 100.0 * count, 0, 100) if of else None


def latency(*parts: tuple[int, Spread]) -> Sample | None:
    """The times of a number of requests, or of several kinds of them."""
    present = tuple((count, spread) for count, spread in parts if count > 0)
    if not present:
        return None
    return Sample(
        count=sum(count for count, _ in present),
        total=sum(count * spread.mean for count, spread in present),
        low=0.0,
        high=math.inf,
        parts=present,
    )


def gauge(value: int) -> Sample:
    """A state each node of the load balancer reports once a minute."""
    return Sample(LOAD_BALANCER_NODES, LOAD_BALANCER_NODES * value, value, value)


def level(value: float) -> Sample:
    """One measurement a minute."""
    return Sample(1, value, value, value)


def volume(total: int, of: int) -> Sample | None:
    """Bytes of a number of requests."""
    return Sample(of, total, 0, total) if of else None


def half(sample: Sample | None, zone: int) -> Sample | None:
    """What one of two Availability Zones (0 or 1) saw of it; counters stay whole, and a sparse half may be nothing."""
    if sample is None:
        return None
    if sample.parts:
        parts = tuple((count / 2, spread) for count, spread in sample.parts)
        return Sample(sample.count / 2, sample.total / 2, sample.low, sample.high, parts)
    total = (int(sample.total) + 1 - zone) // 2
    return sparse(total) if sample.total else counter(0)
