"""The tenants of a distribution: kept as CloudFront lists them, found by what people call them, and who is meant.

Thousands are few, and little of them changes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from edgeops.aws import cloudfront
from edgeops.aws.errors import AwsError
from edgeops.estate.models import Distribution
from edgeops.invalidations.models import DistributionConfig, Tenant
from edgeops.invalidations.refusals import TenantRefusedError

WRITTEN_AT_ONCE = 500
NAME_LENGTH = 200
NEAR_NAMED = 5
NO_TENANT = "EntityNotFound"
GONE = (
    "CloudFront does not know the tenant {tenant} any more: it was deleted, and its cache with it, so that there is "
    "nothing to invalidate. "
)


def keep(distribution: Distribution, listed: Iterable[cloudfront.Tenant], now: datetime) -> None:
    """Have the rows be as CloudFront lists them: what changed is written, and one that is listed no more is gone."""
    wanted = {one.id: _told(one) for one in listed}
    known = {row.aws_id: row for row in Tenant.objects.filter(distribution=distribution)}
    for row in known.values():
        if row.aws_id in wanted:
            _write(row, wanted[row.aws_id])
    gone = [row.pk for row in known.values() if row.gone_at is None and row.aws_id not in wanted]
    Tenant.objects.filter(pk__in=gone).update(gone_at=now)
    Tenant.objects.bulk_create(
        [
            Tenant(distribution=distribution, aws_id=aws_id, **told)
            for aws_id, told in wanted.items()
            if aws_id not in known
        ],
        batch_size=WRITTEN_AT_ONCE,
    )


def check(distribution: Distribution, tenant: Tenant | None) -> None:
    """TenantRefusedError unless it is said which tenant is meant exactly where that has to be said."""
    if tenant is None:
        if DistributionConfig.objects.filter(distribution=distribution, is_for_tenants=True).exists():
            raise TenantRefusedError(
                f"{distribution} is for tenants: each has a cache of its own. Say which of them is meant."
            )
    elif tenant.distribution_id != distribution.pk:
        raise TenantRefusedError(f"{tenant.name} is no tenant of {distribution}.")
    elif tenant.gone_at is not None:
        raise TenantRefusedError(
            f"The tenant {tenant} was deleted at CloudFront, and its cache with it: there is nothing to invalidate."
        )


def find(distribution: Distribution, text: str) -> Tenant:
    """The tenant that is called so, has this id or answers at this host name; TenantRefusedError for none."""
    wanted = text.strip()
    present = Tenant.objects.present().filter(distribution=distribution)
    found = present.filter(Q(name=wanted) | Q(aws_id=wanted)).first()
    if found is None:
        host = wanted.lower().rstrip(".")
        found = next((one for one in present if host in one.domains), None)
    if found is None:
        near = present.filter(name__icontains=wanted[:NAME_LENGTH]).values_list("name", flat=True)[:NEAR_NAMED]
        meant = f" Near to it: {', '.join(near)}." if near else ""
        raise TenantRefusedError(f"{distribution} has no tenant that is called “{wanted[:60]}”.{meant}")
    return found


def is_gone(error: AwsError) -> bool:
    """Whether a call for a tenant says that there is none; what it lacks otherwise has codes of its own."""
    return error.code == NO_TENANT


def note_gone(tenant: Tenant, error: AwsError, now: datetime) -> str:
    """Keep that CloudFront does not know it, and say what that means."""
    Tenant.objects.filter(pk=tenant.pk, gone_at=None).update(gone_at=now)
    return GONE.format(tenant=tenant) + str(error)


def _told(listed: cloudfront.Tenant) -> dict[str, Any]:
    return {
        "name": listed.name[:NAME_LENGTH],
        "domains": [domain.lower() for domain in listed.domains],
        "is_enabled": listed.is_enabled,
        "gone_at": None,
    }


def _write(row: Tenant, told: Mapping[str, Any]) -> None:
    changed = [name for name, value in told.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, told[name])
    if changed:
        row.save(update_fields=changed)
