"""The edge's cache: objects of every point of presence, kept until their time is over or an invalidation completes."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from edgeops.localaws import invalidation
from edgeops.localaws.origin import Answer
from edgeops.localaws.state import Invalidation

LARGEST_CACHE = 20_000


class Key(NamedTuple):
    """What tells objects apart: whose it is (distribution or tenant), where it lies, its URL, and which variant."""

    holder: str
    pop: str
    url: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One cached object; `stored_at` is epoch seconds, tags are in lower case."""

    answer: Answer
    stored_at: float
    ttl_seconds: float
    tags: frozenset[str] = frozenset()

    def is_fresh(self, now: float) -> bool:
        """Whether it is answered without asking the origin."""
        return now - self.stored_at < self.ttl_seconds


@dataclass(slots=True)
class Cache:
    """In memory: a restart begins cold, and so never stale. `invalidations` only ever grow; threads take turns."""

    invalidations: Callable[[], tuple[Invalidation, ...]]
    started_at: float
    _entries: OrderedDict[Key, Entry] = field(default_factory=OrderedDict)
    _applied: int = 0

    def get(self, key: Key, now: float) -> Entry | None:
        """What is cached, fresh or not."""
        self._apply(now)
        return self._entries.get(key)

    def put(self, key: Key, entry: Entry) -> None:
        """Keep an object; the oldest goes when there are too many."""
        self._entries[key] = entry
        self._entries.move_to_end(key)
        if len(self._entries) > LARGEST_CACHE:
            self._entries.popitem(last=False)

    def counts(self, now: float) -> dict[str, int]:
        """The number of objects of each distribution and tenant."""
        self._apply(now)
        return dict(Counter(key.holder for key in self._entries))

    def _apply(self, now: float) -> None:
        """Let go of everything the invalidations completed since the last look have named."""
        known = self.invalidations()
        while self._applied < len(known) and known[self._applied].completes_at <= now:
            if known[self._applied].completes_at > self.started_at:
                self._drop(known[self._applied])
            self._applied += 1

    def _drop(self, completed: Invalidation) -> None:
        wanted = _Wanted(completed.paths)
        gone = [
            key for key, entry in self._entries.items() if key.holder == completed.holder and wanted.names(key, entry)
        ]
        for key in gone:
            del self._entries[key]


class _Wanted:
    """The items of one invalidation, sorted by how they name an object."""

    def __init__(self, items: Iterable[str]) -> None:
        self._prefixes = tuple(item[:-1] for item in items if invalidation.is_wildcard(item))
        self._tags = frozenset(item[1:].lower() for item in items if invalidation.is_tag(item))
        self._urls = frozenset(items)

    def names(self, key: Key, entry: Entry) -> bool:
        """Whether an object is meant, in whichever variant and wherever it lies."""
        return key.url in self._urls or key.url.startswith(self._prefixes) or not self._tags.isdisjoint(entry.tags)
