"""Asking for an invalidation: one road for the page and for webhooks. The rows are written before anything is sent."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.estate.models import Distribution
from edgeops.invalidations import items as parsing
from edgeops.invalidations import marks, sites
from edgeops.invalidations.items import Parsed
from edgeops.invalidations.models import Batch, BatchState, Item, Request, RequestState, Source


class AskingError(Exception):
    """The request was not made; the text says why, to the person who asked."""


class ItemsRefusedError(AskingError):
    """At least one line, or the list as a whole, cannot be sent."""

    def __init__(self, parsed: Parsed) -> None:
        super().__init__(" ".join([*parsed.problems, *(str(error) for error in parsed.errors[:5])]))
        self.parsed = parsed


class EverythingNotAllowedError(AskingError):
    """`/*` was asked for by someone who may not."""

    def __init__(self) -> None:
        super().__init__(
            "Only an admin may invalidate /*: it empties the whole distribution, and every viewer's next request "
            "goes to the origin. Name narrower paths, or ask an admin."
        )


class ReasonMissingError(AskingError):
    """Nobody will know why."""

    def __init__(self) -> None:
        super().__init__("Say why: the reason is kept with the invalidation and in the audit log.")


class CannotCancelError(AskingError):
    """It may have reached CloudFront, which cannot call it back."""

    def __init__(self) -> None:
        super().__init__(
            "This invalidation can no longer be cancelled: a worker has taken it up, and CloudFront cannot call an "
            "invalidation back."
        )


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
    cause: tuple[str, object] = ("", ""),
    rule: str = "",
) -> Request:
    """Store a request with its frozen batch, or return the one this key has already made.

    Raises ItemsRefusedError, EverythingNotAllowedError or ReasonMissingError; nothing is written then.
    """
    parsed = _accepted(distribution, items, reason, may_invalidate_everything=may_invalidate_everything)
    same = Request.objects.filter(distribution=distribution, source=source, idempotency_key=idempotency_key)
    if (made := same.first()) is not None:
        return made
    request = Request(
        distribution=distribution,
        source=source,
        requested_by=actor.name,
        reason=reason.strip()[:500],
        cause_kind=cause[0],
        cause_id=str(cause[1]),
        rule=rule[:120],
        requested_at=now,
        state=RequestState.COALESCED,
        idempotency_key=idempotency_key,
    )
    try:
        with transaction.atomic():
            _store(request, parsed, actor, now)
    except IntegrityError:  # the same key, made by another process a moment ago
        return same.get()
    return request


def _accepted(
    distribution: Distribution, items: Iterable[str], reason: str, *, may_invalidate_everything: bool
) -> Parsed:
    parsed = parsing.parse_many(items, sites.of(distribution))
    if not parsed.is_good:
        raise ItemsRefusedError(parsed)
    if parsed.is_everything and not may_invalidate_everything:
        raise EverythingNotAllowedError
    if not reason.strip():
        raise ReasonMissingError
    return parsed


def _store(request: Request, parsed: Parsed, actor: Actor, now: datetime) -> None:
    request.batch = _frozen_batch(request.distribution, parsed.sent_forms, now)
    request.save(force_insert=True)
    Item.objects.bulk_create(
        [
            Item(request=request, kind=item.kind, raw=item.raw, sent_form=item.sent_form, notes=item.notes)
            for item in parsed.items
        ]
    )
    summary = f"Invalidation of {parsing.named(parsed.sent_forms)} on {request.distribution}"
    audit.record(
        actor,
        "invalidation.requested",
        subject=marks.subject(request),
        summary=summary,
        reason=request.reason,
        detail={"items": len(parsed.items), "source": request.source, "rule": request.rule},
        now=now,
    )
    marks.put("requested", request, now)


def _frozen_batch(distribution: Distribution, sent_forms: list[str], now: datetime) -> Batch:
    identity = uuid.uuid4()
    return Batch.objects.create(
        uuid=identity,
        distribution=distribution,
        caller_reference=f"edgeops-{identity}",
        items=sent_forms,
        digest=digest(sent_forms),
        state=BatchState.COALESCED,
        created_at=now,
        next_at=now,
    )


def cancel(request: Request, *, actor: Actor, now: datetime) -> None:
    """Take back a request no worker has touched yet; raises CannotCancelError afterwards.

    One attempt is enough to be too late: a time-out does not tell whether CloudFront has accepted.
    """
    with transaction.atomic():
        untouched = Batch.objects.filter(requests=request, state=BatchState.COALESCED, attempts=0, lease_token=None)
        if not untouched.update(state=BatchState.CANCELLED, next_at=None, outcome=f"Cancelled by {actor.name}."):
            raise CannotCancelError
        Request.objects.filter(pk=request.pk).update(state=RequestState.CANCELLED)
        audit.record(
            actor,
            "invalidation.cancelled",
            subject=marks.subject(request),
            summary=f"Invalidation on {request.distribution} cancelled before it was sent",
            now=now,
        )


def can_cancel(batch: Batch) -> bool:
    """Whether no worker has taken it up yet."""
    return batch.state == BatchState.COALESCED and batch.attempts == 0 and batch.lease_token is None


def digest(sent_forms: Sequence[str]) -> str:
    """SHA-256 of frozen items: what CloudFront was asked never changes under one reference."""
    return hashlib.sha256("\n".join(sent_forms).encode()).hexdigest()
