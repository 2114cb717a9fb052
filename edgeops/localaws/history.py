"""Which minutes stand for a period of the past.

Fifteen months at a minute each would be 655,000 minutes for every API. So the past is imagined as coarsely as
CloudWatch keeps it: up to 15 days old every minute counts; up to 63 days the middle minute of each five stands for all
five; beyond that the middle minute of each hour stands for the hour. Every period draws on the same minutes, so twelve
Sums of 300 s are the Sum of their hour, whatever its age. What began more than 455 days ago is gone.
"""

from collections.abc import Iterator

DAY = 86_400
MINUTES_SECONDS = 15 * DAY
FIVES_SECONDS = 63 * DAY
KEPT_SECONDS = 455 * DAY


def minutes(start: int, period: int, *, now: float) -> Iterator[tuple[int, int]]:
    """The minutes of one period, each with the number of minutes it stands for; times in epoch seconds."""
    minute, end = start // 60, (start + period) // 60
    while minute < end:
        width = _width(minute, now)
        slot = minute - minute % width
        following = min(slot + width, end)
        yield slot + width // 2, following - minute
        minute = following


def _width(minute: int, now: float) -> int:
    """How many minutes one of them stands for; an hour or five minutes belong to the age of their beginning."""
    if now - 60 * (minute - minute % 60) > FIVES_SECONDS:
        return 60
    return 5 if now - 60 * (minute - minute % 5) > MINUTES_SECONDS else 1
