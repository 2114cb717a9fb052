"""Asking AWS what there is: a row says what is asked, a worker claims it, calls, and writes down what was found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from edgeops.aws.distributions import REGION, Distributions
from edgeops.aws.errors import AwsError
from edgeops.discovery.models import Discovery, DiscoveryKind
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import Account, AwsUsage

UNKNOWN = "This EdgeOps cannot look for this. Upgrade its workers, then ask again."


def ask(account: Account, kind: DiscoveryKind, subject: str, *, requested_by: str, now: datetime) -> Discovery:
    """Write down what is asked; a worker takes it from there."""
    return Discovery.objects.create(
        account=account, kind=kind, subject=subject, requested_by=requested_by, requested_at=now, next_at=now
    )


def run(pk: UUID | str, *, now: datetime) -> bool:
    """Work one row; False when it is not ours to work or AWS did not answer, which the row then says."""
    discovery = Discovery.begin(pk, now=now)
    if discovery is None:
        return False
    if discovery.kind != DiscoveryKind.DISTRIBUTIONS:
        discovery.finish(next_at=None, state=FetchState.FAILED, finished_at=now, last_error=UNKNOWN)
        return False
    try:
        result = _distributions(discovery.account, now)
    except AwsError as error:
        discovery.record_failure(error, account=discovery.account, region=REGION, service="cloudfront", now=now)
        return False
    return discovery.finish(next_at=None, state=FetchState.DONE, finished_at=now, result=result, last_error="")


def _distributions(account: Account, now: datetime) -> dict[str, Any]:
    gateway = Distributions(AwsUsage.meter(account, REGION, now), account.access)
    return {
        "distributions": [
            {
                "id": one.id,
                "domain": one.domain,
                "aliases": list(one.aliases),
                "name": one.comment or one.id,
                "enabled": one.is_enabled,
                "tags": {},
            }
            for one in gateway.listed()
        ]
    }
