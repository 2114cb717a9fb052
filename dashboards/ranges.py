"""Time ranges in a page's address: quick ones by name, others as two instants.

A range that cannot be read or shown never fails the page: the default is used and `problem` says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

QUICK = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "3h": timedelta(hours=3),
    "12h": timedelta(hours=12),
    "24h": timedelta(hours=24),
}
DEFAULT = "3h"
PERIOD = 60
LONGEST = timedelta(hours=24)
# One-minute datapoints are kept as long as CloudWatch keeps them.
KEPT = timedelta(days=15)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Whole minutes [start, end) of buckets of `period` seconds; `query` is the range as a page's address holds it."""

    start: datetime
    end: datetime
    label: str
    query: str
    is_relative: bool
    period: int = PERIOD
    problem: str = ""

    @property
    def name(self) -> str:
        """The quick range's name; empty for two instants."""
        return self.query.removeprefix("range=") if self.is_relative else ""


class RangeError(ValueError):
    """A range nobody can be shown; its text says what to write instead."""


def parse(query: Mapping[str, str], now: datetime) -> TimeRange:
    """The range a page's address asks for, the newest bucket included; the default, with a `problem`, if it cannot."""
    try:
        if query.get("from") or query.get("to"):
            return _between(query.get("from") or "", query.get("to") or "", now)
        return _last(query.get("range") or DEFAULT, now)
    except RangeError as error:
        return replace(_last(DEFAULT, now), problem=f"{error} The last 3 hours are shown instead.")


def _last(name: str, now: datetime) -> TimeRange:
    if name not in QUICK:
        raise RangeError(f"There is no range called “{name[:20]}”; use one of {', '.join(QUICK)}, or two times.")
    end = _ceiling(now)
    return TimeRange(end - QUICK[name], end, label=f"last {name}", query=f"range={name}", is_relative=True)


def _between(start_text: str, end_text: str, now: datetime) -> TimeRange:
    start = _floor(_instant(start_text, "start"))
    asked = _instant(end_text, "end") if end_text else now
    # Cut before it is rounded up: after the last minute of the year 9999 comes no other.
    end = _ceiling(min(asked, now))
    _refuse_impossible(start, end, now)
    problem = "The end of the range lies in the future; it is shown up to now." if asked > _ceiling(now) else ""
    query = urlencode({"from": _write(start), "to": _write(end)})
    label = f"{start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC"
    return TimeRange(start, end, label=label, query=query, is_relative=False, problem=problem)


def _refuse_impossible(start: datetime, end: datetime, now: datetime) -> None:
    if start >= now:
        raise RangeError("The range lies in the future, where there is no data yet.")
    if end <= start:
        raise RangeError("The range ends before it starts; swap its two times.")
    if end - start > LONGEST:
        raise RangeError("The range is longer than 24 hours; choose a shorter one.")
    if start < now - KEPT:
        raise RangeError("The range starts more than 15 days ago; one-minute data is kept for 15 days.")


def _instant(text: str, which: str) -> datetime:
    """ISO 8601; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RangeError(f"The {which} of the range is not a time; write it like 2026-11-22T14:05Z.") from None


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _ceiling(moment: datetime) -> datetime:
    floor = _floor(moment)
    return floor if floor == moment else floor + MINUTE


def _write(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
