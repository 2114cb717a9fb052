"""A latency distribution of one minute, from which averages, extremes and percentiles follow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

NORMAL = NormalDist()
FAST_WIDTH = 0.3
SLOW_WIDTH = 0.02


@dataclass(frozen=True, slots=True)
class Spread:
    """A lognormal body on an offset, with a fast share before it (a cache) and a slow share after it (time-outs)."""

    median: float
    sigma: float
    offset: float = 0.0
    fast_share: float = 0.0
    fast: float = 0.0
    slow_share: float = 0.0
    slow: float = 0.0

    def quantile(self, p: float) -> float:
        """The value below which a share `p` (0 to 1) of the requests lies."""
        p = min(max(p, 1e-6), 1 - 1e-6)
        if p < self.fast_share:
            return self.fast * (1 + FAST_WIDTH * (2 * p / self.fast_share - 1))
        slow_from = 1 - self.slow_share
        if p >= slow_from:
            return self.slow * (1 + SLOW_WIDTH * (2 * (p - slow_from) / self.slow_share - 1))
        inner = (p - self.fast_share) / (slow_from - self.fast_share)
        return self.offset + self.median * math.exp(self.sigma * NORMAL.inv_cdf(min(max(inner, 1e-6), 1 - 1e-6)))

    def share_below(self, value: float) -> float:
        """The share of requests below a value: the quantile's inverse."""
        slow_from = 1 - self.slow_share
        if self.slow_share and value >= self.slow * (1 - SLOW_WIDTH):
            within = (value / self.slow - 1 + SLOW_WIDTH) / (2 * SLOW_WIDTH)
            return slow_from + self.slow_share * min(within, 1.0)
        if self.fast_share and value <= self.fast * (1 + FAST_WIDTH):
            within = (value / self.fast - 1 + FAST_WIDTH) / (2 * FAST_WIDTH)
            return self.fast_share * max(within, 0.0)
        if value <= self.offset:
            return self.fast_share
        z = math.log((value - self.offset) / self.median) / self.sigma
        return self.fast_share + (slow_from - self.fast_share) * 0.5 * math.erfc(-z / math.sqrt(2))

    @property
    def mean(self) -> float:
        """The average."""
        body = self.offset + self.median * math.exp(self.sigma**2 / 2)
        body_share = 1 - self.fast_share - self.slow_share
        return self.fast_share * self.fast + body_share * body + self.slow_share * self.slow

    def plus(self, overhead: float) -> "Spread":
        """The same requests, seen one hop further out."""
        return replace(self, offset=self.offset + overhead, fast=self.fast + overhead, slow=self.slow + overhead)

    def times(self, factor: float) -> "Spread":
        """The same distribution in another unit."""
        return replace(
            self,
            median=self.median * factor,
            offset=self.offset * factor,
            fast=self.fast * factor,
            slow=self.slow * factor,
        )


def joint_quantile(parts: Sequence[tuple[float, Spread]], p: float) -> float:
    """The percentile of several minutes' requests taken together; `parts` are (requests, spread).

    It lies between the smallest and the largest of the minutes' own percentiles, so a short bisection finds it.
    """
    own = [spread.quantile(p) for _, spread in parts]
    low, high = min(own), max(own)
    total = sum(weight for weight, _ in parts)
    for _ in range(24):
        if high - low <= 1e-3 * high:
            break
        middle = (low + high) / 2
        if sum(weight * spread.share_below(middle) for weight, spread in parts) < p * total:
            low = middle
        else:
            high = middle
    return (low + high) / 2
