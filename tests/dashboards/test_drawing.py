from datetime import UTC, datetime, timedelta

import pytest

from dashboards import charts, drawing, figures, ranges
from edgeops.estate.models import HopKind
from edgeops.metrics.reading import Line

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ERRORS = charts.find(HopKind.LAMBDA, "errors")
LATENCY = charts.find(HopKind.LAMBDA, "latency")
HOSTS = charts.find(HopKind.TARGET_GROUP, "hosts")


def line(values, period=3600):
    return Line(NOW - timedelta(seconds=period * len(values)), period, values, NOW, NOW)


@pytest.mark.parametrize(("period", "value"), [(60, 600.0), (300, 120.0), (3600, 10.0)])
def test_counts_are_drawn_per_minute_whatever_the_period(period, value):
    counted = line([600.0, None], period)

    assert drawing.listed(ERRORS, counted).values == [value, None]
    assert drawing.unit(ERRORS, drawing.drawn(ERRORS, ERRORS.strokes[0], counted)) == "per minute"


def test_what_is_no_count_stays_as_it_is():
    assert drawing.listed(LATENCY, line([80.0])).values == [80.0]


def test_a_year_is_drawn_by_its_busiest_hours_and_says_so():
    values = [60.0] * (365 * 24)
    values[5000] = 6000.0
    drawn = drawing.drawn(ERRORS, ERRORS.strokes[0], line(values))

    assert len(drawn.values) <= 1500
    assert sorted(set(drawn.values)) == [1.0, 100.0]
    assert drawing.unit(ERRORS, drawn) == "per minute, in the busiest hour of each 6 hours"
    assert drawing.unit(LATENCY, drawn) == "ms, peak of each 6 hours"


def test_of_healthy_hosts_the_fewest_are_drawn_and_of_unhealthy_ones_the_most():
    healthy, unhealthy = HOSTS.strokes
    values = [2.0] * (365 * 24)
    values[4999:5002] = [3.0, 0.0, 3.0]

    assert min(drawing.drawn(HOSTS, healthy, line(values)).values) == 0.0
    assert min(drawing.drawn(HOSTS, unhealthy, line(values)).values) == 2.0


def test_a_gap_as_long_as_a_point_stays_a_gap_in_the_drawing():
    values = [1.0] * (365 * 24)
    values[3000:3012] = [None] * 12

    drawn = drawing.drawn(LATENCY, LATENCY.strokes[0], line(values))

    assert drawn.values.count(None) in (1, 2)


@pytest.mark.parametrize(("hours", "words"), [(3, "11:00 UTC"), (48, "2026-11-22 11:00 UTC")])
def test_a_moment_has_its_date_where_the_time_of_day_is_not_enough(hours, words):
    assert drawing.moment(line([1.0] * hours), hours - 1) == words


def test_a_figure_of_a_year_has_its_unit_on_the_axis_and_at_most_1500_points():
    time_range = ranges.parse({"range": "1y"}, NOW)
    figure = figures.figure(ERRORS, {("Errors", "Sum"): line([60.0] * 8760)}, time_range=time_range)

    assert figure["layout"]["yaxis"]["title"]["text"] == "per minute, in the busiest hour of each 6 hours"
    assert len(figure["data"][0]["y"]) <= 1500
    assert figure["data"][0]["dx"] == 6 * 3600 * 1000
