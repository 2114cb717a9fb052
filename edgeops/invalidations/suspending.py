"""Holding back a distribution's invalidations, or those of one source, and letting them go again."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from edgeops.access import audit
from edgeops.access.audit import SYSTEM, Actor
from edgeops.estate.models import Distribution
from edgeops.invalidations.models import Suspension
from edgeops.invalidations.refusals import AskingError


class SuspensionError(AskingError):
    """It cannot be suspended, or not again."""


def suspend(
    distribution: Distribution,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    until: datetime | None = None,
    lane: str = "",
) -> Suspension:
    """Hold whatever is not on its way, and what is asked for from now on; raises SuspensionError."""
    if not reason.strip():
        raise SuspensionError("Say why: everybody whose invalidation is held reads it.")
    if until is not None and until <= now:
        raise SuspensionError("The end of a suspension lies in the future.")
    with transaction.atomic():
        over = Suspension.objects.filter(distribution=distribution, lane=lane, lifted_at=None, until__lte=now)
        over.update(lifted_at=F("until"), lifted_by=SYSTEM.name)
        made, is_new = Suspension.objects.get_or_create(
            distribution=distribution,
            lane=lane,
            lifted_at=None,
            defaults={"since": now, "until": until, "by": actor.name[:200], "reason": reason.strip()[:500]},
        )
        if not is_new:
            raise SuspensionError(f"It is suspended already. {made.words}")
        _record("suspended", made, actor, now)
    return made


def lift(suspension: Suspension, *, actor: Actor, now: datetime) -> None:
    """Let go of what it holds, with the next tick; a second lift changes nothing."""
    with transaction.atomic():
        active = Suspension.objects.filter(pk=suspension.pk, lifted_at=None)
        if active.update(lifted_at=now, lifted_by=actor.name[:200]):
            _record("resumed", suspension, actor, now)


def _record(what: str, suspension: Suspension, actor: Actor, now: datetime) -> None:
    of = f" of {suspension.lane}" if suspension.lane else ""
    audit.record(
        actor,
        f"invalidations.{what}",
        subject=("distribution", suspension.distribution_id),
        summary=f"Invalidations{of} on {suspension.distribution} {what}",
        reason=suspension.reason,
        detail={"until": None if suspension.until is None else suspension.until.isoformat()},
        now=now,
    )
