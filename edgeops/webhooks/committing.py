"""Storing the rows of several threads in one commit.

A commit waits for the disk, and SQLite has one writer: fifty posts a second that each commit for themselves queue up
behind each other and behind the workers. While one thread writes, the rows of all others gather and go along with the
next write. Nobody is answered before the commit that holds their row.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from django.db import IntegrityError, OperationalError, connection, models, transaction

LOCKED = "database is locked"
LOOK_EVERY_SECONDS, PATIENCE_SECONDS = 0.002, 10


class _Wish:
    """A row that somebody waits for, and what became of it."""

    def __init__(self, row: models.Model) -> None:
        self.row = row
        self.is_over = False
        self.is_new = False
        self.error: Exception | None = None


class Committer:
    """Inserts rows for whoever calls, together where they come together."""

    def __init__(self) -> None:
        self._gathering = Lock()
        self._writing = Lock()
        self._wishes: list[_Wish] = []

    def insert(self, row: models.Model) -> bool:
        """Store a row durably; False when a unique constraint says that it is there. Raises what storing raised."""
        wish = _Wish(row)
        with self._gathering:
            self._wishes.append(wish)
        with self._writing:
            if not wish.is_over:
                self._write()
        if wish.error is not None:
            raise wish.error
        return wish.is_new

    def _write(self) -> None:
        with self._gathering:
            wishes, self._wishes = self._wishes, []
        try:
            _insert_soon(wishes)
        except Exception as error:  # noqa: BLE001 (raised again to each whose row it held)
            for wish in wishes:
                wish.error = error
        for wish in wishes:
            wish.is_over = True


def _insert_soon(wishes: Sequence[_Wish]) -> None:
    """Insert as soon as SQLite's write lock is free; its own waiting sleeps up to 100 ms between two looks.

    A worker waits in SQLite's way and has time; a sender has not. PostgreSQL has no such lock.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        _insert(wishes)
        return
    with _without_waiting(connection.settings_dict["OPTIONS"]["timeout"]):
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                _insert(wishes)
            except OperationalError as error:
                if LOCKED not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(LOOK_EVERY_SECONDS)
            else:
                return


@contextmanager
def _without_waiting(usual_seconds: float) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {int(usual_seconds * 1000)}")


def _insert(wishes: Sequence[_Wish]) -> None:
    if len(wishes) == 1:  # the usual case needs no savepoint
        _insert_one(wishes[0])
        return
    with transaction.atomic():
        for wish in wishes:
            _insert_one(wish)


def _insert_one(wish: _Wish) -> None:
    try:
        with transaction.atomic():
            wish.row.save(force_insert=True)
        wish.is_new = True
    except IntegrityError:
        wish.is_new = False


deliveries = Committer()
