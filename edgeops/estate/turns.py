"""Changing the estate one after the other: who compares and then writes must not be overtaken in between."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import OperationalError, connection, transaction

LOCK = 20_261_125
"""Any number nothing else in the database takes an advisory lock by."""
LOCK_NOT_AVAILABLE = "55P03"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""
BUSY = "Somebody else is changing the estate at this moment, so nothing was changed. Try again in a minute."


class EstateError(ValueError):
    """An estate that cannot be; the message says what is wrong and what to do."""


@contextmanager
def taken() -> Iterator[None]:
    """A transaction in which nobody else changes the estate; raises EstateError when its turn does not come.

    SQLite has one writer at a time; PostgreSQL is asked for a lock.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(transaction.atomic())
            _wait()
        except OperationalError as error:
            if not _is_busy(error):
                raise
            raise EstateError(BUSY) from error
        yield


def _wait() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _is_busy(error: OperationalError) -> bool:
    """Whether somebody else had it for longer than a request may wait."""
    return getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE or "locked" in str(error)
