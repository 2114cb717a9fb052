"""Storing the rows of several threads in one commit.

A commit waits for the disk, and SQLite has one writer: fifty posts a second that each commit for themselves queue up
behind each other and behind the workers. While one thread writes, the rows of all others gather and go along with the
next write. Nobody is answered before the commit that holds their row.
"""

from collections.abc import Sequence
from threading import Lock

from django.db import IntegrityError, models, transaction


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
            _insert(wishes)
        except Exception as error:  # noqa: BLE001 (raised again to each whose row it held)
            for wish in wishes:
                wish.error = error
        for wish in wishes:
            wish.is_over = True


def _insert(wishes: Sequence[_Wish]) -> None:
    with transaction.atomic():
        for wish in wishes:
            try:
                with transaction.atomic():
                    wish.row.save(force_insert=True)
                wish.is_new = True
            except IntegrityError:
                wish.is_new = False


deliveries = Committer()
