"""Time ranges in a page's address: quick ones by name, others as two instants.

A range that cannot be read or shown never fails the page: the default is used and `problem` says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from dashboards import wording
from edgeops.metrics import periods
from edgeops.metrics.periods import Resolution

QUICK = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "3h": timedelta(hours=3),
    "12h": timedelta(hours=12),
    "24h": timedelta(hours=24),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "1y": timedelta(days=365),
}
DEFAULT = "3h"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Whole minutes [start, end); `query` is the range as a page's address holds it."""

    start: datetime
    end: datetime
    label: str
    query: str
    is_relative: bool
    resolution: Resolution
    problem: str = ""

    @property
    def name(self) -> str:
        """The quick range's name; empty for two instants."""
        return self.query.removeprefix("range=") if self.is_relative else ""

    @property
    def is_within_a_day(self) -> bool:
        """Whether a time of day says which moment is meant."""
        return self.end - self.start <= timedelta(days=1)

    @property
    def points(self) -> str:
        """What one point of a chart stands for, in words."""
        of_each, joined = wording.period(self.resolution.period), self.resolution.joined
        if joined == 1:
            return f"Each point is {of_each}."
        return f"Each point is the peak of {joined} datapoints of {of_each}."


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
    end = periods.ceiling(now, periods.MINUTE)
    start = end - QUICK[name]
    return TimeRange(
        start,
        end,
        label=f"last {name}",
        query=f"range={name}",
        is_relative=True,
        resolution=periods.choose(start, end, now),
    )


def _between(start_text: str, end_text: str, now: datetime) -> TimeRange:
    start = _instant(start_text, "start").replace(second=0, microsecond=0)
    asked = _instant(end_text, "end") if end_text else now
    # Cut before it is rounded up: after the last minute of the year 9999 comes no other.
    end = periods.ceiling(min(asked, now), periods.MINUTE)
    _refuse_impossible(start, end, now)
    return TimeRange(
        start,
        end,
        label=_label(start, end),
        query=urlencode({"from": _write(start), "to": _write(end)}),
        is_relative=False,
        resolution=periods.choose(start, end, now),
        problem=_problem(start, end, asked, now),
    )


def _problem(start: datetime, end: datetime, asked: datetime, now: datetime) -> str:
    """What is shown otherwise than it was asked for."""
    words = []
    if asked > periods.ceiling(now, periods.MINUTE):
        words.append("The end of the range lies in the future; it is shown up to now.")
    wanted, shown = periods.choose(now - (end - start), now, now), periods.choose(start, end, now)
    if wanted.period < shown.period:
        kept = periods.KEPT[wanted.period].days
        words.append(
            f"Datapoints of {wording.period(wanted.period)} are kept for {kept} days, as in CloudWatch; "
            f"this range is shown at {wording.period(shown.period)}."
        )
    return " ".join(words)


def _refuse_impossible(start: datetime, end: datetime, now: datetime) -> None:
    if start >= now:
        raise RangeError("The range lies in the future, where there is no data yet.")
    if end <= start:
        raise RangeError("The range ends before it starts; swap its two times.")
    if not periods.is_kept(periods.HOUR, start, now):
        days = periods.LONGEST.days
        raise RangeError(f"The range starts more than {days} days ago; CloudWatch and EdgeOps keep nothing for longer.")


def _label(start: datetime, end: datetime) -> str:
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{start:%Y-%m-%d %H:%M} to {until} UTC"


def _instant(text: str, which: str) -> datetime:
    """ISO 8601; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RangeError(f"The {which} of the range is not a time; write it like 2026-11-22T14:05Z.") from None


def _write(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"
