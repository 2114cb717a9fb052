"""What EdgeOps itself costs on the AWS bill this month, from the calls it counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from edgeops.estate.models import Account, AwsUsage

# https://aws.amazon.com/cloudwatch/pricing/ GetMetricData, per metric requested; no free tier.
DOLLARS_PER_METRIC = 0.01 / 1000
PRICED = {("cloudwatch", "GetMetricData"): DOLLARS_PER_METRIC}


@dataclass(frozen=True)
class Spent:
    """One operation over the month; `dollars` is None where the price depends on more than the count."""

    service: str
    operation: str
    calls: int
    units: int
    dollars: float | None


def this_month(account: Account, now: datetime) -> Sequence[Spent]:
    """Each operation called since the first of the month (UTC), the dearest first."""
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = (
        AwsUsage.objects.filter(account=account, hour__gte=begin)
        .values("service", "operation")
        .annotate(all_calls=Sum("calls"), all_units=Sum("units"))
    )
    spent = [_spent(row["service"], row["operation"], row["all_calls"], row["all_units"]) for row in rows]
    return sorted(spent, key=lambda one: (-(one.dollars or 0), -one.calls, one.operation))


def total(spent: Sequence[Spent]) -> float | None:
    """Dollars over everything that has a price; None when nothing has."""
    priced = [one.dollars for one in spent if one.dollars is not None]
    return sum(priced) if priced else None


def _spent(service: str, operation: str, calls: int, units: int) -> Spent:
    price = PRICED.get((service, operation))
    return Spent(service, operation, calls, units, None if price is None else units * price)
