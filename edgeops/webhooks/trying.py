"""Trying a rule on an event: what it would invalidate, and why. Pure; running a rule is this and the asking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeops.invalidations import items as parsing
from edgeops.webhooks import expressions, item_templates, payloads
from edgeops.webhooks.definitions import Definition
from edgeops.webhooks.expressions import ExpressionError
from edgeops.webhooks.item_templates import MissingFieldError, TemplateError
from edgeops.webhooks.payloads import PayloadError

MAX_SELECTED = 10_000
PROBLEMS_TOLD = 5


@dataclass(frozen=True)
class Document:
    """An event as rules see it: header names in lower case, and the body parsed."""

    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Trial:
    """What a rule makes of an event: the items as sent, what does not fit, and how it came to that, a line each."""

    matches: bool
    items: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()


class _RefusedError(Exception):
    """The rule makes nothing of this event; the text says why."""


def read(headers: Mapping[str, str], body: bytes) -> Document:
    """A stored or pasted delivery as rules see it; raises PayloadError."""
    return Document(headers, payloads.read(body))


def try_rule(definition: Definition, payload: Document) -> Trial:
    """What a rule would do with an event; nothing is asked for."""
    try:
        document = _document(definition, payload)
        if definition.when and not expressions.is_true(_search("when", definition.when, document)):
            return Trial(matches=False, explanation=("The condition does not hold.",))
        selected = _selected(_search("select", definition.select, document))
    except _RefusedError as error:
        return Trial(matches=True, problems=(str(error),))
    return _collected(definition, selected)


def _document(definition: Definition, payload: Document) -> dict[str, Any]:
    document = {"headers": dict(payload.headers), "body": payload.body}
    if not definition.unwrap:
        return document
    inner = _search("unwrap", definition.unwrap, document)
    if not isinstance(inner, str):
        raise _RefusedError("unwrap finds no text in this event.")
    try:
        return document | {"body": payloads.read(inner.encode())}
    except (PayloadError, UnicodeEncodeError) as error:
        raise _RefusedError(f"What unwrap finds is no JSON. {error}"[:300]) from error


def _search(field: str, expression: str, document: dict[str, Any]) -> Any:
    try:
        return expressions.search(expression, document)
    except ExpressionError as error:
        raise _RefusedError(f"{field}: {error}") from error


def _selected(found: Any) -> list[Any]:
    selected = found if isinstance(found, list) else [] if found is None else [found]
    if len(selected) > MAX_SELECTED:
        raise _RefusedError(f"select finds {len(selected):,} objects; {MAX_SELECTED:,} are the most for one event.")
    return selected


def _collected(definition: Definition, selected: Sequence[Any]) -> Trial:
    items: dict[str, None] = {}
    problems: list[str] = []
    for one in selected:
        for template in definition.items:
            _add(template, one, definition, items, problems, is_optional=False)
        for template in definition.optional:
            _add(template, one, definition, items, problems, is_optional=True)
    explanation = [f"Selected {_counted(len(selected), 'object')}, which make {_counted(len(items), 'item')}."]
    sendable = _collapsed(definition, list(items), explanation)
    listed = parsing.parse_many(sendable).problems if sendable else ()
    return Trial(
        matches=True,
        items=() if listed else tuple(sendable),
        problems=(*_told(problems), *listed),
        explanation=tuple(explanation),
    )


def _add(
    template: str,
    selected: Any,
    definition: Definition,
    items: dict[str, None],
    problems: list[str],
    *,
    is_optional: bool,
) -> None:
    try:
        items.setdefault(item_templates.fill(template, selected, ceiling=definition.ceiling))
    except MissingFieldError as error:
        if not is_optional:
            problems.append(str(error))
    except TemplateError as error:
        problems.append(str(error))


def _collapsed(definition: Definition, items: list[str], explanation: list[str]) -> list[str]:
    """The ceiling in place of the paths when there are too many; tags are not covered by it and stay."""
    tags = [item for item in items if item.startswith("#")]
    if definition.max_items is None or len(items) <= definition.max_items or len(tags) == len(items):
        return items
    explanation.append(f"More than {definition.max_items:,}: collapsed to the ceiling {definition.ceiling}.")
    return [definition.ceiling, *tags]


def _told(problems: Sequence[str]) -> list[str]:
    """The first few, each once, and how many more."""
    distinct = list(dict.fromkeys(problems))
    more = len(problems) - min(len(distinct), PROBLEMS_TOLD)
    return [*distinct[:PROBLEMS_TOLD], *([f"And {more:,} more like these."] if more else [])]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
