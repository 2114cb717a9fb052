"""Writing datapoints: a value read again replaces the one before."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection

# One prepared statement for many rows: seven times faster on SQLite than bulk_create, and the same on PostgreSQL.
# Rows that say nothing new are left alone, so that the tail each poll reads again costs no writes.
UPSERT = """
INSERT INTO metrics_datapoint (series_id, period, at, value) VALUES (%s, %s, %s, %s)
ON CONFLICT (series_id, period, at) DO UPDATE SET value = excluded.value
WHERE metrics_datapoint.value <> excluded.value
"""


def store(datapoints: Iterable[tuple[int, int, float]], *, period: int) -> None:
    """Write (series id, start of the bucket in epoch seconds, value); call it in a transaction."""

    @cache
    def moment(epoch: int) -> Any:
        return connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(epoch, UTC))

    # In one order whoever writes, so that two workers wait for each other instead of locking each other out.
    rows = [(series_id, period, moment(epoch), value) for series_id, epoch, value in sorted(datapoints)]
    with connection.cursor() as cursor:
        cursor.executemany(UPSERT, rows)
