from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from dashboards import spending
from edgeops.estate.models import AccessState, AccountHealth, AwsUsage
from tests.fixtures.estate import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, vera):
    client.force_login(vera)
    return client


def use(account, operation, *, calls, units, at=NOW, service="cloudwatch"):
    AwsUsage.objects.create(
        account=account, region="eu-west-1", service=service, operation=operation, hour=at, calls=calls, units=units
    )


def test_a_stranger_is_sent_to_sign_in(client):
    assert client.get("/settings/")["Location"].startswith("/accounts/login/")


def test_an_empty_estate_is_said(signed_in):
    assert "No AWS account yet" in signed_in.get("/settings/").text


def test_health_is_told_per_service_with_what_to_do(signed_in, account):
    AccountHealth.note(
        account, "eu-west-1", "xray", AccessState.FORBIDDEN, message="Add xray:GetTraceSummaries.", now=NOW
    )
    page = signed_in.get("/settings/").text

    assert "Add xray:GetTraceSummaries." in page
    assert "Forbidden" in page


def test_an_account_nothing_was_read_from_says_so(signed_in, account):
    assert "Nothing has been read from this account yet" in signed_in.get("/settings/").text


def test_the_estate_is_listed(signed_in, api):
    page = signed_in.get("/settings/").text

    for words in ("Products API", "E1PRODUCTSDEMO", "products.example.test", "products-handler"):
        assert words in page


@time_machine.travel(NOW, tick=False)
def test_the_bill_is_estimated_on_the_page(signed_in, account):
    use(account, "GetMetricData", calls=10, units=250_000)

    assert "About $2.50 since the first of the month" in signed_in.get("/settings/").text


def test_a_month_begins_on_its_first_and_regions_are_added_up(account):
    use(account, "GetMetricData", calls=1, units=1000)
    use(account, "GetMetricData", calls=2, units=3000, at=NOW - timedelta(hours=5))
    use(account, "GetMetricData", calls=9, units=9000, at=datetime(2026, 10, 31, 23, 59, tzinfo=UTC))

    (spent,) = spending.this_month(account, NOW)

    assert (spent.calls, spent.units, spent.dollars) == (3, 4000, pytest.approx(0.04))


def test_what_has_no_simple_price_is_unknown_and_not_free(account):
    use(account, "CreateInvalidation", calls=3, units=5, service="cloudfront")
    spent = spending.this_month(account, NOW)

    assert spent[0].dollars is None
    assert spending.total(spent) is None


def test_the_number_of_queries_does_not_grow_with_the_estate(signed_in, api, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        signed_in.get("/settings/")
