"""Saving, switching and deleting rules. Each save that changes something is a version of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.webhooks import definitions
from edgeops.webhooks.definitions import Definition, DefinitionError
from edgeops.webhooks.models import Endpoint, Rule, RuleVersion

MAX_RULES = 50


@dataclass(frozen=True)
class NewRule:
    """A rule as an admin asks for it."""

    name: str
    definition: Definition


def add(endpoint: Endpoint, wish: NewRule, *, actor: Actor, now: datetime) -> Rule:
    """A rule of a name nobody has taken; raises DefinitionError."""
    definition = definitions.check(wish.definition)
    name = wish.name.strip()
    if not name or len(name) > 100:
        raise DefinitionError("name", "A rule has a name of up to 100 characters.")
    with transaction.atomic():
        existing = list(Endpoint.objects.select_for_update().get(pk=endpoint.pk).rules.existing())
        if any(rule.name == name for rule in existing):
            raise DefinitionError("name", f"There is a rule {name} already; take another name.")
        if len(existing) >= MAX_RULES:
            raise DefinitionError("name", f"An endpoint has up to {MAX_RULES} rules.")
        rule = Rule.objects.create(endpoint=endpoint, name=name)
        _add_version(rule, definition, actor=actor, now=now)
        _tell(rule, "created", f"Rule {name} of webhook endpoint {endpoint}", actor, now=now, definition=definition)
    return rule


def save(rule: Rule, definition: Definition, *, actor: Actor, now: datetime) -> RuleVersion:
    """A new version, or the one that holds when nothing changed; raises DefinitionError."""
    checked = definitions.check(definition)
    with transaction.atomic():
        locked = Rule.objects.select_for_update().get(pk=rule.pk)
        if locked.current is not None and locked.current.definition == checked.stored:
            return locked.current
        version = _add_version(locked, checked, actor=actor, now=now)
        summary = f"Rule {rule} of webhook endpoint {rule.endpoint}: version {version.number}"
        _tell(rule, "saved", summary, actor, now=now, definition=checked)
    rule.current = version
    return version


def set_enabled(rule: Rule, *, is_enabled: bool, actor: Actor, now: datetime) -> None:
    """Let a rule run, or not."""
    with transaction.atomic():
        if Rule.objects.filter(pk=rule.pk, is_enabled=not is_enabled).update(is_enabled=is_enabled):
            word = "enabled" if is_enabled else "disabled"
            _tell(rule, word, f"Rule {rule} of webhook endpoint {rule.endpoint} {word}", actor, now=now)


def delete(rule: Rule, *, actor: Actor, now: datetime) -> None:
    """Take a rule off every list; its versions stay, since invalidations name them."""
    with transaction.atomic():
        if Rule.objects.filter(pk=rule.pk, deleted_at=None).update(deleted_at=now, is_enabled=False):
            _tell(rule, "deleted", f"Rule {rule} of webhook endpoint {rule.endpoint} deleted", actor, now=now)


def definition_of(rule: Rule) -> Definition:
    """What holds now."""
    if rule.current is None:
        raise LookupError(f"{rule} has no version")  # never after `add`, which writes both or neither
    return Definition.of(rule.current.definition)


def running(endpoint: Endpoint) -> Sequence[Rule]:
    """Every rule to run on an event of this endpoint, oldest first."""
    return list(endpoint.rules.existing().filter(is_enabled=True))


def _add_version(rule: Rule, definition: Definition, *, actor: Actor, now: datetime) -> RuleVersion:
    version = RuleVersion.objects.create(
        rule=rule,
        number=rule.versions.count() + 1,
        definition=definition.stored,
        saved_at=now,
        saved_by=actor.name,
    )
    rule.current = version
    rule.save(update_fields=["current"])
    return version


def _tell(
    rule: Rule, what: str, summary: str, actor: Actor, *, now: datetime, definition: Definition | None = None
) -> None:
    audit.record(
        actor,
        f"webhook_rule.{what}",
        subject=("webhook_rule", rule.pk),
        summary=summary,
        detail=definition.stored if definition else None,
        now=now,
    )
