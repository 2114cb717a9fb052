import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.utils.html import escape

from edgeops.alarms.models import AlarmRule, AlarmRuleVersion, AlarmSeries, AlarmState
from edgeops.estate.models import AccessState, Account, AccountHealth, AwsUsage, Hop
from edgeops.metrics import catalogue
from edgeops.metrics.models import ApiUsage, Cause, Datapoint, Gap, Lease
from edgeops.timeline.models import Event
from edgeops.traces.models import TraceSummary
from tests.fixtures.estate import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
PAGE = "/apis/products/"


@pytest.fixture
def frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def signed_in(client, vera):
    client.force_login(vera)
    return client


def figures(page):
    return json.loads(re.search(r'id="figures" type="application/json">(.*?)</script>', page, re.DOTALL).group(1))


def test_a_stranger_is_sent_to_sign_in(client, api):
    assert client.get(PAGE)["Location"].startswith("/accounts/login/")


def test_an_unknown_api_is_not_found(signed_in):
    assert signed_in.get("/apis/nothing/").status_code == 404


def test_the_page_is_only_read(signed_in, api):
    assert signed_in.post(PAGE).status_code == 405


def test_a_viewer_is_not_offered_to_invalidate_and_an_operator_is(client, vera, otto, api):
    client.force_login(vera)
    assert "Invalidate</a>" not in client.get(PAGE).text

    client.force_login(otto)
    assert f'href="/cache/invalidations/new/?distribution={api.distribution_id}"' in client.get(PAGE).text


def test_hops_stand_left_to_right_with_a_chart_for_each_group_of_metrics(signed_in, measured):
    page = signed_in.get(PAGE).text

    assert page.index("E1PRODUCTSDEMO") < page.index("products-api") < page.index("products-handler")
    assert len(figures(page)) == 15 + 3, "and three of the path as a whole"
    assert all(f'data-chart="{key}"' in page for key in figures(page))


def test_a_gap_in_the_data_reaches_the_browser_as_null(signed_in, measured, put):
    hop = put("E1PRODUCTSDEMO", "CacheHitRate", [80.0, None, 82.0]).hop
    (trace, *_) = figures(signed_in.get(PAGE).text)[f"hop-{hop.pk}-cache"]["data"]

    assert trace["y"][-1:] == [80.0]
    tail = figures(signed_in.get(PAGE).text)[f"hop-{hop.pk}-cache"]["data"][1]
    assert tail["y"][:3] == [80.0, None, 82.0]


def test_an_event_is_a_mark_on_the_charts_and_a_line_beside_them(signed_in, measured):
    at = NOW - timedelta(minutes=10)
    Event.put("invalidation.verified", subject=("batch", 1), api_slug="products", title="/a/* is proven", at=at)
    Event.put("invalidation.verified", subject=("batch", 2), api_slug="orders", title="Not of this API", at=at)
    page = signed_in.get(PAGE).text

    assert "/a/* is proven" in page
    assert "Not of this API" not in page
    assert all(one["layout"]["shapes"] for one in figures(page).values())


def test_an_alarm_shows_its_threshold_and_that_it_fires(signed_in, measured, put):
    series = put("products-handler", "Errors", [9.0])
    rule = AlarmRule.objects.create(api=measured, name="Handler errors")
    AlarmRuleVersion.objects.create(
        rule=rule,
        number=1,
        comparison_operator="GreaterThanThreshold",
        threshold=5,
        evaluation_periods=1,
        datapoints_to_alarm=1,
        treat_missing_data="missing",
        created_at=NOW,
        created_by="ada",
    )
    AlarmSeries.objects.create(
        rule=rule, series=series, state=AlarmState.ALARM, state_since=NOW, reason="1 of 1 datapoints breach"
    )
    page = signed_in.get(PAGE).text

    assert "1 of 1 datapoints breach" in page
    assert figures(page)[f"hop-{series.hop_id}-errors"]["layout"]["shapes"][0]["y0"] == 5


