import csv
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from dashboards import months, spending
from edgeops.estate.models import Account, AwsUsage, EdgeApi
from edgeops.estate.prices import Dollars
from edgeops.metrics.models import ApiUsage, Cause
from tests.fixtures.estate import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
PAGE = "/settings/spending/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LAST_MONTH = NOW.replace(month=10)


@pytest.fixture
def frozen():
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False):
        yield


@pytest.fixture
def signed_in(client, vera):
    client.force_login(vera)
    return client


def call(account, *, units, at_least=None, at=NOW, service="cloudwatch", operation="GetMetricData", region="eu-west-1"):
    AwsUsage.objects.create(
        account=account,
        region=region,
        service=service,
        operation=operation,
        hour=at,
        calls=1,
        units=units,
        units_at_least=units if at_least is None else at_least,
    )


def share(api, cause, metrics, *, at_least=None, polls=1, at=NOW):
    low = metrics if at_least is None else at_least
    ApiUsage.objects.create(api=api, hour=at, cause=cause, metrics=metrics, metrics_at_least=low, polls=polls)


def november():
    return months.current(NOW)


def test_a_stranger_is_sent_to_sign_in(client):
    assert client.get(PAGE)["Location"].startswith("/accounts/login/")


def test_an_empty_estate_is_said(signed_in):
    assert "No AWS account yet" in signed_in.get(PAGE).text


def test_a_month_begins_on_its_first_and_regions_are_added_up(account):
    call(account, units=1000)
    call(account, units=3000, at=NOW - 5 * HOUR, region="us-east-1")
    call(account, units=9000, at=LAST_MONTH)

    (bill,) = spending.of_accounts(november(), NOW)

    assert (bill.calls, bill.metrics) == (2, 4000)
    assert bill.dollars.high == pytest.approx(0.04)


def test_what_has_no_simple_price_is_unknown_and_not_free(account):
    call(account, service="cloudfront", operation="CreateInvalidation", units=5)

    (bill,) = spending.of_accounts(november(), NOW)

    assert bill.called[0].dollars is None
    assert bill.metrics == 0


def test_each_account_shows_both_readings_of_the_price_list(signed_in, account):
    call(account, units=250_000, at_least=100_000)
    page = signed_in.get(PAGE).text

    assert "<dt>Since November 1</dt><dd>$1.00–$2.50</dd>" in page
    assert "<dt>Metrics requested</dt><dd>250k</dd>" in page
    assert "Without a budget reading is never slowed." in page


def test_a_dollar_is_told_by_api_and_cause(signed_in, api):
    share(api, Cause.PAGE, 3000, polls=100)
    share(api, Cause.IDLE, 7000)
    share(api, Cause.IDLE, 90_000, at=LAST_MONTH)

    (bill,) = spending.of_apis(november(), NOW)

    assert {one.cause: one.metrics for one in bill.shares if one.metrics} == {Cause.PAGE: 3000, Cause.IDLE: 7000}
    assert bill.dollars.high == pytest.approx(0.1)
    assert '<td class="number" data-label="Nobody looked">$0.070</td>' in signed_in.get(PAGE).text


def test_an_hour_of_an_open_page_costs_what_sixty_polls_for_it_did(api):
    share(api, Cause.PAGE, 20 * 35, at_least=20 * 21, polls=20)
    share(api, Cause.PAGE, 40 * 35, at_least=40 * 21, polls=40, at=NOW - HOUR)

    (bill,) = spending.of_apis(november(), NOW)

    assert bill.page_hour.high == pytest.approx(60 * 35 / 100_000)
    assert bill.page_hour.low == pytest.approx(60 * 21 / 100_000)


def test_an_hour_of_a_page_nobody_opened_is_not_known(api):
    share(api, Cause.ALARM, 700, polls=20)

    (bill,) = spending.of_apis(november(), NOW)

    assert bill.page_hour is None


def test_what_was_read_for_removed_apis_stays_on_the_bill(signed_in, api, account):
    call(account, units=5000)
    share(api, Cause.IDLE, 3000)

    assert "2k metrics more were requested for no API there is" in signed_in.get(PAGE).text
    assert spending.of_others([], spending.of_apis(november(), NOW)) == 0


