"""Dates of thousands of rows. The same few come again and again, so each is parsed and written out only once.

A poll of 5,000 series reads and writes 50,000 dates; what Django does to every single one costs more than the queries.
"""

from datetime import UTC, datetime
from functools import lru_cache

from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

REMEMBERED = 4096


def text(column: str) -> Cast:
    """A date column as the database writes it, for `parse`."""
    return Cast(column, TextField())


@lru_cache(REMEMBERED)
def parse(written: str | None) -> datetime | None:
    """The moment a database wrote as text: SQLite leaves out the zone, which is UTC."""
    if written is None:
        return None
    moment = datetime.fromisoformat(written)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(REMEMBERED)
def of_epoch(seconds: int) -> datetime:
    """The moment so many seconds after the epoch."""
    return datetime.fromtimestamp(seconds, UTC)


@lru_cache(REMEMBERED)
def adapted(moment: datetime | None) -> str | datetime | None:
    """A moment as a parameter of a query of our own."""
    adapted: str | datetime | None = connection.ops.adapt_datetimefield_value(moment)
    return adapted