def test_traces_of_the_same_window_stand_beside_the_charts(signed_in, measured):
    for index, ago in enumerate((timedelta(minutes=5), timedelta(hours=5))):
        TraceSummary.objects.create(
            api=measured,
            account=measured.account,
            region="eu-west-1",
            trace_id=f"1-0000000{index}-{index:024x}",
            started_at=NOW - ago,
        )
    page = signed_in.get(PAGE).text

    assert f"1-00000000-{0:024x}" in page
    assert f"1-00000001-{1:024x}" not in page


def test_a_chart_says_what_its_metrics_mean(signed_in, measured, put):
    hop = put("products-handler", "Errors", [1.0]).hop
    meaning = catalogue.find("AWS/Lambda", "Errors", "Sum").meaning

    assert meaning
    assert escape(meaning) in signed_in.get(f"{PAGE}hops/{hop.pk}/errors/").text


def test_a_chart_is_handed_over_as_a_file_with_its_gaps(signed_in, measured, put):
    hop = put("E1PRODUCTSDEMO", "CacheHitRate", [80.125, None, 82.0]).hop
    response = signed_in.get(f"{PAGE}hops/{hop.pk}/cache/chart.html")

    assert response["Content-Disposition"] == 'attachment; filename="products-cache.html"'
    assert "80.125" in response.text
    assert signed_in.get(f"{PAGE}hops/{hop.pk}/unknown/chart.html").status_code == 404


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-11-22T13:00Z&to=2026-11-22T14:00Z", "lies in the future"),
        ("from=2026-11-22T11:00Z&to=2026-11-22T10:00Z", "ends before it starts"),
        ("range=%01", "no range called"),
    ],
)
def test_an_impossible_range_is_said_on_the_page(signed_in, measured, query, words):
    response = signed_in.get(f"{PAGE}?{query}")

    assert response.status_code == 200
    assert words in response.text


def test_a_running_range_refreshes_and_a_fixed_one_does_not(signed_in, measured):
    assert "data-refresh-seconds" in signed_in.get(PAGE).text
    assert "data-refresh-seconds" not in signed_in.get(f"{PAGE}?from=2026-11-22T10:00Z&to=2026-11-22T11:00Z").text


def test_trouble_reading_aws_names_what_to_do(signed_in, measured):
    AccountHealth.note(
        measured.account,
        "eu-west-1",
        "cloudwatch",
        AccessState.FORBIDDEN,
        message="Add cloudwatch:GetMetricData.",
        now=NOW,
    )

    assert "Add cloudwatch:GetMetricData." in signed_in.get(PAGE).text


def test_a_refresh_renews_the_lease_and_is_a_304_until_data_comes(signed_in, measured, put):
    etag = signed_in.get(PAGE, headers={"HX-Request": "true"})["ETag"]
    again = {"HX-Request": "true", "If-None-Match": etag}

    assert Lease.objects.get(key="api:products").api == measured
    assert signed_in.get(PAGE, headers=again).status_code == 304

    measured.hops.first().series.update(polled_at=NOW + timedelta(seconds=5))
    fresh = signed_in.get(PAGE, headers=again)

    assert fresh.status_code == 200
    assert "<html" not in fresh.text


def test_the_number_of_queries_does_not_grow_with_the_path(signed_in, measured, django_assert_max_num_queries):
    with django_assert_max_num_queries(30):
        signed_in.get(PAGE)


def test_every_value_of_a_chart_can_be_read_as_a_table(signed_in, measured, put):
    hop = put("products-handler", "Errors", [3.0, 4.0]).hop
    page = signed_in.get(f"/apis/products/hops/{hop.pk}/errors/?range=15m").text

    assert page.count('<th scope="row">') == 15
    assert Datapoint.objects.count() == 2


def test_a_table_of_a_foreign_hop_or_an_unknown_chart_is_not_found(signed_in, measured):
    hop = Hop.objects.get(name="products-handler")

    assert signed_in.get(f"/apis/other/hops/{hop.pk}/errors/").status_code == 404
    assert signed_in.get(f"/apis/products/hops/{hop.pk}/hosts/").status_code == 404


