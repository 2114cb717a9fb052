"""Reading single values of a document strictly: each is what it should be, or an error names its place and says why."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from edgeops.aws import regions

SLUG = re.compile(r"[-a-zA-Z0-9_]+")
ACCOUNT_ID = re.compile(r"[0-9]{12}")
DISTRIBUTION_ID = re.compile(r"[A-Z0-9]+")
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):role/[\w+=,.@/-]+", re.ASCII)
HOST = re.compile(
    r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*(:[0-9]{1,5})?", re.IGNORECASE
)
MAX_BUDGET = Decimal("999999.99")
MAX_DETAILS = 16 * 1024
MAX_DEPTH = 10
SHOWN = 60
"""How much of a wrong value an error repeats."""


class DocumentError(ValueError):
    """A document that cannot be: `place` is where, as `apis[2].hops[0].kind`, `problem` what is wrong and allowed."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place, self.problem = place, problem


@dataclass(frozen=True, slots=True)
class Value:
    """A plain value and its place in the document."""

    raw: Any
    place: str

    def error(self, problem: str) -> DocumentError:
        """What to raise about this place."""
        return DocumentError(self.place, problem)

    def text(self, *, most: int, least: int = 0) -> str:
        """One line of text."""
        if not isinstance(self.raw, str):
            quotes = " Put it in quotes." if isinstance(self.raw, (int, float)) else ""
            raise self.error(f"must be text, not {_kind(self.raw)}.{quotes}")
        if len(self.raw.strip()) < least:
            raise self.error("must not be empty.")
        if len(self.raw) > most:
            raise self.error(f"has {len(self.raw)} characters; at most {most} are allowed.")
        if not self.raw.isprintable():
            raise self.error("holds a line break or a character that cannot be printed.")
        return self.raw

    def matching(self, pattern: re.Pattern[str], *, most: int, allowed: str) -> str:
        """Text of one form, which `allowed` describes."""
        text = self.text(most=most, least=1)
        if not pattern.fullmatch(text):
            raise self.error(f"{_shown(text)} is not allowed here: {allowed}.")
        return text

    def slug(self) -> str:
        """A name that can stand in an address."""
        return self.matching(SLUG, most=60, allowed="letters without accents, digits, hyphens and underscores")

    def account_id(self) -> str:
        """An AWS account's number."""
        if isinstance(self.raw, int) and 10**11 <= self.raw < 10**12:
            return str(self.raw)
        if isinstance(self.raw, int) and 0 <= self.raw < 10**11:
            raise self.error(f'is a number, which loses leading zeros. Write it in quotes, as "{self.raw:012d}".')
        return self.matching(ACCOUNT_ID, most=40, allowed="an AWS account id is 12 digits")

    def region(self) -> str:
        """A region that exists."""
        text = self.text(most=30, least=1)
        if text not in regions.known():
            nearest = regions.nearest(text)
            meant = f" Did you mean {nearest}?" if nearest else " Regions are named like eu-west-1."
            raise self.error(f"{_shown(text)} is no AWS region that EdgeOps knows.{meant}")
        return text

    def host(self) -> str:
        """A host name, perhaps with a port or a leading wildcard."""
        return self.matching(HOST, most=255, allowed="a host name is wanted, as api.example.com")

    def address(self) -> str:
        """An http or https address; empty for none."""
        text = self.text(most=200)
        if text and not _is_address(text):
            raise self.error(f"{_shown(text)} is not an address that starts with https:// or http://.")
        return text

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.raw, bool):
            raise self.error(f"must be true or false, not {_kind(self.raw)}.")
        return self.raw

    def number(self, *, most: int) -> int:
        """A whole number from 0."""
        if not isinstance(self.raw, int) or isinstance(self.raw, bool):
            raise self.error(f"must be a whole number, not {_kind(self.raw)}.")
        if not 0 <= self.raw <= most:
            raise self.error(f"must be from 0 to {most}.")
        return self.raw

    def dollars(self) -> Decimal | None:
        """An amount in dollars and cents; None for no amount."""
        if self.raw is None:
            return None
        if isinstance(self.raw, bool) or not isinstance(self.raw, (str, int, float)):
            raise self.error(f"must be an amount in dollars, not {_kind(self.raw)}.")
        try:
            amount = Decimal(str(self.raw))
        except InvalidOperation:
            raise self.error(f"{_shown(self.raw)} is not an amount in dollars, as 12.50.") from None
        if not amount.is_finite() or not 0 <= amount <= MAX_BUDGET or amount != round(amount, 2):
            raise self.error(f"must be from 0 to {MAX_BUDGET} dollars, with two decimals at most.")
        return amount.quantize(Decimal("0.01"))

    def choice(self, allowed: Iterable[str]) -> str:
        """One of a few words."""
        words = list(allowed)
        text = self.text(most=100)
        if text not in words:
            raise self.error(f"{_shown(text)} is not known; allowed are {', '.join(words)}.")
        return text

    def items[T](self, read: "Callable[[Value], T]", *, most: int) -> tuple[T, ...]:
        """A list, each of its items read by `read`."""
        if not isinstance(self.raw, (list, tuple)):
            raise self.error(f"must be a list, not {_kind(self.raw)}.")
        if len(self.raw) > most:
            raise self.error(f"has {len(self.raw)} items; at most {most} are allowed.")
        return tuple(read(Value(raw, f"{self.place}[{index}]")) for index, raw in enumerate(self.raw))

    def texts(self, *, keys: int, values: int) -> dict[str, str]:
        """Names to texts."""
        found = self.mapping()
        return {
            Value(name, f"{self.place}: the name {_shown(name)}").text(most=keys, least=1): Value(
                raw, f"{self.place}.{name}"
            ).text(most=values, least=1)
            for name, raw in found.items()
        }

    def mapping(self) -> Mapping[Any, Any]:
        """Names to values of any kind."""
        if not isinstance(self.raw, Mapping):
            raise self.error(f"must be a mapping of names to values, not {_kind(self.raw)}.")
        return self.raw

    def json(self) -> dict[str, Any]:
        """Names to what JSON can hold, within bounds."""
        found = {name: _json(value, self, 1) for name, value in self.mapping().items() if _is_name(name, self)}
        if len(json.dumps(found)) > MAX_DETAILS:
            raise self.error(f"is too much; {MAX_DETAILS:,} characters are allowed.")
        return found


