from datetime import timedelta

import pytest

from edgeops.access.models import Audit
from edgeops.alarms import rules
from edgeops.alarms.models import AlarmRule
from edgeops.estate.models import EdgeApi, Hop
from edgeops.metrics.models import Series
from edgeops.notifications.models import Delivery, DeliveryAttempt, Route

MINUTE = timedelta(minutes=1)


@pytest.fixture
def typed(series, mailbox):
    """What an operator types into the form."""
    return {
        "name": "Handler is slow",
        "series": series.pk,
        "comparison_operator": "GreaterThanThreshold",
        "threshold": "250.5",
        "datapoints_to_alarm": "2",
        "evaluation_periods": "3",
        "treat_missing_data": "notBreaching",
        "channels": [mailbox.pk],
    }


@pytest.fixture
def as_vera(client, vera):
    client.force_login(vera)
    return client


@pytest.fixture
def as_otto(client, otto):
    client.force_login(otto)
    return client


def test_strangers_and_people_without_a_role_see_no_alarms(client, nils, rule):
    assert client.get("/alarms/").status_code == 302
    client.force_login(nils)
    assert client.get("/alarms/").status_code == 403
    assert client.get(f"/alarms/{rule.pk}/").status_code == 403


@pytest.mark.parametrize("path", ["new/", "{pk}/edit/", "{pk}/switch/", "{pk}/delete/"])
def test_a_viewer_changes_nothing(as_vera, rule, path):
    assert as_vera.post("/alarms/" + path.format(pk=rule.pk)).status_code == 403
    assert AlarmRule.objects.standing().get().is_enabled


@pytest.mark.parametrize("path", ["switch/", "delete/"])
def test_what_changes_an_alarm_is_not_done_by_a_link(as_otto, rule, path):
    assert as_otto.get(f"/alarms/{rule.pk}/{path}").status_code == 405


def test_an_empty_list_says_who_can_create_the_first_alarm(as_vera):
    page = as_vera.get("/alarms/").text
    assert "Nothing is watched yet" in page
    assert "An operator can create one" in page


def test_the_list_shows_what_fires_first(as_vera, api, series, condition, actor, rule, observe, now):
    observe([1, 1, 1], now)
    rules.create(api=api, name="Another", series=series, condition=condition, actor=actor, now=now)
    rule.alarm_series.update(state="ALARM")
    page = as_vera.get("/alarms/").text
    assert page.index("Slow handler") < page.index("Another")
    assert "&gt; 5 for 2 of 3" in page
    assert "Duration p95 (Milliseconds) of products-handler" in page


def test_a_list_of_many_alarms_costs_no_more_queries(
    as_vera, api, series, condition, actor, rule, now, django_assert_max_num_queries
):
    for number in range(15):
        rules.create(api=api, name=f"n{number}", series=series, condition=condition, actor=actor, now=now)
    with django_assert_max_num_queries(15):
        assert as_vera.get("/alarms/").status_code == 200


