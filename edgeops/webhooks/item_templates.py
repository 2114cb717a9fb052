"""Item templates of a rule: `/products/{id}` or `#product:{id:tag}`, filled from one selected object of an event.

A value from outside can never widen what a rule invalidates: it is encoded, what could mean more than itself is
refused, and nothing that comes out exceeds the rule's ceiling.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote_plus

from edgeops.invalidations import items
from edgeops.invalidations.items import EVERYTHING, ItemError

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
NAME = re.compile(r"@|[A-Za-z_][A-Za-z0-9_-]{0,59}(?:\.[A-Za-z_][A-Za-z0-9_-]{0,59}){0,7}")
MAX_TEMPLATE_LENGTH, MAX_VALUE_LENGTH, MAX_PATH_LENGTH = 1_000, 500, 2_000
TAG = re.compile(r"[!-)+-~]+")  # printable ASCII without the asterisk; a comma is refused apart, in words


class TemplateError(Exception):
    """A template cannot be used, or not with this event; the text names the template and the field."""


class MissingFieldError(TemplateError):
    """The event has no such field, or null in it."""


class _ValueError(Exception):
    """Why a value does not fit; the caller knows template and field."""


def check(template: str) -> str:
    """The template, when it is one an admin may save; raises TemplateError."""
    template = template.strip()
    if len(template) > MAX_TEMPLATE_LENGTH:
        raise TemplateError(f"{template[:60]}…: a template has up to {MAX_TEMPLATE_LENGTH:,} characters.")
    is_tag = template.startswith("#")
    for inner in PLACEHOLDER.findall(template):
        _check_placeholder(template, inner, is_tag=is_tag)
    if is_tag and PLACEHOLDER.match(template, 1):
        raise TemplateError(f"{template}: begin with text, as #product:{{id:tag}}, so that no sender can name any tag.")
    try:
        sent = items.parse(PLACEHOLDER.sub("x", template)).sent_form
    except ItemError as error:
        raise TemplateError(f"{template}: {error.problem}") from error
    if re.search("[{}]", PLACEHOLDER.sub("x", template)):
        raise TemplateError(f"{template}: a brace has no partner.")
    if sent == EVERYTHING:
        raise TemplateError("A webhook never invalidates /*; name a narrower path.")
    return template


def check_ceiling(ceiling: str, templates: tuple[str, ...]) -> str:
    """A path or wildcard that every path template can stay within; raises TemplateError."""
    try:
        sent = items.parse(ceiling).sent_form
    except ItemError as error:
        raise TemplateError(f"The ceiling {ceiling}: {error.problem}") from error
    if sent == EVERYTHING or sent.startswith("#"):
        raise TemplateError("The ceiling is a path or a wildcard narrower than /*, as /products/*.")
    for template in templates:
        fixed, bound = template.partition("{")[0], sent.removesuffix("*")
        if not template.startswith("#") and not (fixed.startswith(bound) or bound.startswith(fixed)):
            raise TemplateError(f"{template} can never stay within the ceiling {sent}.")
    return sent


def is_within(sent: str, ceiling: str) -> bool:
    """Whether a path covers nothing beyond the ceiling. Tags are bounded by the fixed text they begin with."""
    if sent.startswith("#"):
        return True
    return sent.startswith(ceiling[:-1]) if ceiling.endswith("*") else sent == ceiling


def fill(template: str, selected: Any, *, ceiling: str = "") -> str:
    """The item for one selected object, as sent; raises TemplateError naming the field that does not fit."""
    filled = PLACEHOLDER.sub(lambda match: _value(template, match, selected), template)
    try:
        sent = items.parse(filled).sent_form
    except ItemError as error:
        raise TemplateError(f"{template}: {error}") from error
    if sent == EVERYTHING:
        raise TemplateError(f"{template}: a webhook never invalidates /*.")
    if ceiling and not is_within(sent, ceiling):
        raise TemplateError(f"{template}: {sent[:100]} is wider than the ceiling {ceiling}.")
    return sent


def _check_placeholder(template: str, inner: str, *, is_tag: bool) -> None:
    name, _, encoding = inner.partition(":")
    if not NAME.fullmatch(name):
        raise TemplateError(f"{template}: {{{inner}}} is no field's name; {{@}} is the selected value itself.")
    if encoding and encoding not in ENCODINGS:
        raise TemplateError(f"{template}: there is no encoding {encoding!r}; there are {', '.join(ENCODINGS)}.")
    if is_tag != (encoding == "tag"):
        wish = f"{{{name}:tag}}" if is_tag else f"{{{name}}}"
        raise TemplateError(f"{template}: write {wish}; the encoding tag is for tags, and tags know no other.")


def _value(template: str, match: re.Match[str], selected: Any) -> str:
    name, _, encoding = match[1].partition(":")
    text = _text(template, name, _find(template, name, selected))
    # A path field often comes with its leading slash; the template has one already.
    if encoding in {"path", "unquote_plus"} and template[: match.start()].endswith("/"):
        text = text.removeprefix("/")
    try:
        return ENCODINGS[encoding](text) if encoding else _segment(text)
    except _ValueError as error:
        raise TemplateError(f"{template}: field `{name}` is {text[:60]!r}, {error}") from error
    except UnicodeEncodeError as error:
        raise TemplateError(f"{template}: field `{name}` is not valid text.") from error


def _find(template: str, name: str, selected: Any) -> Any:
    found = selected
    for part in name.split(".") if name != "@" else ():
        found = found.get(part) if isinstance(found, Mapping) else None
    if found is None:
        raise MissingFieldError(f"{template}: the selected object has no field `{name}`.")
    return found


def _text(template: str, name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TemplateError(f"{template}: field `{name}` is {_kind(value)}, not a text or a whole number.")
    text = str(value) if isinstance(value, str) or abs(value) < 10**18 else ""
    if not text or len(text) > MAX_PATH_LENGTH:
        raise TemplateError(f"{template}: field `{name}` is empty or too long.")
    return text


def _segment(text: str) -> str:
    if not text or len(text) > MAX_VALUE_LENGTH:
        raise _ValueError("which is empty or too long for a path segment.")
    if text in {".", ".."} or "/" in text or "\\" in text or "*" in text:
        raise _ValueError("which is not one path segment.")
    return quote(text, safe="")


def _path(text: str) -> str:
    """Each segment for itself; only the last may be empty, as of a directory."""
    *inner, last = text.split("/")
    return "/".join([*(_segment(one) for one in inner), _segment(last) if last else ""])


def _unquoted(text: str) -> str:
    """Form-encoded, as S3 writes keys in its events."""
    try:
        plain = unquote_plus(text, errors="strict")
    except UnicodeDecodeError as error:
        raise _ValueError("which is not form-encoded UTF-8.") from error
    return _path(plain)


def _tag(text: str) -> str:
    if "," in text or not TAG.fullmatch(text):
        raise _ValueError("which is no cache tag: printable ASCII without spaces, commas and asterisks.")
    return text


ENCODINGS: dict[str, Callable[[str], str]] = {"path": _path, "tag": _tag, "unquote_plus": _unquoted}


def _kind(value: object) -> str:
    names = {bool: "a boolean", list: "a list", dict: "an object", float: "a fraction"}
    return names.get(type(value), type(value).__name__)
