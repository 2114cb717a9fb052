"""How numbers and spans of time are written. None is missing and is written as a dash, never as 0."""

from datetime import datetime
from math import floor, log10

from edgeops.estate.prices import Dollars

MISSING = "–"
AGE_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def compact(number: float | None) -> str:
    """Three significant digits and a unit letter: 1.2k, 3.45M."""
    if number is None:
        return MISSING
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{_significant(number / size)}{letter}"
    return _significant(number)


def count(number: int | None) -> str:
    """Every digit, in threes: 12,000."""
    return MISSING if number is None else f"{number:,}"


def percent(number: float | None) -> str:
    """A number that already is in percent: 0.42 %."""
    return MISSING if number is None else f"{_significant(number)} %"


def duration(seconds: float | None) -> str:
    """Seconds in the unit a person would say them in: 420 ms, 1.3 s, 4 min, 2 h 5 min."""
    if seconds is None:
        return MISSING
    if abs(seconds) < 1:
        return f"{_significant(seconds * 1000)} ms"
    if abs(seconds) < 60:
        return f"{_significant(seconds)} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def period(seconds: int) -> str:
    """How long a bucket is: 1 minute, 5 minutes, 1 hour."""
    count, word = (seconds // 3600, "hour") if seconds % 3600 == 0 else (seconds // 60, "minute")
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def age(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest whole unit; static/js/ages.js says the same."""
    seconds = (now - moment).total_seconds()
    size = abs(seconds)
    if size < 5:
        return "now"
    length, unit = next(pair for pair in AGE_UNITS if size >= pair[0])
    words = f"{int(size // length)} {unit}"
    return f"in {words}" if seconds < 0 else f"{words} ago"


def dollars(number: float | None) -> str:
    """Cents from a dime up, two significant digits below: $1.20, $0.021."""
    if number is None:
        return MISSING
    digits = 2 if number == 0 or number >= 0.1 else 1 - floor(log10(number))
    return "$0" if number == 0 else f"${number:,.{digits}f}"


def between(sum_of: Dollars | None) -> str:
    """Both bounds of a sum, or one figure where they are written alike."""
    if sum_of is None:
        return MISSING
    low, high = dollars(sum_of.low), dollars(sum_of.high)
    return low if low == high else f"{low}–{high}"


def _significant(number: float) -> str:
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
