"""Writing the audit log: one call, in the transaction of the change it tells of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edgeops.access.models import Audit


@dataclass(frozen=True)
class Actor:
    """Who caused a change: a user's name or a webhook endpoint's, and the address it came from."""

    kind: str
    name: str
    address: str | None = None


SYSTEM = Actor(kind="system", name="edgeops")


def record(
    actor: Actor,
    action: str,
    *,
    subject: tuple[str, object],
    summary: str,
    now: datetime,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> Audit:
    """Add one audit row; `subject` is (kind, id), kept as text so that the log outlives the row it speaks of."""
    kind, identity = subject
    return Audit.objects.create(
        at=now,
        actor_kind=actor.kind,
        actor=actor.name,
        action=action,
        subject_kind=kind,
        subject_id=str(identity),
        summary=summary[:500],
        reason=reason[:500],
        detail=dict(detail or {}),
        address=actor.address,
    )
