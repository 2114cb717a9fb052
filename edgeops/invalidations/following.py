"""Following a submitted batch to its end. Only CloudFront's word ends it, never our own clock."""

from datetime import datetime, timedelta
from typing import Protocol

from edgeops.aws.cloudfront import COMPLETED, IN_PROGRESS, Invalidation
from edgeops.aws.errors import AwsError, NotFoundError
from edgeops.invalidations import connecting, tenants
from edgeops.invalidations.models import Batch, BatchState
from edgeops.invalidations.moves import move

# Invalidations take seconds to minutes: look often at first, then at a quarter of the time already waited.
SOONEST_LOOK, LATEST_LOOK = timedelta(seconds=2), timedelta(seconds=30)
STUCK_AFTER, STUCK_LOOK = timedelta(minutes=30), timedelta(minutes=5)
STUCK_ADVICE = (
    "CloudFront has not completed it after 30 minutes. EdgeOps keeps looking every 5 minutes; it cannot be cancelled. "
    "See the distribution in the CloudFront console, or ask for it again."
)


class Looks(Protocol):
    """The side of CloudFront that tells how far an invalidation is."""

    def get_invalidation(self, distribution_id: str, invalidation_id: str) -> Invalidation:
        """Look."""

    def get_tenant_invalidation(self, tenant_id: str, invalidation_id: str) -> Invalidation:
        """Look at one of a tenant."""


def follow(batch: Batch, cloudfront: Looks, *, now: datetime) -> None:
    """Look once, and decide when to look again."""
    try:
        seen = _seen(batch, cloudfront)
    except NotFoundError as error:
        if batch.tenant is not None and tenants.is_gone(error):
            _end(batch, tenants.note_gone(batch.tenant, error, now), error.code, now)
        else:
            _stuck(batch, str(error), now)
    except AwsError as error:
        _note_failure(batch, error, now)
    else:
        _note_answer(batch, seen, now)


def _seen(batch: Batch, cloudfront: Looks) -> Invalidation:
    if batch.tenant is not None:
        return cloudfront.get_tenant_invalidation(batch.tenant.aws_id, batch.aws_id)
    return cloudfront.get_invalidation(batch.distribution.aws_id, batch.aws_id)


def _note_answer(batch: Batch, seen: Invalidation, now: datetime) -> None:
    connecting.note_answer(batch.distribution.account, now)
    if seen.status == COMPLETED:
        move(batch, BatchState.COMPLETED, next_at=now, now=now, mark="completed", completed_at=now, last_error="")
        return
    odd = "" if seen.status == IN_PROGRESS else f"CloudFront answers a status EdgeOps does not know: {seen.status}."
    if _waited(batch, now) > STUCK_AFTER:
        _stuck(batch, odd or STUCK_ADVICE, now)
    else:
        move(batch, BatchState.IN_PROGRESS, next_at=now + _pause(batch, now), now=now, last_error=odd)


def _note_failure(batch: Batch, error: AwsError, now: datetime) -> None:
    connecting.note_failure(batch.distribution.account, error, now)
    if _waited(batch, now) > STUCK_AFTER:
        _stuck(batch, str(error), now)
    else:
        batch.finish(next_at=now + LATEST_LOOK, last_error=str(error))


def _end(batch: Batch, why: str, code: str, now: datetime) -> None:
    """CloudFront will never tell how it ended."""
    move(batch, BatchState.FAILED, next_at=None, now=now, mark="failed", last_error=why, last_error_code=code)


def _stuck(batch: Batch, why: str, now: datetime) -> None:
    move(batch, BatchState.STUCK, next_at=now + STUCK_LOOK, now=now, mark="stuck", last_error=why)


def _waited(batch: Batch, now: datetime) -> timedelta:
    return now - (batch.submitted_at or batch.created_at)


def _pause(batch: Batch, now: datetime) -> timedelta:
    return min(LATEST_LOOK, max(SOONEST_LOOK, _waited(batch, now) / 4))
