"""Changing the estate one after the other: who compares and then writes must not be overtaken in between."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

LOCK = 20_261_125
"""Any number nothing else in the database takes an advisory lock by."""


@contextmanager
def taken() -> Iterator[None]:
    """A transaction in which nobody else changes the estate. SQLite has one writer at a time; PostgreSQL is asked."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield
