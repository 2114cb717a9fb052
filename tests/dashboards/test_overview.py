from datetime import timedelta

import pytest
import time_machine

from edgeops.alarms.models import AlarmRule, AlarmSeries, AlarmState
from edgeops.estate.models import AccessState, Account, AccountHealth, AwsUsage, EdgeApi, Hop, HopKind
from edgeops.metrics import registry
from edgeops.metrics.models import ApiUsage, Cause, Lease, Series
from edgeops.timeline.models import Event
from tests.fixtures.estate import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
EDGE = "E1PRODUCTSDEMO"


@pytest.fixture
def frozen():
    with time_machine.travel(NOW, tick=False):
        yield


def fire(api, series, since):
    rule = AlarmRule.objects.create(api=api, name="Errors of the handler")
    return AlarmSeries.objects.create(rule=rule, series=series, state=AlarmState.ALARM, state_since=since)


def test_a_stranger_is_sent_to_sign_in(client):
    assert client.get("/")["Location"].startswith("/accounts/login/")


def test_somebody_without_a_role_is_refused(client, nils):
    client.force_login(nils)

    assert client.get("/").status_code == 403


def test_the_overview_is_only_read(client, vera):
    client.force_login(vera)

    assert client.post("/").status_code == 405


def test_an_empty_estate_says_what_to_do(client, vera):
    client.force_login(vera)

    assert "No API is operated yet" in client.get("/").text


def test_an_api_without_data_is_insufficient_and_shows_no_zeros(client, vera, api):
    client.force_login(vera)
    page = client.get("/").text

    assert "No data has arrived yet" in page
    assert "<dt>Viewer 5xx</dt><dd>–</dd>" in page


def test_figures_come_from_the_newest_settled_minutes(client, vera, measured, put):
    put(EDGE, "Requests", [100.0] * 10 + [5.0, 5.0])
    put(EDGE, "5xxErrorRate", [2.0] * 10 + [90.0, 90.0])
    client.force_login(vera)
    page = client.get("/").text

    assert "<dt>Requests/min</dt><dd>100</dd>" in page
    assert "<dt>Viewer 5xx</dt><dd>2 %</dd>" in page
    assert "No alarm fires" in page


def test_old_data_is_not_ok(client, vera, measured):
    Series.objects.update(data_until=NOW - timedelta(minutes=22))
    client.force_login(vera)

    assert "The newest data is 22 min old" in client.get("/").text


def test_a_firing_alarm_is_named_and_linked_and_its_api_is_first(client, vera, measured, put):
    other = EdgeApi.objects.create(
        slug="aaa", name="AAA", account=measured.account, region="eu-west-1", distribution=measured.distribution
    )
    alarm = fire(measured, put("products-handler", "Errors", [9.0]), NOW - timedelta(minutes=19))
    client.force_login(vera)
    page = client.get("/").text

    assert f'<a href="/alarms/{alarm.rule_id}/">Errors of the handler</a>' in page
    assert page.index("standing-products") < page.index(f"standing-{other.slug}")


def test_hosts_are_summed_over_target_groups(client, vera, measured, put):
    for name in ("search", "browse"):
        hop = Hop.objects.create(
            api=measured,
            account=measured.account,
            region="eu-west-1",
            kind=HopKind.TARGET_GROUP,
            position=2,
            name=name,
            dimensions={"TargetGroup": name, "LoadBalancer": "app/x/1"},
        )
        registry.ensure_series(hop)
    Series.objects.update(settled_until=NOW)
    put("search", "HealthyHostCount", [4.0])
    put("browse", "HealthyHostCount", [1.0])
    put("browse", "UnHealthyHostCount", [2.0])
    client.force_login(vera)
    assert "5 of" not in client.get("/").text, "how many of search's hosts are unhealthy is not known yet"

    put("search", "UnHealthyHostCount", [0.0])
    assert "5 of 7" in client.get("/").text


def test_trouble_reading_aws_is_shown_with_its_advice(client, vera, account):
    AccountHealth.note(
        account, "eu-west-1", "xray", AccessState.FORBIDDEN, message="Add xray:GetTraceSummaries.", now=NOW
    )
    client.force_login(vera)

    assert "Add xray:GetTraceSummaries." in client.get("/").text


def test_a_slowed_account_says_so_and_what_all_cost_this_hour(client, vera, measured):
    Account.objects.update(monthly_budget=1)
    AwsUsage.objects.create(
        account=measured.account,
        region="eu-west-1",
        service="cloudwatch",
        operation="GetMetricData",
        hour=NOW,
        calls=3,
        units=100_000,
    )
    ApiUsage.objects.create(api=measured, hour=NOW, cause=Cause.IDLE, metrics=100_000, metrics_at_least=100_000)
    client.force_login(vera)
    page = client.get("/").text

    assert "are spent ($1.00). Everything goes on, but alarms and open pages are read every 5 minutes" in page
    assert "Cost of looking: $1.00 this hour (100k metrics; all accounts made 3 calls)" in page


def test_a_refresh_gets_the_live_part_then_304_until_something_changes(client, vera, measured):
    client.force_login(vera)
    first = client.get("/", headers={"HX-Request": "true"})
    again = {"HX-Request": "true", "If-None-Match": first["ETag"]}

    assert "<html" not in first.text
    assert client.get("/", headers=again).status_code == 304

    Event.put("alarm.ALARM", subject=("transition", 1), api_slug="products", title="It fires", at=NOW)
    changed = client.get("/", headers=again)

    assert changed.status_code == 200
    assert "It fires" in changed.text


def test_even_an_unchanged_refresh_renews_the_lease(client, vera, measured):
    client.force_login(vera)
    etag = client.get("/", headers={"HX-Request": "true"})["ETag"]
    Lease.objects.all().delete()

    assert client.get("/", headers={"HX-Request": "true", "If-None-Match": etag}).status_code == 304
    assert Lease.objects.get(key="overview").expires_at > NOW


def test_the_number_of_queries_does_not_grow_with_the_estate(client, vera, measured, django_assert_max_num_queries):
    for index in range(5):
        EdgeApi.objects.create(
            slug=f"api-{index}",
            name=f"API {index}",
            account=measured.account,
            region="eu-west-1",
            distribution=measured.distribution,
        )
    client.force_login(vera)
    client.get("/")
    with django_assert_max_num_queries(22):
        client.get("/")
