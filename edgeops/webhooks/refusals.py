"""Counting what was turned away: the first at once, what follows within seconds together: a flood is few writes.

A timer writes what was gathered, so that a flood that has ended is counted in full. A process that is killed takes the
last few seconds with it.
"""

import logging
from datetime import datetime
from threading import Lock, Timer
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import F

from edgeops.webhooks.models import Endpoint, RefusalCount

log = logging.getLogger("edgeops.hooks")

WRITE_EVERY_SECONDS = 5


class _Kind(NamedTuple):
    endpoint_id: int
    hour: datetime
    reason: str


_lock = Lock()
# A kind is in here while it was counted within the last seconds; how many of it are not written yet.
_gathered: dict[_Kind, int] = {}
_timers: list[Timer] = []  # the one that runs, if any


def count(endpoint: Endpoint, reason: str, *, now: datetime) -> None:
    """Add one."""
    kind = _Kind(endpoint.pk, now.replace(minute=0, second=0, microsecond=0), reason)
    with _lock:
        is_quiet = not _gathered
        is_first = kind not in _gathered
        _gathered[kind] = 0 if is_first else _gathered[kind] + 1
    if is_quiet:
        _settle_later()
    if is_first:
        _write(kind, 1)


def settle() -> bool:
    """Write what was gathered; whether more is to be expected."""
    with _lock:
        waiting = {kind: more for kind, more in _gathered.items() if more}
        _gathered.clear()
        _gathered.update(dict.fromkeys(waiting, 0))
    for kind, more in waiting.items():
        try:
            _write(kind, more)
        except (DatabaseError, InterfaceError):
            log.exception("refusals could not be counted; they are tried again", extra={"reason": kind.reason})
            with _lock:
                _gathered[kind] = _gathered.get(kind, 0) + more
    return bool(waiting)


def clear() -> None:
    """Forget what is gathered, as a restart does."""
    with _lock:
        _gathered.clear()
        while _timers:
            _timers.pop().cancel()


def _settle_later() -> None:
    timer = Timer(WRITE_EVERY_SECONDS, _settle_in_time)
    timer.daemon = True
    with _lock:
        _timers[:] = [timer]
    timer.start()


def _settle_in_time() -> None:
    try:
        is_more = settle()
    finally:
        connection.close()  # of this thread
    if is_more:
        _settle_later()


def _write(kind: _Kind, more: int) -> None:
    row, _ = RefusalCount.objects.get_or_create(**kind._asdict())
    RefusalCount.objects.filter(pk=row.pk).update(count=F("count") + more)
