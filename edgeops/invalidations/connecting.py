"""CloudFront of an account, every call counted, and what its answers say of the account's health."""

from datetime import datetime

from edgeops.aws.cloudfront import REGION, CloudFront
from edgeops.aws.errors import AwsError, InvalidError, NotFoundError
from edgeops.estate.models import AccessState, Account, AccountHealth, AwsUsage


def cloudfront(account: Account, now: datetime) -> CloudFront:
    """CloudFront with the account's access, every call counted on the hour of `now`."""
    return CloudFront(AwsUsage.meter(account, REGION, now), account.access)


def note_answer(account: Account, now: datetime) -> None:
    """It answered as it should."""
    AccountHealth.note(account, REGION, "cloudfront", AccessState.FRESH, now=now)


def note_failure(account: Account, error: AwsError, now: datetime) -> None:
    """It did not; what speaks of one invalidation or distribution says nothing of the account."""
    if not isinstance(error, NotFoundError | InvalidError):
        AccountHealth.note_failure(account, REGION, "cloudfront", error, now=now)
