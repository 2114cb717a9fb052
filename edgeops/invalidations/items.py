"""What a person or a webhook wrote, turned into what CloudFront accepts, or refused with a way to mend it.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from edgeops.invalidations.models import ItemKind

MAX_LENGTH = 4_000
# In progress at once per distribution; a larger batch could never be accepted.
MAX_ITEMS, MAX_WILDCARDS = 3_000, 15
EVERYTHING = "/*"
# RFC 1738's unsafe characters that have no other meaning here; they are encoded without asking.
UNSAFE = re.compile(r'[<>"{}|^`\[\]]')
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
STAR = re.compile("%2a", re.IGNORECASE)
TILDE = re.compile(r"~|%7e", re.IGNORECASE)
SCHEME = re.compile(r"https?://", re.IGNORECASE)
MAX_MENDS = 12
MAX_NAMED = 3


@dataclass(frozen=True)
class Item:
    """One path or wildcard: as written, as sent, and what changed in between."""

    kind: ItemKind
    raw: str
    sent_form: str
    notes: str = ""


class ItemError(Exception):
    """A line that CloudFront would refuse, or silently match nothing with."""

    def __init__(self, raw: str, problem: str, suggestion: str = "") -> None:
        super().__init__(problem)
        self.raw = raw
        self.problem = problem
        self.suggestion = suggestion

    def __str__(self) -> str:
        offer = f" Try {self.suggestion}" if self.suggestion else ""
        return f"{self.raw[:100]!r}: {self.problem}{offer}"


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
        """Whether it empties the whole distribution."""
        return any(item.sent_form == EVERYTHING for item in self.items)


def parse_many(lines: Iterable[str]) -> Parsed:
    """Read every line, so that a person sees all errors at once; empty lines are skipped, doubles kept once."""
    items: dict[str, Item] = {}
    errors = []
    for line in lines:
        if not line.strip():
            continue
        try:
            item = parse(line)
        except ItemError as error:
            errors.append(error)
        else:
            items.setdefault(item.sent_form, item)
    found = tuple(items.values())
    return Parsed(items=found, errors=tuple(errors), problems=tuple(_list_problems(found, errors)))


def parse(raw: str) -> Item:
    """One item as CloudFront takes it; raises ItemError with the problem and, where there is one, a form that works."""
    try:
        return _parse(raw.strip())
    except ItemError as error:
        raise ItemError(error.raw, error.problem, _mended(error.suggestion)) from None


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


def _mended(suggestion: str) -> str:
    """Mend until nothing is left to mend, so that a suggestion is never refused in its turn."""
    for _ in range(MAX_MENDS):
        if not suggestion:
            return ""
        try:
            return _parse(suggestion).sent_form
        except ItemError as error:
            suggestion = error.suggestion
    return ""


def _parse(text: str) -> Item:
    _refuse_unreadable(text)
    _refuse_foreign_shape(text)
    _refuse_unsendable(text)
    notes = []
    sent = UNSAFE.sub(lambda match: quote(match[0]), text)
    if sent != text:
        notes.append("percent-encoded as CloudFront requires")
    if "//" in sent.partition("?")[0]:
        notes.append("two slashes in a row name another object than one")
    if len(sent) > MAX_LENGTH:
        raise ItemError(text, f"It has {len(sent):,} characters as sent; CloudFront takes {MAX_LENGTH:,}.")
    kind = ItemKind.WILDCARD if sent.endswith("*") else ItemKind.PATH
    return Item(kind=kind, raw=text, sent_form=sent, notes="; ".join(notes))


def named(sent_forms: Sequence[str]) -> str:
    """The first few paths and how many more, for titles."""
    more = len(sent_forms) - MAX_NAMED
    return ", ".join(sent_forms[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _refuse_unreadable(text: str) -> None:
    if not text:
        raise ItemError(text, "It is empty.")
    if CONTROL.search(text):
        raise ItemError(text, "It holds a control character.", CONTROL.sub("", text))


def _refuse_foreign_shape(text: str) -> None:
    """What is not a path of this distribution: a URL, a tag, a relative path, a fragment."""
    if SCHEME.match(text):
        raise ItemError(text, "CloudFront wants the path alone, without scheme and host.", _path_of(text))
    if text.startswith("#"):
        raise ItemError(text, "Cache tags are not sent by this version of EdgeOps; name the paths.")
    if not text.startswith("/"):
        raise ItemError(text, "A path starts with a slash.", "/" + text)
    if "\\" in text:
        raise ItemError(text, "It holds a backslash; paths are written with slashes.", text.replace("\\", "/"))
    if "#" in text:
        raise ItemError(text, "A fragment (#…) never reaches CloudFront; leave it out.", text.partition("#")[0])
    if any(unquote(segment) in {".", ".."} for segment in text.partition("?")[0].split("/")):
        raise ItemError(text, "Segments `.` and `..` match nothing: CloudFront sees the path after they are resolved.")


def _refuse_unsendable(text: str) -> None:
    """What has a form that works, but a person should see it before it is sent."""
    if STAR.search(text):
        # Undocumented whether CloudFront reads it as a wildcard: it must not slip past the rules for those.
        raise ItemError(text, "An asterisk is written as itself, and works as the last character only.", _starred(text))
    if "*" in text[:-1]:
        raise ItemError(
            text,
            "A wildcard works as the last character only; elsewhere CloudFront would match nothing.",
            text[: text.index("*") + 1],
        )
    if TILDE.search(text):
        covering = TILDE.split(text)[0] + "*"
        if covering == EVERYTHING:
            raise ItemError(text, "CloudFront cannot invalidate `~`; only /* covers this, which empties everything.")
        raise ItemError(text, "CloudFront cannot invalidate a path with `~`; a wildcard can cover it.", covering)
    if BAD_PERCENT.search(text):
        raise ItemError(text, "A % must be followed by two hexadecimal digits.", BAD_PERCENT.sub("%25", text))
    if re.search(r"[^\x21-\x7e]", text):
        raise ItemError(text, "Spaces and characters outside ASCII must be percent-encoded.", _encoded(text))


def _starred(text: str) -> str:
    return STAR.split(text)[0] + "*"


def _encoded(text: str) -> str:
    return re.sub(r"[^\x21-\x7e]", lambda match: quote(match[0]), text)


def _path_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:  # as http://[ is
        return ""
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
