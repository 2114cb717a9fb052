from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from edgeops.estate.models import AccessState, Account, AccountHealth, AwsUsage, EdgeApi
from tests.fixtures.estate import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client, vera):
    client.force_login(vera)
    return client


def use(account, operation, *, calls, units, at_least=0, at=NOW):
    AwsUsage.objects.create(
        account=account,
        region="eu-west-1",
        service="cloudwatch",
        operation=operation,
        hour=at,
        calls=calls,
        units=units,
        units_at_least=at_least,
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


def test_an_account_nothing_was_read_from_says_so(signed_in, api):
    assert "Nothing has been read from this account yet" in signed_in.get("/settings/").text


def test_an_account_without_an_api_says_that_nothing_is_read(signed_in, account):
    page = signed_in.get("/settings/").text
    assert "No API of this account is operated, so nothing is read from it." in page
    assert "No API is operated yet" in page


@pytest.mark.parametrize(
    ("person", "ways"), [("vera", []), ("otto", ["Add an API"]), ("ada", ["Add an account", "Add an API"])]
)
def test_each_role_finds_the_ways_it_may_go(client, request, api, person, ways):
    client.force_login(request.getfixturevalue(person))
    page = client.get("/settings/").text
    assert [way for way in ("Add an account", "Add an API") if f">{way}</a>" in page] == ways
    assert 'href="/settings/accounts/demo/">Account demo</a>' in page


def test_the_age_of_a_paths_comparison_is_told(signed_in, api):
    assert '"Compared with AWS">not yet' in signed_in.get("/settings/").text
    EdgeApi.objects.update(path_checked_at=timezone.now() - timedelta(hours=3))
    assert "3 h ago" in signed_in.get("/settings/").text


def test_the_estate_is_listed(signed_in, api):
    page = signed_in.get("/settings/").text

    for words in ("Products API", "E1PRODUCTSDEMO", "products.example.test", "products-handler"):
        assert words in page


@time_machine.travel(NOW, tick=False)
def test_the_bill_stands_on_the_page_and_leads_to_all_of_it(signed_in, account):
    use(account, "GetMetricData", calls=10, units=250_000, at_least=200_000)
    use(account, "GetMetricData", calls=9, units=900_000, at=datetime(2026, 10, 31, 23, 59, tzinfo=UTC))

    page = signed_in.get("/settings/").text

    assert "$2.00–$2.50 since the first of the month (UTC): 250k metrics requested in 10 calls." in page
    assert 'href="/settings/spending/"' in page


def test_an_account_that_is_slowed_says_so(signed_in, account):
    account.monthly_budget = 1
    account.save()
    use(account, "GetMetricData", calls=1, units=150_000, at=timezone.now())

    assert (
        "This month&#x27;s $1.00 for reading metrics of account demo are spent ($1.50)."
        in signed_in.get("/settings/").text
    )


def test_the_number_of_queries_does_not_grow_with_the_estate(signed_in, api, django_assert_max_num_queries):
    for number in range(4):
        Account.objects.create(name=f"other-{number}", aws_account_id="1" * 12, region="eu-west-1", monthly_budget=9)
    with django_assert_max_num_queries(16):
        signed_in.get("/settings/")


def test_secrets_that_no_key_reads_are_named(signed_in, hook, endpoint):
    assert "EDGEOPS_ENCRYPTION_KEYS" not in signed_in.get("/settings/").text
    endpoint.secrets.update(encrypted_secret="gAAAAAunreadable")
    page = signed_in.get("/settings/").text
    assert "<li>endpoint secret product data 2026-11-22-1</li>" in page
    assert "channel Chat" not in page
