"""Changing a distribution's policy and an account's quotas: checked, audited with old and new."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.estate.models import Account, Distribution
from edgeops.invalidations import covering, items
from edgeops.invalidations.items import ItemError
from edgeops.invalidations.models import Policy, QuotaProfile

RUNNING = {"id", "distribution", "account", "calls_free_at", "items_free_at", "wildcards_free_at"}


class PolicyError(Exception):
    """The policy or quota cannot be so; the text names the field."""


def set_policy(distribution: Distribution, wish: Mapping[str, Any], *, actor: Actor, now: datetime) -> Policy:
    """Change the named fields of a distribution's policy; PolicyError leaves it as it was."""
    policy = Policy.of(distribution)
    read = dict(wish)
    for name in {"ceilings", "protected"} & set(read):
        read[name] = _patterns(name, read[name])
    subject = ("distribution", distribution.pk)
    _change(policy, read, subject=subject, summary=f"Invalidation policy of {distribution}", actor=actor, now=now)
    return policy


def set_quota(account: Account, wish: Mapping[str, Any], *, actor: Actor, now: datetime) -> QuotaProfile:
    """Change the named bounds of an account; None switches one off. Workers follow it with their next call."""
    profile = QuotaProfile.of(account)
    summary = f"Invalidation quotas of {account}"
    _change(profile, wish, subject=("account", account.name), summary=summary, actor=actor, now=now)
    return profile


def _change(
    row: Policy | QuotaProfile,
    wish: Mapping[str, Any],
    *,
    subject: tuple[str, object],
    summary: str,
    actor: Actor,
    now: datetime,
) -> None:
    before = _told(row)
    if unknown := set(wish) - set(before):
        raise PolicyError(f"There is no {', '.join(sorted(unknown))} here.")
    for name, value in wish.items():
        setattr(row, name, value)
    try:
        row.full_clean()
    except ValidationError as error:
        raise PolicyError(
            " ".join(f"{name}: {' '.join(words)}" for name, words in error.message_dict.items())
        ) from error
    changes = {name: [before[name], new] for name, new in _told(row).items() if before[name] != new}
    if not changes:
        return
    with transaction.atomic():
        # A worker may be taking tokens: only what was changed is written.
        row.save(update_fields=None if row._state.adding else list(changes))  # noqa: SLF001 (public by Django's docs)
        audit.record(
            actor, f"{subject[0]}.invalidations_changed", subject=subject, summary=summary, detail=changes, now=now
        )


def _told(row: Policy | QuotaProfile) -> dict[str, Any]:
    fields = (field.attname for field in row._meta.concrete_fields if field.name not in RUNNING)  # noqa: SLF001 (public)
    return {name: getattr(row, name) for name in fields}


def _patterns(name: str, lines: Iterable[str]) -> list[str]:
    try:
        found = [items.parse(line).sent_form for line in lines if line.strip()]
    except ItemError as error:
        raise PolicyError(f"{name}: {error}") from error
    if tags := [form for form in found if form.startswith("#")]:
        raise PolicyError(f"{name}: a tag ({tags[0]}) is no pattern of paths.")
    if name == "ceilings" and (exact := [form for form in found if not covering.is_wildcard(form)]):
        raise PolicyError(f"ceilings: {exact[0]} is no wildcard; a ceiling ends in *.")
    return sorted(set(found))