def test_the_month_is_forecast_from_the_last_day(account):
    for ago in range(1, 25):
        call(account, units=1000, at=NOW - ago * HOUR)

    (bill,) = spending.of_accounts(november(), NOW)

    days_left = (november().end - NOW) / DAY
    assert bill.forecast.high == pytest.approx(0.24 + 0.24 * days_left)


def test_a_month_that_is_over_has_neither_forecast_nor_pace(signed_in, account, api):
    account.monthly_budget = Decimal("0.01")
    account.save()
    call(account, units=9000)
    for ago in range(48):
        call(account, units=1000, at=LAST_MONTH - ago * HOUR)
    page = signed_in.get(f"{PAGE}?month=2026-10").text

    assert "<dt>October 2026</dt><dd>$0.48</dd>" in page
    assert 'href="?month=2026-10" aria-current="true"' in page
    assert "By the end of" not in page
    assert "for reading metrics of account" not in page
    assert "data-refresh-seconds" not in page


def test_a_slowed_account_says_why_and_what_to_do(signed_in, account):
    account.monthly_budget = Decimal(1)
    account.save()
    call(account, units=90_000)

    assert "An admin can raise the budget in the settings." in signed_in.get(PAGE).text


@pytest.mark.parametrize("month", ["november", "2026-13", "<script>", "2027-01"])
def test_a_wrong_month_is_said_and_the_current_one_shown(signed_in, account, month):
    response = signed_in.get(PAGE, {"month": month})

    assert response.status_code == 200
    assert "November 2026 is shown" in response.text
    assert "<script>" not in response.text.split("<main", 1)[1]


@pytest.mark.parametrize("name", ["calls.csv", "apis.csv"])
def test_no_file_of_another_month_is_handed_over_for_a_wrong_one(signed_in, name):
    response = signed_in.get(f"{PAGE}{name}", {"month": "2027-01"})

    assert response["Location"] == f"{PAGE}?month=2027-01"


def rows(response):
    return list(csv.DictReader(b"".join(response.streaming_content).decode().splitlines()))


def test_every_hour_of_every_call_can_be_taken_away(signed_in, account):
    call(account, units=1, at_least=1)
    call(account, units=3, service="cloudfront", operation="CreateInvalidation", at=NOW - HOUR)
    call(account, units=9000, at=LAST_MONTH)
    response = signed_in.get(f"{PAGE}calls.csv?month=2026-11")

    assert response["Content-Disposition"] == 'attachment; filename="edgeops-calls-2026-11.csv"'
    invalidation, reading = rows(response)
    assert (invalidation["hour"], invalidation["dollars_high"]) == ("2026-11-22T11:00:00Z", "")
    assert (reading["aws_account_id"], reading["calls"], reading["units"]) == ("123456789012", "1", "1")
    assert (reading["dollars_low"], reading["dollars_high"]) == ("0.00001", "0.00001")


def test_every_hour_of_every_api_can_be_taken_away(signed_in, api):
    share(api, Cause.PAGE, 2100, at_least=1200, polls=60)

    (row,) = rows(signed_in.get(f"{PAGE}apis.csv"))

    assert (row["api"], row["cause"], row["polls"], row["metrics"]) == ("products", "page", "60", "2100")
    assert (row["dollars_low"], row["dollars_high"]) == ("0.01200", "0.02100")


def test_a_file_is_read_in_one_query_however_long_it_is(signed_in, api, django_assert_num_queries):
    for ago in range(50):
        share(api, Cause.IDLE, 10, at=NOW - ago * HOUR)
    with django_assert_num_queries(5):  # session, person, two for the role, rows
        assert len(rows(signed_in.get(f"{PAGE}apis.csv"))) == 50


def test_the_number_of_queries_does_not_grow_with_the_estate(signed_in, api, django_assert_max_num_queries):
    for number in range(4):
        account = Account.objects.create(
            name=f"other-{number}", aws_account_id="1" * 12, region="eu-west-1", monthly_budget=9
        )
        call(account, units=1000, at=NOW - HOUR)
        other = EdgeApi.objects.create(
            slug=f"api-{number}", name="API", account=account, region="eu-west-1", distribution=api.distribution
        )
        share(other, Cause.IDLE, 1000, at=NOW - HOUR)
    with django_assert_max_num_queries(14):
        signed_in.get(PAGE)


def test_two_sums_are_added_bound_by_bound():
    assert Dollars(1, 2) + Dollars(3, 4) * 2 == Dollars(7, 10)
