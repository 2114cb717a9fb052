"""Open pages keep the series they show fresh: each refresh renews a lease, and a lease that is not renewed ends."""

from datetime import datetime, timedelta

from edgeops.estate.models import EdgeApi
from edgeops.metrics.models import Lease

LEASE = timedelta(seconds=90)
WRITE_AT_MOST_EVERY = timedelta(seconds=30)


def renew(key: str, api: EdgeApi | None, now: datetime) -> bool:
    """Keep the page `key` fresh for 90 s more; True when a row was written, at most once in 30 s for all its viewers.

    `api` None means the overview: every API's headline series.
    """
    lease = Lease.objects.filter(key=key)
    # Looked at first, because on SQLite an UPDATE takes the write lock even when it changes nothing.
    if lease.filter(renewed_at__gt=now - WRITE_AT_MOST_EVERY).exists():
        return False
    values = {"api": api, "renewed_at": now, "expires_at": now + LEASE}
    if lease.filter(renewed_at__lte=now - WRITE_AT_MOST_EVERY).update(**values):
        return True
    Lease.objects.bulk_create([Lease(key=key, **values)], ignore_conflicts=True)
    return True
