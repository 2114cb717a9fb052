"""Seeded noise: the same seed, label and moment always give the same number."""

import math
from functools import lru_cache
from zlib import crc32

MASK = (1 << 64) - 1
MINUTES_A_DAY = 1440
DAY_FACTORS = (1.05, 1.07, 1.06, 1.05, 1.01, 0.90, 0.86)
"""Monday to Sunday; their mean is 1."""


def unit(seed: int, label: str, *moments: int) -> float:
    """A number in [0, 1), drawn by arithmetic (splitmix64)."""
    x = _start(seed, label)
    for moment in moments:
        x = (x + 0x9E3779B97F4A7C15 * (moment + 1)) & MASK
        x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
        x ^= x >> 31
    return x / (MASK + 1)


def wander(seed: int, label: str, minute: int, *, step: int = 20) -> float:
    """A number in [-1, 1] that drifts: drawn each `step` minutes, straight in between."""
    knot, rest = divmod(minute, step)
    before, after = unit(seed, label, knot), unit(seed, label, knot + 1)
    return 2 * (before + (after - before) * rest / step) - 1


def whole(expected: float, draw: float) -> int:
    """A whole number whose mean is `expected`, given a draw in [0, 1)."""
    return math.floor(expected + draw)


def tide(minute: int) -> float:
    """The day and week shape of traffic in UTC, mean about 1: low at 4, high in the evening, quiet week-ends."""
    hour = (minute % MINUTES_A_DAY) / 60
    day = 1 + 0.36 * math.sin(math.tau * (hour - 11.5) / 24) + 0.10 * math.sin(2 * math.tau * (hour - 10) / 24)
    # The epoch began on a Thursday; days blend into each other around midnight.
    days = minute / MINUTES_A_DAY + 3
    today, share = int(days) % 7, days % 1
    return day * (DAY_FACTORS[today] * (1 - share) + DAY_FACTORS[(today + 1) % 7] * share)


@lru_cache(maxsize=256)
def _start(seed: int, label: str) -> int:
    return (seed * 0x9E3779B97F4A7C15 + crc32(label.encode()) * 0x2545F4914F6CDD1D) & MASK
