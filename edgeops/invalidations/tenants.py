"""The tenants of a distribution: kept as CloudFront lists them. Thousands are few, and little of them changes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from edgeops.aws import cloudfront
from edgeops.estate.models import Distribution
from edgeops.invalidations.models import Tenant

WRITTEN_AT_ONCE = 500
NAME_LENGTH = 200


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
