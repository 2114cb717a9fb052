"""How a wanted estate differs from the one there is, in words a person can judge before it is applied. Pure."""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from edgeops.estate.document import AccountDoc, ApiDoc, DistributionDoc, EstateDoc, HopDoc
from edgeops.estate.models import HopKind

NOTHING = "none"
SHOWN = 200
"""How much of one value is shown."""


class Kind(StrEnum):
    """What happens to the subject."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class What(StrEnum):
    """What the subject is."""

    ACCOUNT = "account"
    API = "api"
    HOP = "hop"


@dataclass(frozen=True, slots=True)
class Change:
    """One value, old and new, in words."""

    field: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.field} {self.old} → {self.new}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is added, changed or removed; `key` is the account's name, or the slug of the API it belongs to.

    `notes` say what else follows from it; only who knows the rows can add them.
    """

    kind: Kind
    what: What
    key: str
    subject: str
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = f": {'; '.join(map(str, self.changes))}" if self.kind == Kind.CHANGED else ""
        return " ".join([f"{self.subject} is {self.kind}{told}.", *self.notes])


def compare(now: EstateDoc, wanted: EstateDoc) -> list[Difference]:
    """Every difference; what is there and not wanted is `removed`, whether or not somebody goes on to remove it."""
    accounts, wanted_accounts = _by(now.accounts, "name"), _by(wanted.accounts, "name")
    apis, wanted_apis = _by(now.apis, "slug"), _by(wanted.apis, "slug")
    found = [one for name, doc in wanted_accounts.items() for one in compare_account(accounts.get(name), doc)]
    found += [one for slug, doc in wanted_apis.items() for one in compare_api(apis.get(slug), doc)]
    found += [_api(Kind.REMOVED, doc) for slug, doc in apis.items() if slug not in wanted_apis]
    found += [_account(Kind.REMOVED, doc) for name, doc in accounts.items() if name not in wanted_accounts]
    return found


def compare_account(now: AccountDoc | None, wanted: AccountDoc) -> list[Difference]:
    """At most one difference."""
    changes = tuple(_changes(now, wanted, ACCOUNT_WORDS))
    if now is None:
        return [_account(Kind.ADDED, wanted, changes)]
    return [_account(Kind.CHANGED, wanted, changes)] if changes else []


def compare_api(now: ApiDoc | None, wanted: ApiDoc) -> list[Difference]:
    """What becomes of the API and its distribution, then of each hop on its path. A new API is one difference."""
    changes = tuple(_changes(now, wanted, API_WORDS))
    changes += tuple(_changes(now.distribution if now else None, wanted.distribution, DISTRIBUTION_WORDS))
    if now is None:
        return [_api(Kind.ADDED, wanted, (*changes, Change("request path", NOTHING, path_words(wanted))))]
    own = [_api(Kind.CHANGED, wanted, changes)] if changes else []
    return own + compare_hops(now, wanted)


def compare_hops(now: ApiDoc, wanted: ApiDoc) -> list[Difference]:
    """What becomes of each hop on an API's request path, and no more."""
    found = (
        compare_hop(
            wanted,
            None if before is None else now.hops[before],
            None if after is None else wanted.hops[after],
        )
        for before, after in pairs(now, wanted)
    )
    return [one for one in found if one is not None]


def compare_hop(api: ApiDoc, now: HopDoc | None, wanted: HopDoc | None) -> Difference | None:
    """What becomes of one hop of `api`; None when nothing does."""
    if wanted is None:
        return None if now is None else _hop(Kind.REMOVED, api, now)
    if now is None:
        return _hop(Kind.ADDED, api, wanted)
    changes = _hop_changes(now, wanted)
    return _hop(Kind.CHANGED, api, wanted, changes) if changes else None


def pairs(now: ApiDoc, wanted: ApiDoc) -> list[tuple[int | None, int | None]]:
    """Which hop became which, by index, in the wanted order, then those that go; None where there is no other.

    The same metrics, the same id, the same name, in this order, make two hops of one kind and region the same. Hops of
    another account are others.
    """
    became: dict[int, int] = {}
    for key in (_all_of, _dimensions, _aws_id, _name) if now.account == wanted.account else ():
        free = _places(now.hops, key, set(became.values()))
        for index, hop in enumerate(wanted.hops):
            if index not in became and free.get(key(hop)):
                became[index] = free[key(hop)].pop(0)
    gone = sorted(set(range(len(now.hops))) - set(became.values()))
    return [*((became.get(index), index) for index in range(len(wanted.hops))), *((index, None) for index in gone)]


def is_same_resource(now: HopDoc, wanted: HopDoc) -> bool:
    """Whether what was read of the one is what is read of the other."""
    return (now.kind, now.region, dict(now.dimensions)) == (wanted.kind, wanted.region, dict(wanted.dimensions))


