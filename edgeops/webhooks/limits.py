"""Rate limits counted in this process's memory: no query, no row, no Redis on the way of a post.

Each web process counts for itself, so that several together let through as many times the limit; a limit is there
against loops and floods, not to bill by.
"""

import math
from datetime import datetime
from threading import Lock

MAX_KEYS = 10_000


class Limiter:
    """Buckets that fill up evenly: as many at once as fit in a period, and no more than that over time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._buckets: dict[object, tuple[float, float]] = {}

    def wait(self, key: object, *, most: int, period_seconds: float, now: datetime) -> int:
        """Zero when one more fits, which it then takes; otherwise the seconds until one does."""
        at = now.timestamp()
        with self._lock:
            left, since = self._buckets.pop(key, (float(most), at))
            left = min(float(most), left + max(0.0, at - since) * most / period_seconds)
            # Popped and put back: the order of the dictionary is the order of use.
            self._buckets[key] = (left - 1 if left >= 1 else left, at)
            if len(self._buckets) > MAX_KEYS:
                del self._buckets[next(iter(self._buckets))]
        return 0 if left >= 1 else max(1, math.ceil((1 - left) * period_seconds / max(1, most)))

    def clear(self) -> None:
        """Forget everything, as a restart does."""
        with self._lock:
            self._buckets.clear()


posts = Limiter()
samples = Limiter()
# A worker that is told takes up everything that is due; a storm needs no message for each post.
hints = Limiter()
