"""Partitions of the datapoints by period and time, so that PostgreSQL forgets old ones by dropping a table.

SQLite has none; there nothing in this module does anything. A row without its partition is refused by PostgreSQL, so
whoever stores calls `ensure` first, outside its transaction: a new partition then waits for nobody's long work.
"""

from datetime import UTC, datetime

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from edgeops.metrics import periods

TABLE = "metrics_datapoint"
DAY = 86_400
SPANS = {periods.MINUTE: DAY, periods.FIVE_MINUTES: 7 * DAY, periods.HOUR: 30 * DAY}
"""Seconds a partition spans, by period: about as many partitions of each are kept."""
LOCK = 0x45444745
"""One at a time makes partitions: `IF NOT EXISTS` alone still collides with another worker's."""


def ensure(period: int, start: datetime, end: datetime) -> None:
    """Create the partitions that datapoints of [start, end) need and that are missing. Any number of workers may."""
    if connection.vendor != "postgresql":
        return
    needed = _needed(period, int(start.timestamp()), int(end.timestamp()))
    if not needed or not _missing(needed):
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        for name, first in _missing(needed).items():
            _create(cursor, period, name, first)


def drop(period: int, before: datetime) -> int:
    """Drop the partitions that lie before `before` as a whole; how many. One in use is left for the next time."""
    if connection.vendor != "postgresql":
        return 0
    dropped = 0
    for name in _existing(period):
        if _start(name) + SPANS[period] <= before.timestamp():
            dropped += _drop(name)
    return dropped


def name_of(period: int, epoch: int) -> str:
    """The partition a datapoint lies in, named after the day it begins."""
    first = datetime.fromtimestamp(epoch // SPANS[period] * SPANS[period], UTC)
    return f"{TABLE}_{period}_{first:%Y%m%d}"


def _needed(period: int, start: int, end: int) -> dict[str, int]:
    """Names and first seconds of the partitions [start, end) touches."""
    span = SPANS[period]
    return {name_of(period, first): first for first in range(start // span * span, end, span)}


def _missing(needed: dict[str, int]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname = ANY(%s)", [list(needed)])
        there = {name for (name,) in cursor.fetchall()}
    return {name: first for name, first in needed.items() if name not in there}


def _create(cursor: CursorWrapper, period: int, name: str, first: int) -> None:
    """Attaching a finished table, unlike CREATE TABLE … PARTITION OF, lets everybody go on reading and writing."""
    cursor.execute(f"CREATE TABLE {name} (LIKE {TABLE}_{period} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    cursor.execute(
        f"ALTER TABLE {TABLE}_{period} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({first + SPANS[period]})"
    )


def _existing(period: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1",
            [f"{TABLE}_{period}"],
        )
        return [name for (name,) in cursor.fetchall()]


def _start(name: str) -> float:
    return datetime.strptime(name.rsplit("_", 1)[1], "%Y%m%d").replace(tzinfo=UTC).timestamp()


def _drop(name: str) -> int:
    """Dropping waits for whoever reads the table, and readers wait behind it: so not for long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            cursor.execute(f"DROP TABLE {name}")
    except OperationalError as error:
        if "lock timeout" not in str(error):
            raise
        return 0
    return 1
