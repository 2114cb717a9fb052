"""Narrowing a list by what an address asks for; a value that cannot be read narrows nothing, and the page says so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import urlencode

from django.db.models import Q

LONGEST = 200


@dataclass(frozen=True)
class Narrowing:
    """What a list with days is narrowed to, as it was typed; a list adds fields of its own."""

    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Self:
        """From the parameters of an address."""
        return cls(**{one.name: asked.get(one.name, "").strip()[:LONGEST] for one in fields(cls)})

    @property
    def query(self) -> str:
        """As an address has it; empty for everything."""
        return urlencode({one.name: value for one in fields(self) if (value := getattr(self, one.name))})

    @property
    def problems(self) -> list[str]:
        """Which values cannot be read."""
        wrong = [text for text in (self.since, self.until) if text and _day(text) is None]
        return [f"“{text}” is no day; write it like 2026-11-26." for text in wrong]

    def days(self, column: str) -> Iterator[Q]:
        """From the first day's start to the last day's end, in UTC."""
        if since := _day(self.since):
            yield Q(**{f"{column}__gte": since})
        if until := _day(self.until):
            yield Q(**{f"{column}__lt": until + timedelta(days=1)})


def number(text: str) -> int | None:
    """The key of a row as an address has it; None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
