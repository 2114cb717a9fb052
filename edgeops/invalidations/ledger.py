"""What invalidations cost: the first thousand items of an account and month are free, each further half a cent.

https://aws.amazon.com/cloudfront/pricing/ A wildcard or a tag is one item; every distribution shares the allowance.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

from django.db.models import F

from edgeops.estate.models import Account
from edgeops.invalidations.models import CostMonth

FREE_ITEMS = 1_000
DOLLARS_PER_ITEM = Decimal("0.005")


def price(used: int, items: int) -> Decimal:
    """Dollars for so many further items in a month in which `used` are billed already."""
    return DOLLARS_PER_ITEM * (max(0, used + items - FREE_ITEMS) - max(0, used - FREE_ITEMS))


def free_left(used: int) -> int:
    """What is left of the allowance."""
    return max(0, FREE_ITEMS - used)


def month_of(at: datetime) -> date:
    """The month a moment is billed in: UTC."""
    return at.astimezone(UTC).date().replace(day=1)


def bill(account: Account, items: int, *, accepted_at: datetime) -> None:
    """Count items CloudFront has accepted, in the month in which it did; in the transaction that records that."""
    row, _ = CostMonth.objects.get_or_create(account=account, month=month_of(accepted_at))
    CostMonth.objects.filter(pk=row.pk).update(items=F("items") + items)