def test_the_guilty_hop_stands_in_a_sentence_before_the_charts(signed_in, measured, put):
    put("E1PRODUCTSDEMO", "Requests", [100.0] * 12)
    put("E1PRODUCTSDEMO", "5xxErrorRate", [20.0] * 12)
    put("products-api", "5XXError", [20.0] * 12)
    put("products-handler", "Errors", [20.0] * 12)

    page = signed_in.get(f"{PAGE}?range=15m").text

    assert "All of the 5xx viewers got since 11:48 UTC are made by Lambda products-handler." in page
    assert page.index("made by Lambda") < page.index("The path as a whole")
    drawn = figures(page)["path-ledger"]["data"]
    function = next(trace for trace in drawn if trace["name"] == "Function")
    assert function["y"][3:13] == [20.0] * 10
    assert function["y"][13:] == [None, None], "these minutes may still change"


def test_every_value_of_a_path_chart_can_be_read_as_a_table_with_what_it_means(signed_in, measured, put):
    put("E1PRODUCTSDEMO", "Requests", [100.0] * 5)
    put("products-api", "Count", [25.0] * 5)

    page = signed_in.get("/apis/products/path/offload/?range=15m").text

    assert page.count('<td class="number">75</td>') == 3, "the newest two minutes may still change"
    assert "somebody asks an origin without CloudFront" in page
    assert signed_in.get("/apis/products/path/nothing/").status_code == 404
    assert signed_in.get("/apis/nothing/path/offload/").status_code == 404


def test_how_far_every_line_is_known_stands_under_its_chart(signed_in, measured):
    measured.hops.get(kind="lambda").series.filter(metric="Errors").update(settled_until=NOW - timedelta(minutes=9))

    page = signed_in.get(PAGE).text
    errors = page.split("Errors and throttles</h3>")[1].split("</figure>")[0]

    assert re.search(r"Errors: data until .*?settled until .*?9 min ago", errors)
    assert re.search(r"Throttles: data until .*?settled until .*?2 min ago", errors)
    duration = page.split("Duration</h3>")[1].split("</figure>")[0]
    assert duration.count("settled until") == 1, "lines that are known alike are told once"


@pytest.mark.parametrize(
    ("word", "state", "words"),
    [
        ("Forbidden", "FORBIDDEN", "has refused to answer since 2026-11-22 11:30 UTC"),
        ("PartialData", "PARTIAL", "has not answered in full (PartialData) since 2026-11-22 11:30 UTC"),
        ("InternalError", "PARTIAL", "EdgeOps asks again with the next poll."),
    ],
)
def test_what_cloudwatch_does_not_answer_is_marked_on_its_chart_and_card(signed_in, measured, word, state, words):
    found = measured.hops.get(kind="lambda").series.filter(metric="Errors")
    found.update(trouble=word, trouble_since=NOW - timedelta(minutes=30))

    page = signed_in.get(PAGE).text
    errors = page.split("Errors and throttles</h3>")[1].split("</figure>")[0]

    assert f'data-state="{state}"' in errors.split("</figcaption>")[0]
    assert words in errors
    assert f'data-state="{state}"' in page.split("products-handler</p>")[1].split("<dl")[0], "on the hop's card"
    assert f'data-state="{state}"' not in page.split("Duration</h3>")[1].split("</figure>")[0]


def test_a_hop_that_was_not_read_lately_is_stale_and_not_well(signed_in, measured):
    measured.hops.get(kind="lambda").series.update(polled_at=NOW - timedelta(minutes=21))

    card = signed_in.get(PAGE).text.split("products-handler</p>")[1].split("<dl")[0]

    assert '<span class="state" data-state="stale">Not read lately</span>' in card


