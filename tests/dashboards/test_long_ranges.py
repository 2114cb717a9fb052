"""The API page over days, months and a year."""

import json
import re
from datetime import timedelta

import pytest
import time_machine

from edgeops.metrics.models import Series
from tests.edgeops.metrics.rows import put as put_rows
from tests.fixtures.estate import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
PAGE = "/apis/products/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def frozen():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def signed_in(client, vera):
    client.force_login(vera)
    return client


@pytest.fixture
def invocations(measured):
    """A busy function: settled at every period, known for a year and more."""
    Series.objects.update(
        first_datapoint_at=NOW - 400 * DAY, five_minutes_until=NOW - timedelta(minutes=10), hours_until=NOW - HOUR
    )
    return Series.objects.get(metric="Invocations")


def figure(page, series, chart):
    found = re.search(r'id="figures" type="application/json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found.group(1))[f"hop-{series.hop_id}-{chart}"]


def values(drawn):
    return [value for trace in drawn["data"] if trace["mode"] == "lines" for value in trace["y"]]


@pytest.mark.parametrize(
    ("name", "period", "counted", "points", "unit"),
    [
        ("3h", 60, 30.0, "Each point is 1 minute.", "per minute"),
        ("3d", 300, 150.0, "Each point is 5 minutes.", "per minute"),
        ("30d", 3600, 1800.0, "Each point is 1 hour.", "per minute"),
        (
            "1y",
            3600,
            1800.0,
            "Each point is the peak of 6 datapoints of 1 hour.",
            "per minute, in the busiest hour of each 6 hours",
        ),
    ],
)
def test_a_count_has_the_same_height_at_every_range(signed_in, invocations, name, period, counted, points, unit):
    put_rows(invocations, NOW - 2 * HOUR, [counted], period=period)

    page = signed_in.get(f"{PAGE}?range={name}").text

    drawn = figure(page, invocations, "requests")
    assert 30.0 in values(drawn)
    assert set(values(drawn)) - {None} == {0.0, 30.0}
    assert drawn["layout"]["yaxis"]["title"]["text"] == unit
    assert points in page


def test_the_tail_that_may_still_change_is_dotted_at_hours_too(signed_in, invocations):
    put_rows(invocations, NOW - 3 * HOUR, [60.0, 60.0, 60.0], period=3600)

    solid, tail = figure(signed_in.get(f"{PAGE}?range=30d").text, invocations, "requests")["data"][:2]

    assert (solid["y"][-2:], solid["line"]["dash"]) == ([1.0, 1.0], "solid")
    assert (tail["y"][:2], tail["line"]["dash"]) == ([1.0, 1.0], "dot")


def test_the_path_tells_of_the_newest_minutes_whatever_the_charts_show(signed_in, invocations):
    put_rows(invocations, NOW - timedelta(minutes=30), [120.0] * 30)

    page = signed_in.get(f"{PAGE}?range=90d").text

    assert "<dt>In/min</dt><dd>120</dd>" in page


def test_a_range_given_by_two_old_instants_says_at_which_period_it_is_shown(signed_in, invocations):
    page = signed_in.get(f"{PAGE}?from=2026-10-20T11:00Z&to=2026-10-20T12:00Z").text

    assert "Datapoints of 1 minute are kept for 15 days, as in CloudWatch; this range is shown at 5 minutes." in page


def test_every_range_is_one_click_away(signed_in, measured):
    page = signed_in.get(PAGE).text

    for name in ("15m", "24h", "3d", "7d", "30d", "90d", "1y"):
        assert f'href="?range={name}"' in page


def test_the_table_of_a_month_has_an_hour_in_each_row_and_counts_per_minute(signed_in, invocations):
    put_rows(invocations, NOW - 2 * DAY, [600.0], period=3600)

    page = signed_in.get(f"{PAGE}hops/{invocations.hop_id}/requests/?range=30d").text

    assert page.count('<th scope="row">') in (720, 721)
    assert '<td class="number">10</td>' in page


def test_a_year_costs_no_more_queries_than_a_day(signed_in, measured, django_assert_max_num_queries):
    with django_assert_max_num_queries(34):
        signed_in.get(f"{PAGE}?range=1y")
