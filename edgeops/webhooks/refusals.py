"""Counting what was turned away: gathered in memory and written a few times a minute, so that a flood costs no rows."""

from datetime import datetime
from threading import Lock

from django.db.models import F

from edgeops.webhooks.models import Endpoint, RefusalCount

WRITE_EVERY_SECONDS = 5

_lock = Lock()
_gathered: dict[tuple[int, str], tuple[int, float]] = {}


def count(endpoint: Endpoint, reason: str, *, now: datetime) -> None:
    """Add one; the first is written at once, those that follow within seconds together with the next."""
    key, at = (endpoint.pk, reason), now.timestamp()
    with _lock:
        waiting, written_at = _gathered.get(key, (0, 0.0))
        is_time = at - written_at >= WRITE_EVERY_SECONDS
        _gathered[key] = (0, at) if is_time else (waiting + 1, written_at)
    if is_time:
        _write(endpoint, reason, waiting + 1, now)


def _write(endpoint: Endpoint, reason: str, more: int, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    row, _ = RefusalCount.objects.get_or_create(endpoint=endpoint, hour=hour, reason=reason)
    RefusalCount.objects.filter(pk=row.pk).update(count=F("count") + more)


def clear() -> None:
    """Forget what is gathered, as a restart does."""
    with _lock:
        _gathered.clear()
