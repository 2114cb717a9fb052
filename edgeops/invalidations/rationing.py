"""The tokens of an account in its row, shared by all workers: whoever takes some holds the row while deciding."""

from datetime import datetime

from django.db import transaction

from edgeops.invalidations import quota
from edgeops.invalidations.models import Batch, QuotaProfile


def locked(account_id: int) -> QuotaProfile:
    """The account's profile, held until the transaction ends."""
    QuotaProfile.objects.get_or_create(account_id=account_id)
    return QuotaProfile.objects.select_for_update().get(account_id=account_id)


def take(batch: Batch, *, now: datetime) -> datetime | None:
    """Take the tokens to send a batch once more; None when taken, otherwise when to come back."""
    with transaction.atomic():
        profile = locked(batch.distribution.account_id)
        free = quota.free_at(profile, items=len(batch.items), wildcards=batch.wildcards_count)
        if free is not None and free > now:
            return free
        quota.spend(profile, items=len(batch.items), wildcards=batch.wildcards_count, now=now)
        profile.save()
    return None