def path_words(api: ApiDoc) -> str:
    """The request path in one line, as a viewer's request walks it."""
    return " → ".join(_hop_words(hop) for hop in sorted(api.hops, key=lambda hop: hop.position)) or NOTHING


def _places(hops: Sequence[HopDoc], key: Callable[[HopDoc], Hashable], taken: set[int]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = {}
    for index, hop in enumerate(hops):
        if index not in taken and key(hop) is not None:
            found.setdefault(key(hop), []).append(index)
    return found


def _all_of(hop: HopDoc) -> Hashable:
    return hop.kind, hop.region, tuple(sorted(hop.dimensions.items())), hop.aws_id, hop.name


def _dimensions(hop: HopDoc) -> Hashable:
    return (hop.kind, hop.region, tuple(sorted(hop.dimensions.items()))) if hop.dimensions else None


def _aws_id(hop: HopDoc) -> Hashable:
    return (hop.kind, hop.region, hop.aws_id) if hop.aws_id else None


def _name(hop: HopDoc) -> Hashable:
    return hop.kind, hop.region, hop.name


ACCOUNT_WORDS = {
    "aws_account_id": "AWS account id",
    "region": "region",
    "other_regions": "other regions",
    "role_arn": "role",
    "monthly_budget": "monthly budget",
}
API_WORDS = {"name": "name", "account": "account", "region": "region", "description": "description"}
DISTRIBUTION_WORDS = {
    "aws_id": "distribution",
    "name": "the distribution's name",
    "domain": "domain",
    "aliases": "aliases",
    "has_additional_metrics": "CloudFront's additional metrics",
    "viewer_base_url": "where viewers ask",
    "viewer_host": "the host viewers ask for",
    "origin_probe_url": "where the origin is probed",
}
HOP_WORDS = {"name": "name", "position": "column", "aws_id": "id"}
type Doc = AccountDoc | ApiDoc | DistributionDoc | HopDoc


def _changes(now: Doc | None, wanted: Doc, words: Mapping[str, str]) -> Iterator[Change]:
    for name, word in words.items():
        old, new = _comparable(getattr(now, name, None)), _comparable(getattr(wanted, name))
        is_left_out = now is None and (new is None or new is False or new == "")
        if old != new and not is_left_out:
            yield Change(word, _words(old), _words(new))


def _hop_changes(now: HopDoc, wanted: HopDoc) -> tuple[Change, ...]:
    return (
        *_changes(now, wanted, HOP_WORDS),
        *_entries(now.dimensions, wanted.dimensions, "dimension "),
        *_entries(now.details, wanted.details, ""),
    )


def _entries(now: Mapping[str, Any], wanted: Mapping[str, Any], prefix: str) -> Iterator[Change]:
    for name in sorted({*now, *wanted}):
        if (name in now, now.get(name)) != (name in wanted, wanted.get(name)):
            yield Change(f"{prefix}{name}", _entry(now, name), _entry(wanted, name))


def _entry(entries: Mapping[str, Any], name: str) -> str:
    value = entries.get(name)
    return _words(value if value is None or isinstance(value, (str, bool)) else json.dumps(value, ensure_ascii=False))


def _comparable(value: Any) -> Any:
    """The order of aliases and regions says nothing."""
    return ", ".join(sorted(set(value))) if isinstance(value, tuple) else value


def _words(value: Any) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "on" if value else "off"
    text = f"${value:.2f}" if isinstance(value, Decimal) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _account(kind: Kind, doc: AccountDoc, changes: tuple[Change, ...] = ()) -> Difference:
    return Difference(kind=kind, what=What.ACCOUNT, key=doc.name, subject=f"AWS account {doc.name}", changes=changes)


def _api(kind: Kind, doc: ApiDoc, changes: tuple[Change, ...] = ()) -> Difference:
    subject = f"API {doc.name}" if doc.name == doc.slug else f"API {doc.name} ({doc.slug})"
    return Difference(kind=kind, what=What.API, key=doc.slug, subject=subject, changes=changes)


def _hop(kind: Kind, api: ApiDoc, hop: HopDoc, changes: tuple[Change, ...] = ()) -> Difference:
    subject = f"{_hop_words(hop)} on the path of {api.name}"
    return Difference(kind=kind, what=What.HOP, key=api.slug, subject=subject, changes=changes)


def _hop_words(hop: HopDoc) -> str:
    return f"{HopKind(hop.kind).label} {hop.name}"


def _by[T: Doc](docs: Iterable[T], name: str) -> dict[str, T]:
    return {getattr(one, name): one for one in docs}
