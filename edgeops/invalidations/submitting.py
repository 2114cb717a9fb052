"""Handing a frozen batch to CloudFront, as often as it takes, under the reference it was stored with."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction

from edgeops.aws.cloudfront import Invalidation
from edgeops.aws.errors import BY_CODE, AwsError, InvalidError
from edgeops.invalidations import connecting, freezing, ledger, moves, rationing, repeating, splitting, tenants
from edgeops.invalidations.models import Batch, BatchAttempt, BatchState, Suspension
from edgeops.waiting import backoff_seconds

FIRST_LOOK = timedelta(seconds=2)
FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 2, 300
# Whoever asked a day ago has helped themselves since; sending it now would surprise them.
MAX_AGE = timedelta(hours=24)
SUSPENDED_LOOK = timedelta(seconds=1)
ACCEPTED = "accepted"
MAYBE_TAKEN = (
    "A call before that one got no clear answer: CloudFront may have taken it, and then carries it out and bills it."
)


class Submits(Protocol):
    """The side of CloudFront that takes a batch."""

    def create_invalidation(self, distribution_id: str, items: Sequence[str], caller_reference: str) -> Invalidation:
        """Submit."""

    def create_tenant_invalidation(self, tenant_id: str, items: Sequence[str], caller_reference: str) -> Invalidation:
        """Submit for a tenant."""


def submit(batch: Batch, cloudfront: Submits, *, now: datetime) -> None:
    """Call CreateInvalidation, or the one for tenants, once and record what became of it."""
    if freezing.digest(batch.items) != batch.digest:
        _fail(batch, "ItemsChanged", "The items are not those that were frozen under this reference; ask anew.", now)
        return
    if Suspension.objects.active(now).of_all(batch.distribution).exists():
        batch.finish(next_at=now + SUSPENDED_LOOK)
        return
    if _is_too_old(batch, now):
        _fail(batch, batch.last_error_code, f"Given up after 24 hours. The last error was: {batch.last_error}", now)
        return
    if (later := _without_tokens(batch, now)) is not None:
        batch.finish(next_at=later)
        return
    try:
        accepted = _sent(batch, cloudfront)
    except AwsError as error:
        with transaction.atomic():
            _record_refusal(batch, error, now)
    else:
        with transaction.atomic():
            _record_acceptance(batch, accepted, now)


def _sent(batch: Batch, cloudfront: Submits) -> Invalidation:
    if batch.tenant is not None:
        return cloudfront.create_tenant_invalidation(batch.tenant.aws_id, batch.items, batch.caller_reference)
    return cloudfront.create_invalidation(batch.distribution.aws_id, batch.items, batch.caller_reference)


def _is_too_old(batch: Batch, now: datetime) -> bool:
    """Whether CloudFront has refused it for a day, counted anew from when a suspension last let it go.

    One that was never tried is still wanted: it only waited here.
    """
    if now - batch.created_at <= MAX_AGE or not batch.tries.exists():
        return False
    ends = (held.ends_at for held in Suspension.objects.of_all(batch.distribution))
    let_go = (end for end in ends if end is not None and end > batch.created_at)
    return now - max(let_go, default=batch.created_at) > MAX_AGE


def _without_tokens(batch: Batch, now: datetime) -> datetime | None:
    """None: it has tokens, or has taken them. Otherwise when to come back for some.

    Those it was frozen with pay for its first call. A worker that was killed may have made that one.
    """
    is_first = batch.state == BatchState.COALESCED and batch.attempts == 1
    return None if is_first else rationing.take(batch, now=now)


def _record_acceptance(batch: Batch, accepted: Invalidation, now: datetime) -> None:
    """Once, under the lease: a reference sent again after a lost answer is the same invalidation, billed when made."""
    BatchAttempt.objects.create(batch=batch, at=now, outcome=ACCEPTED, message=f"CloudFront calls it {accepted.id}.")
    connecting.note_answer(batch.distribution.account, now)
    is_mine = moves.move(
        batch,
        BatchState.SUBMITTED,
        next_at=now + FIRST_LOOK,
        now=now,
        mark="submitted",
        aws_id=accepted.id,
        submitted_at=_submitted_at(batch, accepted, now),
        billed_items=len(batch.items),
        last_error="",
        last_error_code="",
    )
    if is_mine:
        ledger.bill(batch.distribution.account, len(batch.items), accepted_at=accepted.created_at)
        repeating.tap_again(batch, now)


def _submitted_at(batch: Batch, accepted: Invalidation, now: datetime) -> datetime:
    """When CloudFront took it: of a repeat, the time of the call whose answer was lost, never before it was frozen.

    What the edge has cached since then is fresh, though it is older than this answer.
    """
    return now if batch.attempts == 1 else max(batch.created_at, min(now, accepted.created_at))


def _record_refusal(batch: Batch, error: AwsError, now: datetime) -> None:
    BatchAttempt.objects.create(batch=batch, at=now, outcome=error.code[:60], message=error.message[:500])
    connecting.note_failure(batch.distribution.account, error, now)
    if isinstance(error, InvalidError) and splitting.helps(batch, error):
        splitting.split(batch, error, now=now)
        return
    if not error.retryable:
        _fail(batch, error.code, _explained(batch, error, now), now)
        return
    wait = backoff_seconds(batch.tries.count(), first=FIRST_BACKOFF_SECONDS, cap=MAX_BACKOFF_SECONDS)
    moves.move(
        batch,
        BatchState.RETRY_WAIT,
        next_at=now + timedelta(seconds=wait),
        now=now,
        last_error=str(error),
        last_error_code=error.code[:60],
    )


def _explained(batch: Batch, error: AwsError, now: datetime) -> str:
    if batch.tenant is not None and tenants.is_gone(error):
        return tenants.note_gone(batch.tenant, error, now)
    return str(error)


def _fail(batch: Batch, code: str, message: str, now: datetime) -> None:
    if batch.tries.exclude(outcome__in=[*BY_CODE, code]).exists():
        message = f"{message} {MAYBE_TAKEN}"
    moves.move(
        batch,
        BatchState.FAILED,
        next_at=None,
        now=now,
        mark="failed",
        last_error=message,
        last_error_code=code[:60],
    )
