"""Waiting rows: whatever must happen is first a row, claimed by a conditional UPDATE and finished under its lease.

A row waits while `next_at` is set. Whoever wants to work on it claims it; the claim holds for a lease, after which
anyone may claim again, so a killed worker delays its row but never loses it. Finishing is an UPDATE guarded by the
lease token, so a worker that slept through its lease cannot overwrite what another has done since.
"""

import random
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import F, Q


class WaitingQuerySet[T: "WaitingRow"](models.QuerySet[T]):
    """Queries shared by every table of waiting rows."""

    def free(self, now: datetime) -> Self:
        """Rows that nobody holds a lease of."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lte=now))

    def due(self, now: datetime) -> Self:
        """Rows to work on now, longest waiting first: their time has come and nobody holds a lease."""
        return self.free(now).filter(next_at__lte=now).order_by("next_at")


class WaitingRow(models.Model):
    """A piece of work with a state, attempts, the time of its next try, and a lease."""

    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(
        null=True, blank=True, help_text="When to work on it next; empty: nothing left to do."
    )
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        abstract = True

    @classmethod
    def claim(cls, pk: Any, *, now: datetime, lease_seconds: float) -> Self | None:
        """Lease the row for this worker, counting an attempt; None when it is not due or somebody else holds it."""
        token = uuid.uuid4()
        due: WaitingQuerySet[Self] = WaitingQuerySet(cls).due(now).filter(pk=pk)
        taken = due.update(
            lease_token=token, lease_until=now + timedelta(seconds=lease_seconds), attempts=F("attempts") + 1
        )
        return cls._default_manager.get(pk=pk) if taken else None

    @classmethod
    def claim_all(cls, pks: Collection[Any], *, now: datetime, lease_seconds: float) -> list[Self]:
        """Lease several rows in one write, as `claim` does each; those that were to be had, longest waiting first."""
        token = uuid.uuid4()
        due: WaitingQuerySet[Self] = WaitingQuerySet(cls).due(now).filter(pk__in=pks)
        due.update(lease_token=token, lease_until=now + timedelta(seconds=lease_seconds), attempts=F("attempts") + 1)
        return list(cls._default_manager.filter(lease_token=token).order_by("next_at", "pk"))

    def finish(self, *, next_at: datetime | None, **changes: Any) -> bool:
        """Write the outcome and give the lease back; False when the lease was lost to another worker meanwhile.

        `next_at` None ends the waiting; a time asks for another turn then.
        """
        mine = type(self)._default_manager.filter(pk=self.pk, lease_token=self.lease_token)  # noqa: SLF001 (our own)
        done = mine.update(next_at=next_at, lease_token=None, lease_until=None, **changes) == 1
        if done:
            self.next_at, self.lease_token, self.lease_until = next_at, None, None
            for name, value in changes.items():
                setattr(self, name, value)
        return done


def backoff_seconds(attempts: int, *, first: float, cap: float) -> float:
    """Full-jitter delay before the next try, in seconds.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """
    return random.uniform(0, min(cap, first * 2 ** max(0, attempts - 1)))  # noqa: S311 (spreading retries, no secret)
