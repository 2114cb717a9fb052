"""The estate as YAML for people: written readable and always alike, read without trust.

Read is only what JSON can say too. Anchors, aliases, tags, names that stand twice and further documents are refused,
each with its line; words like `yes` and `2026-11-22` stay text, and so does a number that begins with a zero.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from edgeops.estate import plain
from edgeops.estate.document import EstateDoc
from edgeops.estate.plain import DocumentError

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
HEADER = """\
# The estate EdgeOps operates: its AWS accounts, and its APIs with their request paths.
# Import it under Settings, Estate: what would change is shown before anything does, and what is left out here stays.
# ExternalIds are never in this file; EdgeOps makes them.
"""
# What stays text here, YAML's own writer puts in quotes where it must: each of these is narrower than its rule.
INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
FRACTION = re.compile(r"-?[0-9]+\.[0-9]*(e[-+][0-9]+)?")
WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
LINE_ENDS = "\x85\u2028\u2029"
PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is there: many times as fast, and not slower on text made to be slow."""


class TextError(ValueError):
    """Text that is no estate; the message names the line where one is at fault."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem if line is None else f"Line {line}: {problem}")
        self.line = line


def dump(doc: EstateDoc) -> str:
    """The document as text that `load` reads back without loss; the same document gives the same text."""
    body = yaml.dump(plain.estate_to_plain(doc), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return HEADER + body


def load(text: str | bytes, *, known_accounts: Collection[str] = ()) -> EstateDoc:
    """The estate a text describes; raises TextError. `known_accounts` are those an API may name without describing."""
    reader = _Reader(decoded(text))
    raw = reader.read()
    try:
        return plain.estate_from_plain(raw, known_accounts=known_accounts)
    except DocumentError as error:
        raise TextError(str(error).removeprefix(": "), reader.line_of(error.place)) from error


def decoded(text: str | bytes) -> str:
    """The text as such, without its byte order mark; raises TextError for what is none, or too much."""
    try:
        content = text.encode() if isinstance(text, str) else text
        if len(content) > MAX_BYTES:
            size = f"{len(content) / MAX_BYTES:.1f} MiB; {MAX_BYTES // 1024**2} MiB is the most"
            raise TextError(f"This is {size}. What a text leaves out stays, so import it in parts.")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TextError("this is not UTF-8 text. Save the file as UTF-8.", line) from None
    except UnicodeEncodeError:
        raise TextError("This is not text: it holds half a character.") from None


class _Dumper(yaml.SafeDumper):
    """Lists stand indented under their name, and nothing is written as an alias."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 (PyYAML's)
        super().increase_indent(flow, False)  # noqa: FBT003

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Unicode's own ends of a line are written as escapes: PyYAML folds them otherwise, and reads a space."""
        style = '"' if any(end in data for end in LINE_ENDS) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


class _Reader:
    """One pass over the parser's events; remembers the line of every place."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Event] = _events(text)
        self._lines: dict[str, int] = {}

    def read(self) -> Any:
        """The only document, as plain values; None for an empty text."""
        documents = 0
        value = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    _refuse(event, "a second document begins here; one is allowed.")
            elif isinstance(event, NodeEvent):
                value = self._node(event, "", 1)
        if not documents:
            raise TextError("There is nothing in this text.")
        return value

    def line_of(self, place: str) -> int | None:
        """The line of a place, or of the nearest one around it."""
        while place and place not in self._lines:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return self._lines.get(place)

    def _node(self, event: NodeEvent, place: str, depth: int) -> Any:
        if isinstance(event, AliasEvent) or event.anchor is not None:
            _refuse(event, f"anchors and aliases (&{event.anchor}, *{event.anchor}) are not allowed: write it out.")
        tag = getattr(event, "tag", None)
        if tag is not None:
            _refuse(event, f"the tag {tag} is not allowed: write the plain value.")
        if depth > MAX_DEPTH:
            _refuse(event, f"this is nested more than {MAX_DEPTH} deep.")
        self._lines.setdefault(place, _line(event))
        if isinstance(event, MappingStartEvent):
            return self._mapping(place, depth)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(place, depth)
        return _scalar(event) if isinstance(event, ScalarEvent) else None

    def _mapping(self, place: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(key := next(self._events), MappingEndEvent):
            if not isinstance(key, ScalarEvent):
                _refuse(key, "a name must be text, not a list, a mapping or an alias.")
            if key.value in found:
                _refuse(key, f"“{key.value}” stands here for the second time.")
            within = f"{place}.{key.value}" if place else key.value
            self._node(key, within, depth)
            value = next(self._events)
            found[key.value] = self._node(value, within, depth + 1) if isinstance(value, NodeEvent) else None
        return found

    def _sequence(self, place: str, depth: int) -> list[Any]:
        found: list[Any] = []
        while not isinstance(item := next(self._events), SequenceEndEvent):
            if isinstance(item, NodeEvent):
                found.append(self._node(item, f"{place}[{len(found)}]", depth + 1))
        return found


def _events(text: str) -> Iterator[Event]:
    try:
        yield from yaml.parse(text, Loader=PARSER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        raise TextError(f"this is not YAML: {error.problem or error.context}.", line) from None
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise TextError(f"the character {error.character!r} is not allowed in YAML.", line) from None


def _scalar(event: ScalarEvent) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # it stands in quotes
        return text
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FRACTION.fullmatch(text) else text


def _refuse(event: Event, problem: str) -> NoReturn:
    raise TextError(problem, _line(event))


def _line(event: Event) -> int:
    return 1 if event.start_mark is None else int(event.start_mark.line) + 1