def test_a_refresh_that_would_show_the_same_is_an_empty_304(as_vera, rule):
    first = as_vera.get(f"/alarms/{rule.pk}/", headers={"HX-Request": "true"})
    assert first.text.lstrip().startswith('<div id="live"')
    again = as_vera.get(f"/alarms/{rule.pk}/", headers={"HX-Request": "true", "If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_new_alarm_asks_for_the_api_then_offers_that_apis_metrics_by_hop(as_otto, series):
    assert "/alarms/new/?api=products" in as_otto.get("/alarms/new/").text
    page = as_otto.get("/alarms/new/?api=products").text
    assert '<optgroup label="Lambda products-handler">' in page
    assert "Duration p95 (Milliseconds)" in page
    assert as_otto.get("/alarms/new/?api=nothing").status_code == 404


def test_an_operator_creates_an_alarm_that_tells_a_channel_and_is_audited(as_otto, typed, mailbox):
    answer = as_otto.post("/alarms/new/?api=products", typed)
    rule = AlarmRule.objects.get()
    assert answer["Location"] == f"/alarms/{rule.pk}/"
    assert (rule.version.threshold, rule.version.created_by) == (250.5, "otto")
    assert Route.objects.get(rule=rule).channel == mailbox
    assert list(Audit.objects.order_by("pk").values_list("action", "actor"))[-2:] == [
        ("alarm.created", "otto"),
        ("alarm.routed", "otto"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("threshold", "NaN", "NaN and infinity compare with nothing"),
        ("threshold", "inf", "NaN and infinity compare with nothing"),
        ("threshold", "-Infinity", "NaN and infinity compare with nothing"),
        ("threshold", "many", "The threshold must be a number"),
        ("threshold", "", "This field is required"),
        ("datapoints_to_alarm", "4", "M must be between 1 and N (3)"),
        ("datapoints_to_alarm", "0", "M must be between 1 and N (3)"),
        ("evaluation_periods", "100000", "N must be between 1 and 1440"),
        ("series", "999999", "does not belong to Products API"),
        ("name", "", "This field is required"),
        ("treat_missing_data", "hope", "Select a valid choice"),
        ("channels", "999999", "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_what_was_typed_is_kept(as_otto, typed, field, value, words):
    answer = as_otto.post("/alarms/new/?api=products", {**typed, field: value})
    assert answer.status_code == 200
    assert words in answer.text
    assert 'value="Handler is slow"' in answer.text or field == "name"
    if field == "threshold" and value:
        assert f'value="{value}"' in answer.text
    assert not AlarmRule.objects.exists()


def test_the_metric_of_another_api_is_refused(as_otto, api, typed):
    other = EdgeApi.objects.create(
        slug="other", name="Other", account=api.account, region="eu-west-1", distribution=api.distribution
    )
    hop = Hop.objects.create(
        api=other, account=api.account, region="eu-west-1", kind="lambda", position=1, name="f", dimensions={}
    )
    foreign = Series.objects.create(
        account=api.account, region="eu-west-1", hop=hop, namespace="AWS/Lambda", metric="Errors", statistic="Sum",
        dimensions={}, dimensions_key="f",
    )  # fmt: skip
    answer = as_otto.post("/alarms/new/?api=products", {**typed, "series": foreign.pk})
    assert "does not belong to Products API" in answer.text
    assert not AlarmRule.objects.exists()


def test_an_edit_shows_what_holds_and_adds_a_version(as_otto, routed, typed, mailbox):
    page = as_otto.get(f"/alarms/{routed.pk}/edit/").text
    assert 'value="Slow handler"' in page
    assert "To watch another metric, create another alarm" in page

    as_otto.post(f"/alarms/{routed.pk}/edit/", {**typed, "channels": []})
    routed.refresh_from_db()
    assert (routed.name, routed.version.number, routed.version.threshold) == ("Handler is slow", 2, 250.5)
    assert not Route.objects.exists()


def test_the_page_of_an_alarm_tells_why_with_datapoints_deliveries_and_attempts(as_vera, routed, observe, now):
    delivery = observe([1, None, 9, 9], now)[0]
    DeliveryAttempt.objects.create(
        delivery=delivery, started_at=now, duration_seconds=0.2, outcome="temporary", detail="SMTP 451"
    )
    page = as_vera.get(f"/alarms/{routed.pk}/").text
    assert "2 of 3 datapoints &gt; 5; 2 needed to alarm" in page
    assert "2026-11-22T11:59Z" in page
    assert "missing" in page
    assert "On call" in page
    assert "1 attempt over On call" in page
    assert "temporary after 200 ms (SMTP 451)" in page
    assert "Delete this alarm" not in page


def test_names_from_people_are_text_and_never_markup(as_otto, typed):
    as_otto.post("/alarms/new/?api=products", {**typed, "name": "<script>{{7*7}}</script>"})
    page = as_otto.get(f"/alarms/{AlarmRule.objects.get().pk}/").text
    assert "&lt;script&gt;{{7*7}}&lt;/script&gt;" in page
    assert "<script>{{" not in page


def test_disabling_ends_the_incident_tells_who_was_told_and_enabling_watches_again(as_otto, routed, observe, now):
    observe([1, 9, 9], now)
    as_otto.post(f"/alarms/{routed.pk}/switch/", {"to": "disabled"})
    assert Delivery.objects.filter(state="pending", transition__reason_code="rule_changed").count() == 1
    assert "This alarm is disabled" in as_otto.get(f"/alarms/{routed.pk}/").text

    as_otto.post(f"/alarms/{routed.pk}/switch/", {"to": "enabled"})
    routed.refresh_from_db()
    assert routed.is_enabled


def test_a_deleted_alarm_leaves_the_list_and_keeps_its_page(as_otto, rule):
    assert as_otto.post(f"/alarms/{rule.pk}/delete/")["Location"] == "/alarms/"
    assert f'href="/alarms/{rule.pk}/"' not in as_otto.get("/alarms/").text
    page = as_otto.get(f"/alarms/{rule.pk}/").text
    assert "This alarm was deleted" in page
    assert "Delete this alarm" not in page
    assert as_otto.get(f"/alarms/{rule.pk}/edit/").status_code == 404
    assert as_otto.post(f"/alarms/{rule.pk}/delete/").status_code == 404
