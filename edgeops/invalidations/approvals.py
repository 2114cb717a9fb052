"""A second person's word on a request that reaches further than the distribution's policy lets anybody alone."""

from datetime import datetime

from django.db import transaction

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.invalidations import asking, marks, superseding
from edgeops.invalidations.models import Request, RequestState
from edgeops.invalidations.refusals import ApprovalError


def approve(request: Request, *, actor: Actor, now: datetime) -> Request:
    """Let it go on as if it had been asked for now; ApprovalError where it no longer waits, or by whom asked for it."""
    with transaction.atomic():
        waiting = _waiting(request, actor, now)
        waiting.approved_by, waiting.approved_at = actor.name[:200], now
        asking.enter(waiting, now)
        waiting.save()
        _record("approved", waiting, actor, now)
    return waiting


def reject(request: Request, *, actor: Actor, reason: str, now: datetime) -> Request:
    """End it, with the reason; raises ApprovalError as approving does."""
    with transaction.atomic():
        waiting = _waiting(request, actor, now)
        waiting.state = RequestState.REJECTED
        waiting.outcome = f"Rejected by {actor.name}: {reason.strip() or 'no reason given'}"[:500]
        waiting.save()
        superseding.let_go(waiting)
        _record("rejected", waiting, actor, now, reason)
    return waiting


def may_decide(request: Request, actor: Actor) -> bool:
    """Whether this person is a second one."""
    return (request.requested_by_kind, request.requested_by) != (actor.kind, actor.name)


def _waiting(request: Request, actor: Actor, now: datetime) -> Request:
    """The row as it is now; of two who decide at once the second finds it decided."""
    row = Request.objects.select_for_update(of=("self",)).select_related("distribution", "tenant").get(pk=request.pk)
    if row.state != RequestState.AWAITING_APPROVAL:
        decided = f" {row.approved_by} has approved it." if row.approved_by else ""
        raise ApprovalError(f"It no longer waits for approval: {row.get_state_display().lower()}.{decided}")
    if row.expires_at is not None and row.expires_at <= now:
        raise ApprovalError("Its time for approval is over. Ask anew if it is still wanted.")
    if not may_decide(row, actor):
        raise ApprovalError("A second person decides: you asked for it yourself.")
    return row


def _record(what: str, request: Request, actor: Actor, now: datetime, reason: str = "") -> None:
    audit.record(
        actor,
        f"invalidation.{what}",
        subject=marks.subject(request),
        summary=f"Invalidation on {request.place}, asked for by {request.requested_by}, {what}",
        reason=reason,
        detail={"waited_for": request.waits_for},
        now=now,
    )
