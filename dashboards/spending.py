"""What EdgeOps itself costs on the AWS bill: per account by operation, per API by cause, and where it is heading.

Everything is read from what was counted at the door to AWS; a fixed number of queries, whatever the estate.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Min, QuerySet, Sum

from dashboards import forecasts
from dashboards.months import Month
from edgeops.estate import prices
from edgeops.estate.models import Account, AwsUsage, EdgeApi
from edgeops.estate.prices import Dollars
from edgeops.metrics import budget
from edgeops.metrics.budget import NORMAL, Pace
from edgeops.metrics.models import ApiUsage, Cause

READING = ("cloudwatch", "GetMetricData")
POLLS_AN_HOUR = 60


@dataclass(frozen=True)
class Called:
    """One operation over the month; `dollars` is None where the price depends on more than the count."""

    service: str
    operation: str
    calls: int
    units: int
    at_least: int

    @property
    def dollars(self) -> Dollars | None:
        """What it costs, where that is known."""
        return prices.of_units(self.service, self.operation, self.units, self.at_least)


@dataclass(frozen=True)
class AccountBill:
    """An account's month; the forecast is for the whole of it, None where it is over or too little is known."""

    account: Account
    called: Sequence[Called]
    pace: Pace
    forecast: Dollars | None

    @property
    def calls(self) -> int:
        """Requests that left for AWS, failed ones too."""
        return sum(one.calls for one in self.called)

    @property
    def metrics(self) -> int:
        """Metrics requested."""
        return sum(one.units for one in self.called if (one.service, one.operation) == READING)

    @property
    def dollars(self) -> Dollars:
        """Everything that has a price by its number."""
        return sum((one.dollars for one in self.called if one.dollars), Dollars())


@dataclass(frozen=True)
class Share:
    """Metrics requested for one cause, in so many polls."""

    cause: Cause
    metrics: int = 0
    at_least: int = 0
    polls: int = 0

    @property
    def dollars(self) -> Dollars:
        """What they cost."""
        return prices.of_metrics(self.metrics, self.at_least)


@dataclass(frozen=True)
class ApiBill:
    """An API's month, a share for every cause."""

    api: EdgeApi
    shares: Sequence[Share]
    forecast: Dollars | None

    @property
    def metrics(self) -> int:
        """Metrics requested for it."""
        return sum(share.metrics for share in self.shares)

    @property
    def dollars(self) -> Dollars:
        """What they cost."""
        return sum((share.dollars for share in self.shares), Dollars())

    @property
    def page_hour(self) -> Dollars | None:
        """What an hour of an open page adds, read every minute; None while none was open."""
        (page,) = (share for share in self.shares if share.cause == Cause.PAGE)
        return page.dollars * (POLLS_AN_HOUR / page.polls) if page.polls else None


def of_accounts(month: Month, now: datetime, accounts: QuerySet[Account] | None = None) -> list[AccountBill]:
    """The month of these accounts, or of all."""
    rows = AwsUsage.objects.filter(hour__gte=month.begin, hour__lt=month.end)
    sums = {"n": Sum("calls"), "high": Sum("units"), "low": Sum("units_at_least")}
    called: dict[int, list[Called]] = defaultdict(list)
    for account_id, *one in rows.values_list("account_id", "service", "operation").annotate(**sums):
        called[account_id].append(Called(*one))
    reading = AwsUsage.objects.filter(service=READING[0], operation=READING[1])
    hourly = _hourly(reading, "account_id", "units", "units_at_least", now) if month.is_current else {}
    paces = budget.paces(now) if month.is_current else {}
    bills = [
        AccountBill(one, sorted(called[one.pk], key=_dearest), paces.get(one.pk, NORMAL), None)
        for one in (Account.objects.order_by("name") if accounts is None else accounts)
    ]
    return [
        replace(bill, forecast=forecasts.of(bill.dollars, hourly.get(bill.account.pk, {}), month.end, now))
        for bill in bills
    ]


def of_apis(month: Month, now: datetime) -> list[ApiBill]:
    """The month of every API, the dearest first."""
    rows = ApiUsage.objects.filter(hour__gte=month.begin, hour__lt=month.end)
    sums = {"high": Sum("metrics"), "low": Sum("metrics_at_least"), "n": Sum("polls")}
    shares: dict[int, dict[str, Share]] = defaultdict(dict)
    for api_id, cause, *counts in rows.values_list("api_id", "cause").annotate(**sums):
        shares[api_id][cause] = Share(Cause(cause), *counts)
    usage = ApiUsage.objects.all()
    hourly = _hourly(usage, "api_id", "metrics", "metrics_at_least", now) if month.is_current else {}
    bills = [
        ApiBill(api, [shares[api.pk].get(cause, Share(cause)) for cause in Cause], None)
        for api in EdgeApi.objects.all()
    ]
    bills.sort(key=lambda bill: -bill.metrics)
    return [
        replace(bill, forecast=forecasts.of(bill.dollars, hourly.get(bill.api.pk, {}), month.end, now))
        for bill in bills
    ]


def of_others(accounts: Iterable[AccountBill], apis: Iterable[ApiBill]) -> int:
    """Metrics requested for no API there is: mostly for those removed meanwhile.

    Accounts are to be read before APIs, or a poll in between would seem to be nobody's.
    """
    return max(0, sum(one.metrics for one in accounts) - sum(one.metrics for one in apis))


def first_hour() -> datetime | None:
    """The oldest hour in which anything was counted."""
    first: datetime | None = AwsUsage.objects.aggregate(first=Min("hour"))["first"]
    return first


type Hourly = Mapping[datetime, Dollars]


def _hourly(rows: QuerySet[Any], of: str, high: str, low: str, now: datetime) -> dict[int, Hourly]:
    """What each one's newest whole hours cost."""
    start, end = forecasts.recent(now)
    hours = rows.filter(hour__gte=start, hour__lt=end).values_list(of, "hour").annotate(n=Sum(high), m=Sum(low))
    found: dict[int, dict[datetime, Dollars]] = defaultdict(dict)
    for pk, hour, metrics, at_least in hours:
        found[pk][hour] = prices.of_metrics(metrics, at_least)
    return dict(found)


def _dearest(one: Called) -> tuple[float, int, str]:
    return -(one.dollars or Dollars()).high, -one.calls, one.operation
