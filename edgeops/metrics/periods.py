"""The three periods datapoints are kept at and for how long, and which of them a range is shown at. Pure.

A finer period than CloudWatch still keeps for a start returns nothing, silently:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MINUTE, FIVE_MINUTES, HOUR = 60, 300, 3600
KEPT = {MINUTE: timedelta(days=15), FIVE_MINUTES: timedelta(days=63), HOUR: timedelta(days=455)}
MARK = {MINUTE: "settled_until", FIVE_MINUTES: "five_minutes_until", HOUR: "hours_until"}
"""The field of a series up to which its datapoints of a period are all read and no longer change."""
LONGEST = KEPT[HOUR]
ROLLED = ("Sum", "SampleCount", "Minimum", "Maximum")
"""Statistics that the longer periods get from the minutes; an average or percentile only CloudWatch can tell."""
MAX_POINTS = 1500
"""Points of a line: as many as a wide screen has pixels for."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Datapoints of `period` seconds, `joined` neighbours of them shown as one by their peak."""

    period: int
    joined: int = 1

    @property
    def step(self) -> int:
        """Seconds between two points of the line."""
        return self.period * self.joined


def finest(start: datetime, now: datetime) -> int:
    """The finest period still kept for the bucket `start` lies in; of what is too old for any, the coarsest."""
    return next((period for period in KEPT if is_kept(period, start, now)), HOUR)


def is_kept(period: int, start: datetime, now: datetime) -> bool:
    """Whether CloudWatch and EdgeOps still keep the bucket of `period` seconds that `start` lies in."""
    return floor(start, period) >= oldest(period, now)


def oldest(period: int, now: datetime) -> datetime:
    """The start of the oldest bucket of `period` seconds that is kept."""
    return floor(now - KEPT[period], period)


def choose(start: datetime, end: datetime, now: datetime) -> Resolution:
    """The finest resolution kept for all of [start, end) that needs at most 1,500 points."""
    for period in KEPT:
        if is_kept(period, start, now) and _points(start, end, period) <= MAX_POINTS:
            return Resolution(period)
    return fitting(start, end, HOUR)


def fitting(start: datetime, end: datetime, period: int) -> Resolution:
    """Datapoints of `period` seconds over [start, end), as few neighbours joined as 1,500 points allow."""
    joined = max(1, -(-_points(start, end, period) // MAX_POINTS))
    while _points(start, end, period * joined) > MAX_POINTS:  # buckets are aligned: one more may be touched
        joined += 1
    return Resolution(period, joined)


def floor(moment: datetime, seconds: int) -> datetime:
    """The start of the UTC-aligned bucket of `seconds` that `moment` lies in."""
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def ceiling(moment: datetime, seconds: int) -> datetime:
    """The start of the first UTC-aligned bucket of `seconds` that begins at `moment` or after."""
    return datetime.fromtimestamp(-(-moment.timestamp() // seconds) * seconds, UTC)


def _points(start: datetime, end: datetime, step: int) -> int:
    """How many aligned buckets of `step` seconds [start, end) touches."""
    return max(0, -(-int(end.timestamp()) // step) - int(start.timestamp()) // step)
