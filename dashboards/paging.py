"""A page of a long list, newest first: found by the key of the row it goes on after, so that the last is as quick.

Counting all rows and stepping over those of earlier pages takes seconds where there are hundreds of thousands. Texts
are in no index: they are looked for in so many rows at a time, and whoever wants to looks further.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

LOOKED_THROUGH = 20_000


class Key(NamedTuple):
    """Where a row stands in its list: its time, and of those of one time its primary key."""

    at: datetime
    pk: Any

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.pk}"

    @classmethod
    def read(cls, text: str, model: type[Model]) -> Self | None:
        """As an address has it; None for what is none."""
        at, _, pk = text.partition("~")
        try:
            return cls(datetime.fromisoformat(at).astimezone(UTC), model._meta.pk.to_python(pk))  # noqa: SLF001 (Django's own API)
        except (ValueError, OverflowError, ValidationError):
            return None


@dataclass(frozen=True)
class Page[T: Model]:
    """Some rows, newest first, and the keys with which the neighbouring pages are asked for."""

    rows: Sequence[T]
    older: Key | None
    newer: Key | None = None
    looked_to: datetime | None = None

    @property
    def looked_through(self) -> int:
        """In how many rows texts were looked for at most."""
        return LOOKED_THROUGH

    @property
    def has_neighbours(self) -> bool:
        """Whether there is another page, as far as anybody has looked."""
        return self.older is not None or self.newer is not None


@dataclass(frozen=True)
class _Found[T: Model]:
    """What lies beyond a key, the nearest first; `end` is where to go on, None when that was all."""

    rows: list[T]
    end: Key | None
    looked_to: datetime | None = None


def read[T: Model](
    rows: QuerySet[T], asked: Mapping[str, str], *, by: str, size: int, texts: Sequence[Q] = ()
) -> Page[T]:
    """The page that an address asks for with `before` or `after` a key; the newest for neither, or what is no key.

    `by` is the time the list is ordered by. Of `texts`, which no index finds, a page has what it finds in so many rows.
    """
    after = Key.read(asked.get("after", ""), rows.model)
    if after is not None:
        found = _beyond(rows, after, by=by, size=size, texts=texts, is_newer=True)
        if found.end is not None:
            last = _key(found.rows[0], by) if found.rows else after
            return Page(found.rows[::-1], older=last, newer=found.end, looked_to=found.looked_to)
    before = None if after is not None else Key.read(asked.get("before", ""), rows.model)
    found = _beyond(rows, before, by=by, size=size, texts=texts, is_newer=False)
    first = _key(found.rows[0], by) if found.rows else before
    return Page(found.rows, older=found.end, newer=before and first, looked_to=found.looked_to)


def _beyond[T: Model](
    rows: QuerySet[T], start: Key | None, *, by: str, size: int, texts: Sequence[Q], is_newer: bool
) -> _Found[T]:
    beyond, within = ("gt", "lt") if is_newer else ("lt", "gt")
    left = rows.order_by(by, "pk") if is_newer else rows.order_by(f"-{by}", "-pk")
    if start is not None:
        left = left.filter(_side(by, start, beyond))
    end: Key | None = None
    if texts:
        edge = [Key(*found) for found in left.values_list(by, "pk")[LOOKED_THROUGH - 1 : LOOKED_THROUGH + 1]]
        if len(edge) > 1:
            end = edge[0]
            left = left.filter(_side(by, end, within, and_itself="e"))
    found = list(left.filter(*texts)[: size + 1])
    if len(found) > size:
        return _Found(found[:size], _key(found[size - 1], by))
    return _Found(found, end, None if end is None else end.at)


def _side(by: str, key: Key, comparison: str, *, and_itself: str = "") -> Q:
    """The first condition is the one an index answers."""
    further = Q(**{f"{by}__{comparison}": key.at}) | Q(**{f"pk__{comparison}{and_itself}": key.pk})
    return Q(**{f"{by}__{comparison}e": key.at}) & further


def _key(row: Model, by: str) -> Key:
    return Key(getattr(row, by), row.pk)
