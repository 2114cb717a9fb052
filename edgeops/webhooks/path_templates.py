"""Path templates of a rule: `/products/{id}` filled from an event's data, one path segment at a time.

A value from outside can never widen what a rule invalidates: it is encoded, and what could mean more than itself is
refused.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from edgeops.invalidations import items
from edgeops.invalidations.items import EVERYTHING, ItemError

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
MAX_VALUE_LENGTH = 500


class TemplateError(Exception):
    """A template cannot be used, or not with this event; the text names the template and the field."""


def check(template: str) -> str:
    """The template, when it is one an admin may save; raises TemplateError."""
    template = template.strip()
    for name in PLACEHOLDER.findall(template):
        if not NAME.fullmatch(name):
            raise TemplateError(f"{template}: {{{name}}} is not a field's name.")
    try:
        sent = items.parse(PLACEHOLDER.sub("x", template)).sent_form
    except ItemError as error:
        raise TemplateError(f"{template}: {error.problem}") from error
    if "%7B" in sent or "%7D" in sent:
        raise TemplateError(f"{template}: a brace has no partner.")
    if sent == EVERYTHING:
        raise TemplateError("A webhook never invalidates /*; name a narrower path.")
    return template


def check_all(templates: Sequence[str]) -> list[str]:
    """The templates of one rule, each checked, and together few enough for one event; raises TemplateError."""
    checked = [check(template) for template in templates]
    problems = items.parse_many(PLACEHOLDER.sub(r"\1", template) for template in checked).problems
    if problems:
        raise TemplateError(" ".join(problems))
    return checked


def fill(template: str, data: Mapping[str, Any]) -> str:
    """The path for one event; raises TemplateError naming the field that does not fit."""
    filled = PLACEHOLDER.sub(lambda match: _segment(template, match[1], data), template)
    try:
        sent = items.parse(filled).sent_form
    except ItemError as error:
        raise TemplateError(f"{template}: {error}") from error
    if sent == EVERYTHING:
        raise TemplateError(f"{template}: a webhook never invalidates /*.")
    return sent


def _segment(template: str, name: str, data: Mapping[str, Any]) -> str:
    if name not in data:
        raise TemplateError(f"{template}: the event's data has no field `{name}`.")
    value = data[name]
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TemplateError(f"{template}: field `{name}` is {_kind(value)}, not a text or a whole number.")
    text = str(value) if isinstance(value, str) or abs(value) < 10**18 else ""
    if not text or len(text) > MAX_VALUE_LENGTH:
        raise TemplateError(f"{template}: field `{name}` is empty or too long.")
    if text in {".", ".."} or "/" in text or "\\" in text or "*" in text:
        raise TemplateError(f"{template}: field `{name}` is {text[:60]!r}, which is not one path segment.")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        raise TemplateError(f"{template}: field `{name}` is not valid text.") from error


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a boolean", list: "a list", dict: "an object", float: "a fraction"}
    return names.get(type(value), type(value).__name__)
