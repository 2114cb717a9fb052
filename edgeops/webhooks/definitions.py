"""What a rule says, as data: when it applies, what it selects, which items that makes, and what it can never exceed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from edgeops.invalidations import items as parsing
from edgeops.webhooks import expressions, item_templates
from edgeops.webhooks.expressions import ExpressionError
from edgeops.webhooks.item_templates import PLACEHOLDER, TemplateError

MAX_TEMPLATES = 50
MAX_DELAY_SECONDS = 3_600


class DefinitionError(Exception):
    """A rule that cannot be saved; `field` is the one to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Definition:
    """One version of a rule.

    `when`, `select` and `unwrap` are JMESPath over `{headers, body}`; an empty `when` always applies. `unwrap` names a
    text that holds JSON, which becomes the body. `optional` templates are left out where a field is missing.
    """

    items: tuple[str, ...]
    when: str = ""
    select: str = "body"
    optional: tuple[str, ...] = ()
    ceiling: str = ""
    max_items: int | None = None
    not_before_seconds: int = 0
    unwrap: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """A definition as it was stored."""
        return cls(**{**stored, "items": tuple(stored["items"]), "optional": tuple(stored.get("optional", ()))})

    @property
    def stored(self) -> dict[str, Any]:
        """As JSON: what says nothing is left out."""
        return {
            field.name: list(value) if isinstance(value, tuple) else value
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }

    @property
    def templates(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.items, *self.optional)


def check(given: Definition) -> Definition:
    """The definition as it is saved; raises DefinitionError naming the field and, in an expression, the position."""
    made = replace(
        given,
        items=_templates("items", given.items),
        optional=_templates("optional", given.optional),
        when=_expression("when", given.when),
        select=_expression("select", given.select) or "body",
        unwrap=_expression("unwrap", given.unwrap),
    )
    _check_bounds(made)
    try:
        ceiling = item_templates.check_ceiling(made.ceiling, made.templates) if made.ceiling.strip() else ""
    except TemplateError as error:
        raise DefinitionError("ceiling", str(error)) from error
    problems = parsing.parse_many(PLACEHOLDER.sub(r"\1", one).replace(":tag", "") for one in made.templates).problems
    if problems:
        raise DefinitionError("items", " ".join(problems))
    return replace(made, ceiling=ceiling)


def for_event(event_type: str, templates: Sequence[str]) -> Definition:
    """The plain case of Standard Webhooks: events of one type, items from their data."""
    return Definition(
        items=tuple(templates), when=f"body.type == {expressions.literal(event_type)}", select="body.data"
    )


def describe(definition: Definition) -> dict[str, Any]:
    """Every field, for the audit log and for pages."""
    return asdict(definition)


def _templates(field: str, given: Sequence[str]) -> tuple[str, ...]:
    try:
        found = tuple(item_templates.check(one) for one in given if one.strip())
    except TemplateError as error:
        raise DefinitionError(field, str(error)) from error
    if field == "items" and not found:
        raise DefinitionError(field, "Name at least one item, as /products/{id}.")
    return found


def _expression(field: str, text: str) -> str:
    try:
        return expressions.check(text) if text.strip() else ""
    except ExpressionError as error:
        raise DefinitionError(field, str(error)) from error


def _check_bounds(made: Definition) -> None:
    if len(made.templates) > MAX_TEMPLATES:
        raise DefinitionError("items", f"A rule has up to {MAX_TEMPLATES} templates.")
    if not 0 <= made.not_before_seconds <= MAX_DELAY_SECONDS:
        raise DefinitionError("not_before_seconds", f"A rule waits for up to {MAX_DELAY_SECONDS:,} s.")
    if made.max_items is not None and not 1 <= made.max_items <= parsing.MAX_ITEMS:
        raise DefinitionError("max_items", f"From 1 to {parsing.MAX_ITEMS:,} items.")
    if made.max_items is not None and not made.ceiling.strip():
        raise DefinitionError("ceiling", "Above max_items a rule collapses to its ceiling, so it needs one.")
