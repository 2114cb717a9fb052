from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from edgeops.aws.errors import UnavailableError
from edgeops.estate.models import Distribution
from edgeops.invalidations import ledger
from edgeops.invalidations.models import Batch, CostMonth, Priority
from tests.fixtures.invalidations import KilledError


@pytest.mark.parametrize(
    ("used", "items", "dollars"),
    [
        (0, 1_000, "0"), (999, 1, "0"), (999, 2, "0.005"), (1_000, 1, "0.005"), (0, 1_001, "0.005"),
        (500, 0, "0"), (5_000, 3_000, "15"),
    ],
)  # fmt: skip
def test_the_first_thousand_items_of_a_month_are_free(used, items, dollars):
    assert ledger.price(used, items) == Decimal(dollars)
    assert ledger.free_left(used) == max(0, 1_000 - used)


def test_the_allowance_is_shared_by_the_distributions_of_an_account(frozen, advance, distribution, account, now):
    orders = Distribution.objects.create(account=account, aws_id="E2", name="orders", domain="d2.test")
    CostMonth.objects.create(account=account, month=date(2026, 11, 1), items=998)
    for number, site in enumerate((distribution, orders, orders)):
        advance(frozen(f"/{number}", distribution=site).batch, now)
    assert CostMonth.used(account, date(2026, 11, 1)) == 1_001
    assert Batch.objects.filter(billed_items=1).count() == 3


def test_a_reference_sent_again_after_a_lost_answer_is_billed_once(frozen, cloudfront, advance, account, now):
    batch = frozen("/a", "/b").batch
    cloudfront.kill_after = True
    with pytest.raises(KilledError):
        advance(batch, now)
    assert not CostMonth.objects.exists()
    advance(batch, now + timedelta(minutes=1))
    assert CostMonth.objects.get().items == 2
    assert len(cloudfront.made) == 1


def test_a_batch_that_waits_over_midnight_is_billed_in_the_month_cloudfront_took_it(
    asked, tick, advance, cloudfront, unlimited, account
):
    """The answer is lost at 23:59:59 and found in December: CloudFront counted it in November."""
    evening = datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC)
    asked("/lost", now=evening, priority=Priority.URGENT)
    (lost,) = tick(evening)
    cloudfront.clock = lambda: evening
    cloudfront.kill_after = True
    with pytest.raises(KilledError):
        advance(lost, evening)
    asked("/refused", now=evening + timedelta(seconds=5), priority=Priority.URGENT)
    (refused,) = tick(evening + timedelta(seconds=5))
    cloudfront.failures = [UnavailableError("cloudfront:CreateInvalidation", "ServiceUnavailable", "later")]
    advance(refused, evening + timedelta(seconds=5))

    morning = evening + timedelta(minutes=2)
    cloudfront.clock = lambda: morning
    advance(lost, morning)
    advance(refused, morning)
    months = dict(CostMonth.objects.values_list("month", "items"))
    assert months == {date(2026, 11, 1): 1, date(2026, 12, 1): 1}


def test_a_month_is_utcs_whatever_the_clock_on_the_wall_says():
    half_past_midnight = datetime.fromisoformat("2026-12-01T00:30:00+02:00")
    assert ledger.month_of(half_past_midnight) == date(2026, 11, 1)
