"""The life of a batch: submitted under its stored reference, followed to its end, proven at the edge.

    coalesced ─▶ submitted ─▶ in_progress ─▶ completed ─▶ verified | verify_failed
      │  ▲            └────────▶ stuck ─────────▲
      ▼  │
    retry_wait ─▶ failed

Each call takes one step of one batch. A worker killed at any point leaves a lease that ends; the next step repeats the
call under the same reference, which CloudFront answers with the invalidation it already has.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from edgeops.aws.cloudfront import Invalidation
from edgeops.estate.models import Account
from edgeops.invalidations import connecting, following, proving, submitting, verification
from edgeops.invalidations.models import Batch, BatchState

# Longer than one step can take: three tries of 13 s at AWS, or two requests of 15 s for a probe.
LEASE_SECONDS = 60
# Two ticks; asked for twice, the second finds it claimed.
JUST_NOW, AT_ONCE = timedelta(seconds=1), 100


class Gateway(Protocol):
    """What a batch needs of CloudFront; edgeops.aws.cloudfront.CloudFront is one."""

    def create_invalidation(self, distribution_id: str, items: Sequence[str], caller_reference: str) -> Invalidation:
        """Submit; the same reference with the same items is the same invalidation."""

    def get_invalidation(self, distribution_id: str, invalidation_id: str) -> Invalidation:
        """Look how far it is."""

    def create_tenant_invalidation(self, tenant_id: str, items: Sequence[str], caller_reference: str) -> Invalidation:
        """Submit for a tenant."""

    def get_tenant_invalidation(self, tenant_id: str, invalidation_id: str) -> Invalidation:
        """Look how far one of a tenant is."""


type Connect = Callable[[Account, datetime], Gateway]


def just_due(now: datetime) -> list[UUID]:
    """Batches whose next step has come due a moment ago; the sweep asks for those whose message was lost."""
    due = Batch.objects.due(now).filter(next_at__gt=now - JUST_NOW)
    return list(due.values_list("pk", flat=True)[:AT_ONCE])


def advance(
    identity: UUID | str,
    *,
    now: datetime,
    connect: Connect = connecting.cloudfront,
    look: verification.Look = verification.look,
) -> Batch | None:
    """Take one step if the batch is due and nobody else is at it; None otherwise. `next_at` says when the next is."""
    batch = Batch.claim(identity, now=now, lease_seconds=LEASE_SECONDS)
    if batch is None:
        return None
    account = batch.distribution.account
    match batch.state:
        case BatchState.COALESCED | BatchState.RETRY_WAIT:
            submitting.submit(batch, connect(account, now), now=now)
        case BatchState.SUBMITTED | BatchState.IN_PROGRESS | BatchState.STUCK:
            following.follow(batch, connect(account, now), now=now)
        case BatchState.COMPLETED:
            proving.prove(batch, look, now=now)
        case _:
            batch.finish(next_at=None)
    return batch
