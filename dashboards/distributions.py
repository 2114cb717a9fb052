"""The distributions of an account, as a worker listed them, searched as a person looks for one. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Listed:
    """A distribution of the list; `tags` are written key=value."""

    id: str
    name: str
    domain: str
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    is_enabled: bool


def read(entries: Iterable[Mapping[str, Any]]) -> list[Listed]:
    """The distributions of a list, by name."""
    return sorted(map(_listed, entries), key=lambda one: (one.name.lower(), one.id))


def search(listed: Iterable[Listed], text: str) -> list[Listed]:
    """Those in whose name, id, domain, aliases or tags every word of the text stands, whatever its case."""
    words = text.lower().split()
    return [one for one in listed if _has(one, words)]


def _has(one: Listed, words: Iterable[str]) -> bool:
    held = "\n".join((one.name, one.id, one.domain, *one.aliases, *one.tags)).lower()
    return all(word in held for word in words)


def _listed(raw: Mapping[str, Any]) -> Listed:
    return Listed(
        id=raw["id"],
        name=raw["name"],
        domain=raw["domain"],
        aliases=tuple(raw["aliases"]),
        tags=tuple(f"{key}={value}" for key, value in sorted(raw["tags"].items())),
        is_enabled=raw["enabled"],
    )
