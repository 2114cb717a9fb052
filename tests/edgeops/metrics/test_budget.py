from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from edgeops.estate.models import AwsUsage
from edgeops.metrics import budget
from edgeops.metrics.budget import Level

pytestmark = pytest.mark.django_db


def spend(account, dollars, at, **changes):
    values = {"service": "cloudwatch", "operation": "GetMetricData", "region": "eu-west-1", **changes}
    AwsUsage.objects.create(account=account, hour=at, units=round(dollars * 100_000), **values)


@pytest.mark.parametrize(
    ("dollars", "level"),
    [(0, Level.NORMAL), (21.49, Level.NORMAL), (21.51, Level.EASED), (29.99, Level.EASED), (30, Level.SPENT)],
)
def test_reading_is_eased_above_the_even_pace_and_more_so_when_all_is_spent(account, now, dollars, level):
    """Noon of the 22nd of November: 21.5 of 30 days, so 21.50 of 30 dollars."""
    account.monthly_budget = Decimal(30)
    account.save()
    spend(account, dollars, now.replace(day=3))

    pace = budget.pace(account, now)

    assert pace.level == level
    assert budget.paces(now) == {account.pk: pace}
    assert bool(pace.words) == (level != Level.NORMAL)


def test_the_words_say_what_happened_and_what_to_do(account, now):
    account.monthly_budget = Decimal(30)
    spend(account, 25, now)

    words = budget.pace(account, now).words

    assert "account demo" in words
    assert "$25.00 of this month's $30.00" in words
    assert "$21.50 by now" in words
    assert "An admin can raise the budget" in words


def test_an_account_without_a_budget_is_never_slowed(account, now):
    spend(account, 10_000, now)

    assert budget.pace(account, now) == budget.NORMAL
    assert budget.paces(now) == {}


def test_the_first_day_of_a_month_may_spend_a_days_share(account):
    account.monthly_budget = Decimal(31)
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    spend(account, 0.99, midnight)

    assert budget.pace(account, midnight + timedelta(minutes=5)).level == Level.NORMAL


def test_last_month_and_other_calls_do_not_count(account, now):
    account.monthly_budget = Decimal(30)
    spend(account, 500, now.replace(month=10))
    spend(account, 500, now, service="cloudfront", operation="CreateInvalidation")

    assert budget.pace(account, now).spent == 0
