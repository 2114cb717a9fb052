"""Rows that read something from AWS: how often one tries, and what a failure leaves behind."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models, transaction

from edgeops.aws.errors import AwsError
from edgeops.estate.models import Account, AccountHealth
from edgeops.waiting import WaitingQuerySet, WaitingRow, backoff_seconds

# Longer than a task may run (task_time_limit): a lease that ends means a worker that died, never a slow answer that
# would be asked for, and billed, twice.
LEASE_SECONDS = 150
MAX_ATTEMPTS = 5
FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 2, 60
GAVE_UP = "Given up: the worker ended in the middle of this each time it was tried. Its log says why."


class FetchState(models.TextChoices):
    """How far a fetch from AWS is."""

    PENDING = "pending", "Waiting to be fetched"
    RETRY = "retry", "Waiting to retry"
    DONE = "done", "Fetched"
    ABSENT = "absent", "AWS does not hold it"
    FAILED = "failed", "Failed"
    SUPERSEDED = "superseded", "Covered by a newer fetch"


class FetchQuerySet[T: "Fetch"](WaitingQuerySet[T]):
    """Queries shared by everything that is fetched."""

    def supersede(self, now: datetime) -> int:
        """End what a newer fetch covers, unless somebody is at work on it; how many rows."""
        waiting = self.free(now).filter(next_at__isnull=False)
        return waiting.update(state=FetchState.SUPERSEDED, next_at=None, lease_token=None, lease_until=None)


class Fetch(WaitingRow):
    """A waiting row that changes nothing at AWS, so that giving it up loses nothing a later one does not read."""

    state = models.CharField(max_length=20, choices=FetchState.choices, default=FetchState.PENDING)

    class Meta:
        abstract = True

    @classmethod
    def begin(cls, pk: Any, *, now: datetime) -> Self | None:
        """Claim the row; None when it is not ours, or has cost so many workers their lives that it ends here."""
        row = cls.claim(pk, now=now, lease_seconds=LEASE_SECONDS)
        if row is not None and row.attempts > MAX_ATTEMPTS:
            row.finish(next_at=None, state=FetchState.FAILED, last_error=GAVE_UP)
            return None
        return row

    def record_failure(self, error: AwsError, *, account: Account, region: str, service: str, now: datetime) -> None:
        """Say on the account what AWS said; try again later where that may help and has not been done enough."""
        is_over = not error.retryable or self.attempts >= MAX_ATTEMPTS
        wait = backoff_seconds(self.attempts, first=FIRST_BACKOFF_SECONDS, cap=MAX_BACKOFF_SECONDS)
        with transaction.atomic():
            if not self.finish(
                next_at=None if is_over else now + timedelta(seconds=wait),
                state=FetchState.FAILED if is_over else FetchState.RETRY,
                last_error=str(error),
            ):
                return  # another worker has it now, or it was removed with its account
            AccountHealth.note_failure(account, region, service, error, now=now)
