"""A request path that was found, as a page shows it: its hops in columns, and what was learned of each in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeops.estate.document import HopDoc
from edgeops.estate.models import HopKind

HIDDEN = ("key",)
"""Details that only discovery itself reads."""


@dataclass(frozen=True)
class Fact:
    """One thing that was learned."""

    name: str
    text: str


@dataclass(frozen=True)
class FoundHop:
    """A hop as the strip and the table show it."""

    hop: HopDoc
    title: str
    dimensions: Sequence[Fact]
    details: Sequence[Fact]


@dataclass(frozen=True)
class Column:
    """What stands at one place of the path, side by side."""

    position: int
    hops: Sequence[FoundHop]


def show(hop: HopDoc) -> FoundHop:
    """A hop with everything about it in words."""
    return FoundHop(
        hop=hop,
        title=HopKind(hop.kind).label,
        dimensions=[Fact(name, value) for name, value in hop.dimensions.items()],
        details=list(_facts(hop.details)),
    )


def columns(hops: Iterable[HopDoc]) -> list[Column]:
    """The strip: hops of one position side by side, the viewer's side first."""
    at: dict[int, list[FoundHop]] = {}
    for hop in hops:
        at.setdefault(hop.position, []).append(show(hop))
    return [Column(position, at[position]) for position in sorted(at)]


def _facts(details: Mapping[str, Any]) -> Iterable[Fact]:
    return (Fact(name.replace("_", " "), _text(value)) for name, value in details.items() if name not in HIDDEN)


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
        case list() | tuple():
            return ", ".join(map(_text, value))
    return str(value)