class Fields:
    """A mapping whose keys are taken one by one; what is left over at the end is an error, never dropped."""

    def __init__(self, value: Value, allowed: Iterable[str]) -> None:
        self._value, self._raw = value, value.mapping()
        names = list(allowed)
        unknown = [name for name in self._raw if name not in names]
        if unknown:
            raise value.error(f"{_shown(unknown[0])} is not known here; allowed are {', '.join(names)}.")

    def __getitem__(self, name: str) -> Value:
        """A value that must be there."""
        if name not in self._raw:
            raise self._value.error(f"{name} is missing.")
        return self._at(name)

    def get(self, name: str, default: Any) -> Value:
        """A value that may be left out."""
        return self._at(name) if name in self._raw else Value(default, self.place(name))

    def place(self, name: str) -> str:
        """Where a value stands."""
        return f"{self._value.place}.{name}" if self._value.place else name

    def _at(self, name: str) -> Value:
        return Value(self._raw[name], self.place(name))


def _json(raw: Any, at: Value, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise at.error(f"is nested more than {MAX_DEPTH} deep.")
    if raw is None or isinstance(raw, (bool, int)):
        return raw
    if isinstance(raw, str):
        return _stored(raw, at)
    if isinstance(raw, float) and math.isfinite(raw):
        return raw
    if isinstance(raw, (list, tuple)):
        return [_json(one, at, depth + 1) for one in raw]
    if isinstance(raw, Mapping):
        return {name: _json(value, at, depth + 1) for name, value in raw.items() if _is_name(name, at)}
    raise at.error(f"may hold texts, numbers, true, false, null, lists and mappings, not {_kind(raw)}.")


def _is_name(name: Any, at: Value) -> bool:
    if not isinstance(name, str):
        raise at.error(f"the name {_shown(name)} must be text. Put it in quotes.")
    return bool(_stored(name, at)) or not name


def _stored(text: str, at: Value) -> str:
    """Text a database can hold: PostgreSQL has no NUL, and half a surrogate pair is no text at all."""
    if "\x00" in text or any("\ud800" <= one <= "\udfff" for one in text):
        raise at.error("holds a character that cannot be stored.")
    return text


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in text


def _kind(raw: Any) -> str:
    words = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", tuple: "a list"}
    if raw is None:
        return "nothing"
    if isinstance(raw, Mapping):
        return "a mapping"
    return words.get(type(raw), f"a {type(raw).__name__}")


def _shown(raw: Any) -> str:
    text = str(raw)
    return f"“{text[:SHOWN]}…”" if len(text) > SHOWN else f"“{text}”"
