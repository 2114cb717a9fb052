"""Asking for an invalidation: one road for the page and for webhooks. The rows are written before anything is sent."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.estate.models import Distribution
from edgeops.invalidations import configs, marks, scope, sites, superseding, tenants
from edgeops.invalidations import items as parsing
from edgeops.invalidations.items import Parsed
from edgeops.invalidations.models import (
    Item,
    Place,
    Policy,
    Priority,
    Request,
    RequestState,
    Source,
    Suspension,
    Tenant,
    distribution_of,
)
from edgeops.invalidations.models.requests import REPEATS, UNSENT
from edgeops.invalidations.refusals import (
    AskingError,
    CannotCancelError,
    EverythingNotAllowedError,
    ItemsRefusedError,
    ReasonMissingError,
    ScopeRefusedError,
    TenantRefusedError,
)
from edgeops.invalidations.scope import Scope

__all__ = [
    "AskingError",
    "CannotCancelError",
    "EverythingNotAllowedError",
    "ItemsRefusedError",
    "ReasonMissingError",
    "ScopeRefusedError",
    "TenantRefusedError",
    "ask",
    "can_cancel",
    "cancel",
]
APPROVAL_TIME = timedelta(hours=1)


def ask(
    *,
    distribution: Distribution,
    items: Iterable[str],
    actor: Actor,
    source: Source,
    reason: str,
    idempotency_key: str,
    now: datetime,
    may_invalidate_everything: bool,
    tenant: Tenant | None = None,
    cause: tuple[str, object] = ("", ""),
    lane: str = "",
    rule: str = "",
    ceiling: str = "",
    priority: Priority = Priority.NORMAL,
    not_before: datetime | None = None,
    ticket: str = "",
) -> Request:
    """Store a request that waits for its window, or return the one this key has already made.

    Raises TenantRefusedError, ItemsRefusedError, ScopeRefusedError or ReasonMissingError; nothing is written then.
    Where the distribution's policy asks for it, the request waits for a second person. `may_invalidate_everything` says
    that an admin asks. `tenant` is whose cache is meant, of a distribution for tenants; a key is of one tenant. The
    request waits in the actor's `lane` unless another is named, as by whom has a source's event run again. `ceiling` is
    the rule's: whatever the policy lets paths be gathered into, these become nothing wider.
    """
    if tenant is not None:
        configs.look_again(tenant, now)
    if source not in REPEATS:
        tenants.check(distribution, tenant)
    try:
        parsed, found = _accepted(tenant or distribution, items, reason, source, is_admin=may_invalidate_everything)
    except ItemsRefusedError as error:
        if any(wrong.raw.startswith("#") for wrong in error.parsed.errors):
            configs.ask_anew(distribution, now)
        raise
    request = Request(
        distribution=distribution,
        tenant=tenant,
        source=source,
        lane=(lane or source.lane(actor.name))[:220],
        priority=priority,
        requested_by=actor.name,
        requested_by_kind=actor.kind,
        reason=reason.strip()[:500],
        ticket=ticket.strip()[:100],
        cause_kind=cause[0],
        cause_id=str(cause[1]),
        rule=rule[:120],
        ceiling=ceiling,
        requested_at=now,
        not_before=not_before,
        items_count=len(parsed.items),
        idempotency_key=idempotency_key,
    )
    _wait(request, found, now)
    try:
        with transaction.atomic():
            _store(request, parsed, actor, now)
    except IntegrityError:  # the same key: a second click, or another process a moment ago
        return Request.objects.get(distribution=distribution, source=source, idempotency_key=idempotency_key)
    return request


def enter(request: Request, now: datetime) -> None:
    """Put a request that may go on where it waits next: for its time, for a suspension to end, or in its window."""
    holding = next(
        (
            one
            for one in Suspension.objects.active(now).filter(distribution=request.distribution_id)
            if one.holds(request.lane)
        ),
        None,
    )
    request.waits_for = ""
    if holding is not None:
        request.state, request.waits_for = RequestState.HELD, holding.words
    elif request.not_before is not None and request.not_before > now:
        request.state = RequestState.REQUESTED
    else:
        request.state, request.queued_at = RequestState.QUEUED, now


def cancel(request: Request, *, actor: Actor, now: datetime) -> None:
    """Take back a request of which nothing is on its way yet; raises CannotCancelError afterwards."""
    with transaction.atomic():
        unsent = Request.objects.filter(pk=request.pk, state__in=UNSENT, batch=None)
        if not unsent.update(state=RequestState.CANCELLED, outcome=f"Cancelled by {actor.name}."[:500]):
            raise CannotCancelError
        superseding.let_go(request)
        audit.record(
            actor,
            "invalidation.cancelled",
            subject=marks.subject(request),
            summary=f"Invalidation on {request.place} cancelled before it was sent",
            now=now,
        )


def can_cancel(request: Request) -> bool:
    """Whether nothing of it is on its way."""
    return request.state in UNSENT and request.batch_id is None


def _accepted(
    place: Place, items: Iterable[str], reason: str, source: Source, *, is_admin: bool
) -> tuple[Parsed, Scope]:
    if source in REPEATS:
        return parsing.as_sent(items), Scope()
    lines = list(items)
    parsed = parsing.parse_many(lines, sites.needed(place, lines))
    if not parsed.is_good:
        raise ItemsRefusedError(parsed)
    found = scope.judge(parsed, Policy.of(distribution_of(place)), is_admin=is_admin)
    if found.is_refused:
        raise EverythingNotAllowedError if parsed.is_everything else ScopeRefusedError(found.words)
    if not reason.strip():
        raise ReasonMissingError
    return parsed, found


def _wait(request: Request, found: Scope, now: datetime) -> None:
    if found.needs_approval:
        request.state = RequestState.AWAITING_APPROVAL
        request.waits_for, request.expires_at = found.words[:500], now + APPROVAL_TIME
    else:
        enter(request, now)


def _store(request: Request, parsed: Parsed, actor: Actor, now: datetime) -> None:
    window = Request.objects.queued().filter(
        distribution=request.distribution, tenant=request.tenant, lane=request.lane
    )
    opens = not window.exists()
    request.save(force_insert=True)
    Item.objects.bulk_create(
        [
            Item(request=request, kind=item.kind, raw=item.raw[:4000], sent_form=item.sent_form, notes=item.notes[:300])
            for item in parsed.items
        ]
    )
    summary = f"Invalidation of {parsing.named(parsed.sent_forms)} on {request.place}"
    audit.record(
        actor,
        "invalidation.requested",
        subject=marks.subject(request),
        summary=summary,
        reason=request.reason,
        detail={
            "items": len(parsed.items), "source": request.source, "rule": request.rule, "state": request.state,
            "ticket": request.ticket,
        },
        now=now,
    )  # fmt: skip
    if opens:  # those that join its window are told with it
        marks.put("requested", request, parsed.sent_forms, now)