def test_a_gap_is_counted_in_words(signed_in, measured, put):
    put("products-handler", "Duration", [5.0, None, None, 5.0, 5.0, 5.0], statistic="p95")

    page = signed_in.get(f"{PAGE}?range=15m").text

    assert "p95: 2 of 4 values (1 minute each) are missing; a gap is nothing known, never zero." in page


def test_what_is_still_being_read_from_history_is_said(signed_in, measured):
    series = measured.hops.get(kind="lambda").series.first()
    Gap.objects.create(series=series, period=60, start=NOW - timedelta(days=9), end=NOW - timedelta(hours=2))

    assert re.search(r"Values before .*?2 h ago.*? are still being read", signed_in.get(PAGE).text, re.DOTALL)
    assert "still being read" not in signed_in.get(f"{PAGE}?range=1h").text
    assert "still being read" not in signed_in.get(f"{PAGE}?range=30d").text, "hours are all there"


def test_errors_of_each_hop_are_drawn_as_counts_and_as_shares(signed_in, measured, put):
    edge = put("E1PRODUCTSDEMO", "Requests", [200.0] * 5).hop
    put("E1PRODUCTSDEMO", "5xxErrorRate", [5.0] * 5)
    gateway = put("products-api", "Count", [50.0] * 5).hop
    put("products-api", "5XXError", [10.0] * 5)

    drawn = figures(signed_in.get(f"{PAGE}?range=15m").text)

    assert drawn[f"hop-{edge.pk}-counts"]["data"][0]["y"][-3:] == [10.0] * 3
    assert drawn[f"hop-{gateway.pk}-rates"]["data"][0]["y"][-3:] == [20.0] * 3
    values = signed_in.get(f"/apis/products/hops/{gateway.pk}/rates/?range=15m").text
    assert "of all it was asked" in values
    assert values.count('<td class="number">20</td>') == 5


def test_the_cost_of_looking_stands_on_the_page(signed_in, measured):
    rows = [(NOW, Cause.PAGE, 2100), (NOW - timedelta(hours=3), Cause.IDLE, 7900), (NOW.replace(month=10), "page", 9)]
    for hour, cause, metrics in rows:
        ApiUsage.objects.create(
            api=measured, hour=hour, cause=cause, metrics=metrics, metrics_at_least=metrics // 2, polls=60
        )
    call(measured.account, calls=7)
    words = " ".join(signed_in.get(PAGE).text.split("Cost of looking:")[1].split("<a")[0].split())

    assert words == (
        "$0.011–$0.021 this hour (2.1k metrics; its account made 7 calls), $0.050–$0.10 since November 1 "
        "(10k metrics). An hour of an open page adds $0.011–$0.021."
    )


def test_a_slowed_account_says_so_above_the_path(signed_in, measured):
    Account.objects.update(monthly_budget=1)
    call(measured.account, units=90_000)
    page = signed_in.get(PAGE).text

    assert "Reading metrics of account demo is slowed" in page.split('id="path-title"')[0]


def call(account, **counts):
    AwsUsage.objects.create(
        account=account, region="eu-west-1", service="cloudwatch", operation="GetMetricData", hour=NOW, **counts
    )


def test_a_series_that_never_had_a_datapoint_says_so(signed_in, measured):
    measured.hops.get(kind="lambda").series.update(first_datapoint_at=None)

    page = signed_in.get(PAGE).text

    assert "p95: CloudWatch has never published this, so nothing is known of it." in page
    assert "Errors: CloudWatch has never published this. It publishes only what is not zero" in page


def test_an_event_leads_to_the_page_of_what_happened(signed_in, measured):
    at = NOW - timedelta(minutes=10)
    Event.put("invalidation.verified", subject=("request", "7-7"), api_slug="products", title="/<a> is proven", at=at)
    Event.put("path.changed", subject=("nothing known", 1), api_slug="products", title="Path changed", at=at)
    page = signed_in.get(PAGE).text
    assert '<a href="/cache/invalidations/7-7/">/&lt;a&gt; is proven</a>' in page
    assert "<span>Path changed<br>" in page
