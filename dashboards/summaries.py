"""One number out of several datapoints. Missing values are left out, and nothing comes out of nothing."""

from collections.abc import Sequence
from datetime import datetime

from edgeops.metrics.reading import Line

type Values = Sequence[float | None]
RECENT = 5


def between(line: Line, start: datetime, end: datetime) -> Values:
    """The values of the buckets that lie in [start, end)."""
    first, last = line.index(start), line.index(end)
    return line.values[first:last]


def recent(line: Line) -> Values:
    """The newest five values that no longer change."""
    return line.values[max(0, line.settled_count - RECENT) : line.settled_count]


def mean(values: Values) -> float | None:
    """The mean of what is there."""
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None


def total(values: Values) -> float | None:
    """The sum of what is there."""
    present = [value for value in values if value is not None]
    return sum(present) if present else None


def highest(values: Values) -> float | None:
    """The largest value."""
    return max((value for value in values if value is not None), default=None)


def weighted(rates: Values, weights: Values) -> float | None:
    """The mean of rates by their traffic: ten errors of ten requests at night are not half of a day's."""
    pairs = [(rate, weight) for rate, weight in zip(rates, weights, strict=False) if rate is not None and weight]
    weight_total = sum(weight for _, weight in pairs)
    if pairs and weight_total:
        return sum(rate * weight for rate, weight in pairs) / weight_total
    return mean(rates)
