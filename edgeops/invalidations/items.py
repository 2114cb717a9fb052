"""What a person or a webhook wrote, turned into what CloudFront accepts, or refused with a way to mend it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edgeops.invalidations import paths, tags
from edgeops.invalidations.item_errors import ItemError
from edgeops.invalidations.models import ItemKind
from edgeops.invalidations.paths import EVERYTHING
from edgeops.invalidations.site import ANYWHERE, Site

__all__ = ["EVERYTHING", "Item", "ItemError", "Parsed", "as_sent", "kind_of", "named", "parse", "parse_many"]
# In progress at once per distribution; a longer list could not be sent in one go.
MAX_ITEMS, MAX_WILDCARDS = 3_000, 15
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
MAX_MENDS = 12
MAX_NAMED = 3


@dataclass(frozen=True)
class Item:
    """One path, wildcard or tag: as written, as sent, and what changed in between."""

    kind: ItemKind
    raw: str
    sent_form: str
    notes: str = ""


@dataclass(frozen=True)
class Parsed:
    """A whole list: the good items without doubles, every refused line, and what is wrong with the list itself."""

    items: tuple[Item, ...]
    errors: tuple[ItemError, ...]
    problems: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether all of it can be sent."""
        return not self.errors and not self.problems

    @property
    def sent_forms(self) -> list[str]:
        """What a batch would carry: sorted, each once."""
        return sorted(item.sent_form for item in self.items)

    @property
    def wildcards(self) -> int:
        """How many of the scarce wildcards it spends."""
        return sum(item.kind == ItemKind.WILDCARD for item in self.items)

    @property
    def is_everything(self) -> bool:
        """Whether it empties the whole cache."""
        return any(item.sent_form == EVERYTHING for item in self.items)


def parse_many(lines: Iterable[str], site: Site = ANYWHERE) -> Parsed:
    """Read every line, so that a person sees all errors at once; empty lines are skipped, doubles kept once."""
    items: dict[str, Item] = {}
    errors = []
    for line in lines:
        if not line.strip():
            continue
        try:
            item = parse(line, site)
        except ItemError as error:
            errors.append(error)
        else:
            items.setdefault(item.sent_form, item)
    found = tuple(items.values())
    return Parsed(items=found, errors=tuple(errors), problems=tuple(_list_problems(found, errors)))


def parse(raw: str, site: Site = ANYWHERE) -> Item:
    """One item as CloudFront takes it; raises ItemError with the problem and, where there is one, a form that works."""
    try:
        return _parse(raw.strip(), site)
    except ItemError as error:
        raise ItemError(raw.strip(), error.problem, _mended(error.suggestion, site)) from None


def as_sent(sent_forms: Iterable[str]) -> Parsed:
    """Forms that were accepted before, as they are."""
    return Parsed(tuple(Item(kind_of(form), form, form) for form in sent_forms), errors=(), problems=())


def kind_of(sent_form: str) -> ItemKind:
    """What a form as sent names."""
    if sent_form.startswith("#"):
        return ItemKind.TAG
    return ItemKind.WILDCARD if sent_form.endswith("*") else ItemKind.PATH


def named(sent_forms: Sequence[str]) -> str:
    """The first few paths and how many more, for titles."""
    more = len(sent_forms) - MAX_NAMED
    return ", ".join(sent_forms[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _list_problems(items: tuple[Item, ...], errors: list[ItemError]) -> Iterable[str]:
    if not items and not errors:
        yield "Name at least one path."
    if len(items) > MAX_ITEMS:
        yield (
            f"{len(items):,} paths are more than the {MAX_ITEMS:,} CloudFront has in progress at once. "
            "Split them, or cover them with a wildcard."
        )
    wildcards = sum(item.kind == ItemKind.WILDCARD for item in items)
    if wildcards > MAX_WILDCARDS:
        yield (
            f"{wildcards} wildcards are more than the {MAX_WILDCARDS} CloudFront has in progress at once. "
            "Name exact paths, or a wildcard that covers several."
        )


def _mended(suggestion: str, site: Site) -> str:
    """Mend until nothing is left to mend, so that a suggestion is never refused in its turn; never to all there is."""
    for _ in range(MAX_MENDS):
        if not suggestion:
            return ""
        try:
            mended = _parse(suggestion, site).sent_form
        except ItemError as error:
            suggestion = error.suggestion
        else:
            return "" if mended == EVERYTHING else mended
    return ""


def _parse(text: str, site: Site) -> Item:
    if not text:
        raise ItemError(text, "It is empty.")
    if CONTROL.search(text):
        raise ItemError(text, "It holds a control character.", CONTROL.sub("", text))
    sent, notes = (tags if text.startswith("#") else paths).read(text, site)
    return Item(kind=kind_of(sent), raw=text, sent_form=sent, notes="; ".join(notes))
