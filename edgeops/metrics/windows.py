"""Which minutes to ask for and from when they no longer change. Pure: the clock is always given."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from edgeops.metrics import periods

PERIOD = 60
BACKFILL = timedelta(hours=24)
TAIL = timedelta(minutes=10)
"""How far behind the settled mark a poll reads again: CloudWatch bills metrics, not datapoints, so this is free."""
KEPT = periods.KEPT[PERIOD]


@dataclass(frozen=True, slots=True)
class Window:
    """The buckets from `start` up to and without `end`."""

    start: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        """How many one-minute datapoints a series can have in it."""
        return int((self.end - self.start).total_seconds()) // PERIOD


def floor(moment: datetime, seconds: int) -> datetime:
    """The start of the UTC-aligned bucket of `seconds` that `moment` lies in."""
    return periods.floor(moment, seconds)


def settled_boundary(now: datetime, delay_seconds: int, period: int = PERIOD) -> datetime:
    """Buckets that end by this moment no longer change."""
    return floor(now - timedelta(seconds=delay_seconds), period)


def poll_window(now: datetime, settled_until: datetime | None) -> Window:
    """What to read of a series: a day at first, then everything unsettled and a tail before it.

    Never more than a day: what lies further back is read in the background, for the newest minutes must not wait.
    """
    end = floor(now, PERIOD)
    if settled_until is None:
        return Window(end - BACKFILL, end)
    start = floor(min(settled_until, end), PERIOD) - TAIL
    return Window(max(start, end - BACKFILL), end)


def long_window(now: datetime, stored_until: datetime, period: int) -> Window:
    """What to read at a longer period: everything since the mark and the two buckets before it."""
    end = floor(now, period)
    return Window(min(stored_until, end) - timedelta(seconds=2 * period), end)
