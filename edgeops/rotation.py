"""Encrypting a column anew with the first key, while everything else goes on.

A value is replaced only where it still is what was read, so that nothing saved meanwhile is overwritten. What is done
stays done: whoever is interrupted begins again, and only what is left is written.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from edgeops import retention, secrets
from edgeops.secrets import UnreadableSecretError

# In one transaction; and a body may have megabytes, of which no more than a few are held in memory.
ROWS_AT_ONCE, CHARACTERS_AT_ONCE = 100, 4_000_000


@dataclass(frozen=True)
class Column:
    """A column whose texts are encrypted; empty ones hold nothing.

    `named_by` are the fields by which people know its rows. Without them it is history, which goes by itself.
    """

    model: type[models.Model]
    name: str
    named_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.model._meta.db_table}.{self.name}"  # noqa: SLF001 (Django's name for it)

    @property
    def filled(self) -> "models.QuerySet[Any]":
        """The rows that hold something, oldest first."""
        return self.model._default_manager.exclude(**{self.name: ""}).order_by("pk")  # noqa: SLF001 (Django's name)

    def called(self, pk: object, names: Iterable[str]) -> str:
        """A row in words, for whoever has to look after it."""
        kind = self.model._meta.verbose_name  # noqa: SLF001 (Django's name for it)
        return f"{kind} {' '.join(names) or pk}"


@dataclass
class Rotation:
    """What became of the values of a column."""

    column: Column
    renewed: int = 0
    current: int = 0
    unreadable: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Change:
    pk: object
    was: str
    becomes: str


def rotate(column: Column) -> Rotation:
    """Encrypt with the first key what is not; what no key can read stays as it is, and is named."""
    done = Rotation(column)
    rows = column.filled.values_list("pk", flat=True)
    pks = list(rows[:ROWS_AT_ONCE])
    while pks:
        last, waiting = pks[-1], pks
        while waiting:
            # What somebody saved in between is looked at again.
            waiting += _write(column, _read(column, waiting, done), done)
        pks = list(rows.filter(pk__gt=last)[:ROWS_AT_ONCE])
    return done


def _read(column: Column, waiting: list[Any], done: Rotation) -> list[_Change]:
    """Take from those that wait as many as fit into memory; what has to be written for them."""
    changes: list[_Change] = []
    characters = 0
    while waiting and characters < CHARACTERS_AT_ONCE:
        pk = waiting.pop(0)
        found = column.filled.filter(pk=pk).values_list(column.name, *column.named_by).first()
        if found is None:  # deleted or emptied meanwhile
            continue
        stored, *names = found
        try:
            renewed = secrets.renew(stored)
        except UnreadableSecretError:
            done.unreadable.append(column.called(pk, names))
            continue
        if renewed == stored:
            done.current += 1
        else:
            changes.append(_Change(pk, stored, renewed))
            characters += len(stored)
    return changes


def _write(column: Column, changes: list[_Change], done: Rotation) -> list[object]:
    """Store them in one short transaction and let others have their turn; those that were saved meanwhile."""
    if not changes:
        return []
    began = time.monotonic()
    with transaction.atomic():
        lost = [change.pk for change in changes if not _replace(column, change)]
    done.renewed += len(changes) - len(lost)
    time.sleep(max(retention.BREATH_SECONDS, time.monotonic() - began))
    return lost


def _replace(column: Column, change: _Change) -> bool:
    same = column.filled.filter(pk=change.pk, **{column.name: change.was})
    return same.update(**{column.name: change.becomes}) == 1
