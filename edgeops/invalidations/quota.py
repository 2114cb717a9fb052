"""How much an account may be sent now: tokens a second, and what may be in progress at once. Pure.

What is granted is worked off at the profile's rate, and the next grant waits for that; so a batch of 500 items at 150 a
second keeps the next items waiting for 3.3 s, and no second ever holds more than the rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from edgeops.invalidations.models import Priority, QuotaProfile

MAX_BATCH = 1_000
# A bulk batch keeps nobody behind it waiting for longer than this.
BULK_SECONDS = 2.0
UNBOUNDED = 10**9


@dataclass(frozen=True, slots=True)
class Room:
    """How many paths (tags count as paths) and wildcards one batch may hold now."""

    paths: int
    wildcards: int

    @property
    def is_none(self) -> bool:
        """Whether nothing fits."""
        return self.paths <= 0 and self.wildcards <= 0


def room(
    profile: QuotaProfile, *, here: Mapping[str, int], everywhere: Mapping[str, int], priority: str, now: datetime
) -> Room:
    """What a batch may hold, given what is in flight of this distribution and of the whole account."""
    wildcards = left(profile.inflight_wildcards, profile.headroom, everywhere["wildcards"])
    if not _is_free(profile.wildcards_per_second, profile.wildcards_free_at, now):
        wildcards = 0
    paths = min(left(profile.inflight_paths, profile.headroom, here["paths"]), _largest(profile, priority))
    return Room(paths=max(0, paths), wildcards=max(0, wildcards))


def left(bound: int | None, headroom: int, used: int) -> int:
    """How much more may be in progress, with the headroom kept free; without a bound, more than anybody asks for."""
    return UNBOUNDED if bound is None else max(1, bound - headroom) - used


def free_at(profile: QuotaProfile, *, items: int = 0, wildcards: int = 0) -> datetime | None:
    """When a call of so many items may leave; None: at once."""
    waits = [
        at
        for rate, at, count in (
            (profile.calls_per_second, profile.calls_free_at, 1),
            (profile.items_per_second, profile.items_free_at, items),
            (profile.wildcards_per_second, profile.wildcards_free_at, wildcards),
        )
        if rate is not None and at is not None and count
    ]
    return max(waits, default=None)


def spend(profile: QuotaProfile, *, items: int, wildcards: int, now: datetime) -> None:
    """Take the tokens of one call; they must be free."""
    profile.calls_free_at = _worked_off(profile.calls_per_second, 1, now) or profile.calls_free_at
    profile.items_free_at = _worked_off(profile.items_per_second, items, now) or profile.items_free_at
    profile.wildcards_free_at = _worked_off(profile.wildcards_per_second, wildcards, now) or profile.wildcards_free_at


def _is_free(rate: float | None, at: datetime | None, now: datetime) -> bool:
    return rate is None or at is None or at <= now


def _largest(profile: QuotaProfile, priority: str) -> int:
    if priority != Priority.BULK or profile.items_per_second is None:
        return MAX_BATCH
    return min(MAX_BATCH, max(1, int(BULK_SECONDS * profile.items_per_second)))


def _worked_off(rate: float | None, count: int, now: datetime) -> datetime | None:
    return None if rate is None or not count else now + timedelta(seconds=count / rate)
