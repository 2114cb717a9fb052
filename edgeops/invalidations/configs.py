"""Reading how a distribution is invalidated: whether it knows cache tags, and by which tenants.

CloudFront accepts a tag anywhere, and may match nothing by it; what is for tenants is invalidated by tenant only.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import transaction
from django.db.models import Q

from edgeops.aws.cloudfront import Config
from edgeops.aws.cloudfront import Tenant as Listed
from edgeops.aws.errors import AwsError
from edgeops.estate.models import Account, Distribution
from edgeops.invalidations import connecting, tenants
from edgeops.invalidations.models import DistributionConfig, Tenant
from edgeops.waiting import backoff_seconds

LEASE_SECONDS = 120  # thousands of tenants are tens of pages
AGAIN_AFTER, ANEW_AFTER = timedelta(hours=1), timedelta(minutes=1)
# A listing is tens of calls; one that has just missed a tenant is worth another one soon.
LISTED_ANEW_AFTER = timedelta(seconds=10)
FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 10, 3_600
HEADER_LENGTH = 200


class Tells(Protocol):
    """The side of CloudFront that tells how a distribution is set up."""

    def config(self, distribution_id: str) -> Config:
        """How it is invalidated."""

    def tenants(self, distribution_id: str) -> Iterable[Listed]:
        """Its tenants, page after page."""


type Connect = Callable[[Account, datetime], Tells]


def plan(now: datetime) -> None:
    """A row for every distribution that has none, due at once."""
    if (missing := Distribution.objects.filter(config=None)).exists():
        rows = [DistributionConfig(distribution=distribution, next_at=now) for distribution in missing]
        DistributionConfig.objects.bulk_create(rows, ignore_conflicts=True)


def ask_anew(distribution: Distribution, now: datetime) -> None:
    """Have it read soon, as somebody was refused for it; once a minute is often enough."""
    known = DistributionConfig.objects.free(now).filter(distribution=distribution, next_at__gt=now)
    known.filter(Q(read_at=None) | Q(read_at__lt=now - ANEW_AFTER)).update(next_at=now)


def look_again(tenant: Tenant, now: datetime) -> bool:
    """Whether a tenant that is gone may be there all the same; then its distribution's are listed anew, soon.

    It is gone for certain once a listing after the one that missed it did not have it either, within the last minute.
    """
    if tenant.gone_at is None:
        return False
    read_at = of(tenant.distribution).tenants_read_at
    if read_at is not None and read_at > max(tenant.gone_at, now - ANEW_AFTER):
        return False
    _list_anew(tenant.distribution_id, now)
    return True


def _list_anew(distribution_id: int, now: datetime) -> None:
    """However many ask, one listing in ten seconds; what fails keeps to its back-off."""
    known = DistributionConfig.objects.free(now).filter(distribution=distribution_id, next_at__gt=now, attempts=0)
    known.filter(Q(tenants_read_at=None) | Q(tenants_read_at__lt=now - LISTED_ANEW_AFTER)).update(next_at=now)


def of(distribution: Distribution) -> DistributionConfig:
    """What is known of it; without a row, nothing yet."""
    return DistributionConfig.objects.filter(distribution=distribution).first() or DistributionConfig(
        distribution=distribution
    )


def read(pk: int, *, now: datetime, connect: Connect = connecting.cloudfront) -> DistributionConfig | None:
    """Read one that is due and store it; None when it is not due, or somebody else is at it."""
    row = DistributionConfig.claim(pk, now=now, lease_seconds=LEASE_SECONDS)
    if row is None:
        return None
    distribution, found = row.distribution, dict[str, Any]()
    try:
        cloudfront = connect(distribution.account, now)
        told = cloudfront.config(distribution.aws_id)
        found |= {
            "cache_tag_header": told.cache_tag_header[:HEADER_LENGTH],
            "is_for_tenants": told.is_for_tenants,
            "read_at": now,
        }
        listed = list(cloudfront.tenants(distribution.aws_id)) if told.is_for_tenants else []
    except AwsError as error:  # the configuration stands, though its tenants may not be listed
        connecting.note_failure(distribution.account, error, now)
        wait = backoff_seconds(row.attempts, first=FIRST_BACKOFF_SECONDS, cap=MAX_BACKOFF_SECONDS)
        row.finish(next_at=now + timedelta(seconds=wait), last_error=str(error), **found)
    else:
        connecting.note_answer(distribution.account, now)
        with transaction.atomic():
            if row.finish(next_at=now + AGAIN_AFTER, tenants_read_at=now, last_error="", attempts=0, **found):
                tenants.keep(distribution, listed, now)
    return row
