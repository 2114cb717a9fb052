"""The cost of looking: what a page's telemetry cost this hour and this month, in calls, metrics and dollars."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, Sum

from dashboards.spending import POLLS_AN_HOUR
from edgeops.estate import prices
from edgeops.estate.models import Account, AwsUsage, EdgeApi
from edgeops.estate.prices import Dollars
from edgeops.metrics.models import ApiUsage, Cause


@dataclass(frozen=True)
class Spent:
    """Metrics requested over a span, and what they cost."""

    metrics: int
    dollars: Dollars


@dataclass(frozen=True)
class Looking:
    """Of one API or of all; `calls` are its account's this hour, which carry the metrics of many APIs at once."""

    hour: Spent
    month: Spent
    page_hour: Dollars | None
    calls: int
    month_began: datetime


def of(api: EdgeApi | None, now: datetime) -> Looking:
    """What was counted of an API, or of all, in two queries."""
    month, hour = prices.month_of(now), prices.hour_of(now)
    rows = ApiUsage.objects.filter(hour__gte=month)
    whole, this_hour, page = Q(), Q(hour=hour), Q(cause=Cause.PAGE)
    sums = {
        f"{name}_{field}": Sum(field, filter=condition, default=0)
        for name, condition in (("month", whole), ("hour", this_hour), ("page", page))
        for field in ("metrics", "metrics_at_least", "polls")
    }
    found = (rows if api is None else rows.filter(api=api)).aggregate(**sums)
    pages = prices.of_metrics(found["page_metrics"], found["page_metrics_at_least"])
    return Looking(
        hour=_spent(found["hour_metrics"], found["hour_metrics_at_least"]),
        month=_spent(found["month_metrics"], found["month_metrics_at_least"]),
        page_hour=pages * (POLLS_AN_HOUR / found["page_polls"]) if found["page_polls"] else None,
        calls=_calls(None if api is None else api.account, hour),
        month_began=month,
    )


def _calls(account: Account | None, hour: datetime) -> int:
    rows = AwsUsage.objects.filter(service="cloudwatch", operation="GetMetricData", hour=hour)
    total: int = (rows if account is None else rows.filter(account=account)).aggregate(n=Sum("calls", default=0))["n"]
    return total


def _spent(metrics: int, at_least: int) -> Spent:
    return Spent(metrics, prices.of_metrics(metrics, at_least))
