"""An account's monthly budget for reading metrics: above its even pace EdgeOps reads less often, and never stops."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Sum

from edgeops.estate import prices
from edgeops.estate.models import Account, AwsUsage


class Level(StrEnum):
    """How much reading is slowed."""

    NORMAL = "normal"
    EASED = "eased"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class Pace:
    """Dollars spent this month and those an even pace allows so far; both None without a budget."""

    level: Level
    spent: float | None = None
    allowed: float | None = None
    words: str = ""

    @property
    def page_seconds(self) -> int:
        """How often the series of an open page are read."""
        return 60 if self.level == Level.NORMAL else 300

    @property
    def alarm_seconds(self) -> int:
        """How often the series an alarm is bound to are read."""
        return 300 if self.level == Level.SPENT else 60

    @property
    def idle_seconds(self) -> int:
        """How often the rest is read."""
        return 900 if self.level == Level.NORMAL else 3600


NORMAL = Pace(Level.NORMAL)
EASED_WORDS = (
    "Reading metrics of account {name} is slowed: ${spent:.2f} of this month's ${budget:.2f} are spent, where an even "
    "pace allows ${allowed:.2f} by now. Open pages are read every 5 minutes and the rest every hour; alarms are not "
    "slowed. An admin can raise the budget in the settings."
)
SPENT_WORDS = (
    "This month's ${budget:.2f} for reading metrics of account {name} are spent (${spent:.2f}). Everything goes on, "
    "but alarms and open pages are read every 5 minutes and the rest every hour, so alerts come up to 5 minutes later. "
    "An admin can raise the budget in the settings."
)


def paces(now: datetime) -> dict[int, Pace]:
    """The pace of every account that has a budget, by its id."""
    accounts = list(Account.objects.filter(monthly_budget__isnull=False))
    spent = _spent(accounts, now) if accounts else {}
    return {account.pk: _pace(account, spent.get(account.pk, 0.0), now) for account in accounts}


def pace(account: Account, now: datetime) -> Pace:
    """How often an account is read, and in words why it is slowed; empty words when it is not."""
    if account.monthly_budget is None:
        return NORMAL
    return _pace(account, _spent([account], now).get(account.pk, 0.0), now)


def _spent(accounts: Sequence[Account], now: datetime) -> dict[int, float]:
    rows = AwsUsage.objects.filter(
        account__in=accounts, service="cloudwatch", operation="GetMetricData", hour__gte=prices.month_of(now)
    )
    totals = rows.values("account_id").annotate(metrics=Sum("units")).values_list("account_id", "metrics")
    return {account_id: metrics * prices.DOLLARS_PER_METRIC for account_id, metrics in totals}


def _pace(account: Account, spent: float, now: datetime) -> Pace:
    """A day's share is always allowed, or the first hour of a month would be above its pace."""
    budget = float(account.monthly_budget or 0)
    begin = prices.month_of(now)
    month = prices.month_after(begin) - begin
    allowed = budget * max(now - begin, timedelta(days=1)) / month
    if spent >= budget:
        return Pace(Level.SPENT, spent, allowed, SPENT_WORDS.format(name=account.name, spent=spent, budget=budget))
    if spent > allowed:
        words = EASED_WORDS.format(name=account.name, spent=spent, budget=budget, allowed=allowed)
        return Pace(Level.EASED, spent, allowed, words)
    return Pace(Level.NORMAL, spent, allowed)
