"""A month of the bill in a page's address: `?month=2026-11`. AWS bills by months of UTC.

A month that cannot be read or shown never fails the page: the current one is used and `problem` says why.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from edgeops.estate import prices

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Month:
    """The days [begin, end)."""

    begin: datetime
    end: datetime
    is_current: bool
    problem: str = ""

    @property
    def name(self) -> str:
        """As an address holds it."""
        return f"{self.begin:%Y-%m}"

    @property
    def title(self) -> str:
        """As a person says it."""
        return f"{self.begin:%B %Y}"


def parse(text: str, now: datetime) -> Month:
    """The month an address asks for; the current one, with a `problem` if that is not what was asked."""
    this = current(now)
    if not text:
        return this
    try:
        begin = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        return replace(this, problem=f"“{text[:20]}” is no month; write it like {this.name}. {this.title} is shown.")
    if begin > this.begin:
        return replace(this, problem=f"Nothing is spent yet in {begin:%B %Y}. {this.title} is shown instead.")
    return _month(begin, now)


def current(now: datetime) -> Month:
    """The month `now` lies in."""
    return _month(prices.month_of(now), now)


def back_to(first: datetime | None, now: datetime) -> list[Month]:
    """Every month from the one of `first` to the current one, the newest first."""
    months = [current(now)]
    while first is not None and months[-1].begin > first:
        months.append(_month(prices.month_of(months[-1].begin - DAY), now))
    return months


def _month(begin: datetime, now: datetime) -> Month:
    return Month(begin, prices.month_after(begin), is_current=begin == prices.month_of(now))
