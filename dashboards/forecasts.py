"""Where a month's bill is heading: what is spent, and the pace of the newest whole hours for the rest of it. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from edgeops.estate import prices
from edgeops.estate.prices import Dollars

HOUR = timedelta(hours=1)
RECENT = timedelta(hours=24)


def recent(now: datetime) -> tuple[datetime, datetime]:
    """The newest 24 whole hours: from when, and before when."""
    end = prices.hour_of(now)
    return end - RECENT, end


def of(spent: Dollars, hourly: Mapping[datetime, Dollars], end: datetime, now: datetime) -> Dollars | None:
    """The sum at `end`; None before a whole hour was counted. `hourly` has those of `recent(now)` that had a cost.

    Where nothing was counted at first, counting began in the first hour that has something, which is then no whole one.
    """
    start, until = recent(now)
    first = min(hourly, default=until)
    begin = start if first <= start else first + HOUR
    counted = (until - begin) / HOUR
    if counted < 1:
        return None
    pace = sum((dollars for hour, dollars in hourly.items() if hour >= begin), Dollars()) * (1 / counted)
    return spent + pace * ((end - now) / HOUR)
