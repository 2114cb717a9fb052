"""How much invalidating CloudFront allows, in two families: what runs at once in a distribution, how fast one may ask.

AWS publishes what may run at once. The rates it does not: these are what users report and careful callers keep to, with
room for two seconds' worth at once, so that a caller who keeps the pace is never refused for arriving a little early.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from edgeops.localaws import invalidation


class QuotaError(ValueError):
    """A quota that cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class Quotas:
    """Every quota by its name; None switches it off, a burst is what may come at once after a quiet time."""

    paths_in_progress: float | None = 3000
    wildcards_in_progress: float | None = 15
    calls_per_second: float | None = 0.5
    calls_burst: float = 6
    items_per_second: float | None = 150
    items_burst: float = 300
    wildcards_per_second: float | None = 1
    wildcards_burst: float = 2


IN_PROGRESS = ("paths_in_progress", "wildcards_in_progress")
BURSTS = ("calls_burst", "items_burst", "wildcards_burst")


def changed(quotas: Quotas, wanted: Mapping[str, Any]) -> Quotas:
    """The quotas with some of them changed; raises QuotaError naming what cannot be."""
    known = asdict(quotas)
    for name, value in wanted.items():
        if name not in known:
            raise QuotaError(f"{name!r} is not a quota; known are {', '.join(known)}")
        if value is None and name not in BURSTS:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1e6:
            raise QuotaError(
                f"{name} must be a number above 0" + ("" if name in BURSTS else ", or null to switch it off")
            )
        if name in BURSTS and value < 1:
            raise QuotaError(f"{name} must be at least 1")
    return replace(quotas, **wanted)


def exceeded(quotas: Quotas, asked: Iterable[str], running: Iterable[str]) -> str | None:
    """The quota of work in progress that these items would exceed beside the running ones; None when there is room."""
    wanted, taken = _counts(asked), _counts(running)
    for name, limit in zip(IN_PROGRESS, (quotas.paths_in_progress, quotas.wildcards_in_progress), strict=True):
        if limit is not None and wanted[name] and wanted[name] + taken[name] > limit:
            return name
    return None


def _counts(items: Iterable[str]) -> Counter[str]:
    return Counter(IN_PROGRESS[invalidation.is_wildcard(item)] for item in items)
