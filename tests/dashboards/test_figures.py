import json
from datetime import UTC, datetime, timedelta

import plotly.graph_objects as go
import pytest

from dashboards import charts, figures, path_charts, ranges
from dashboards.figures import Mark, Threshold
from edgeops.estate.models import HopKind
from edgeops.metrics.reading import Line

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RANGE = ranges.parse({"range": "15m"}, NOW)
ERRORS = charts.find(HopKind.LAMBDA, "errors")


def line(values, settled=None):
    count = len(values) if settled is None else settled
    return Line(RANGE.start, 60, values, NOW, RANGE.start + timedelta(minutes=count))


def drawn(values, settled=None, **more):
    lines = {("Errors", "Sum"): line(values, settled)}
    return figures.figure(ERRORS, lines, time_range=RANGE, **more)


def test_a_missing_value_is_null_and_the_line_does_not_cross_it():
    (trace, dots) = drawn([1.0, 2.0, None, 0.0])["data"]

    assert trace["y"] == [1.0, 2.0, None, 0.0]
    assert trace["connectgaps"] is False
    assert (trace["x0"], trace["dx"]) == ("2026-11-22 11:45:00", 60000)
    assert json.loads(json.dumps(trace["y"])) == [1.0, 2.0, None, 0.0]
    assert dots["x"] == ["2026-11-22 11:48:00"]


def test_the_tail_that_may_still_change_is_dotted_and_joins_the_line():
    solid, tail = drawn([1.0, 2.0, 3.0, 4.0], settled=2)["data"]

    assert (solid["y"], solid["line"]["dash"]) == ([1.0, 2.0], "solid")
    assert (tail["y"], tail["line"]["dash"]) == ([2.0, 3.0, 4.0], "dot")
    assert tail["x0"] == "2026-11-22 11:46:00"
    assert not tail["showlegend"]


def test_a_value_between_two_gaps_is_a_dot():
    *_, dots = drawn([None, 7.0, None])["data"]

    assert (dots["mode"], dots["y"]) == ("markers", [7.0])


def test_events_too_close_to_tell_apart_share_a_label():
    marks = [Mark(number, NOW - timedelta(minutes=9, seconds=-number), f"Step {number}") for number in (1, 2, 3)]
    *_, labels = drawn([1.0], marks=[*marks, Mark(4, NOW - timedelta(minutes=2), "Later")])["data"]

    assert labels["text"] == ["1–3", "4"]
    assert labels["hovertext"] == ["Step 1<br>Step 2<br>Step 3", "Later"]
    marks = [Mark(number, NOW - timedelta(seconds=900 - 45 * number), "Step") for number in range(1, 20)]
    *_, labels = drawn([1.0], marks=marks)["data"]
    assert labels["text"][-3:] == ["13–15", "16–18", "19"]


def test_a_storm_of_events_is_few_rules_and_few_words_on_each_chart():
    marks = [Mark(number, NOW - timedelta(seconds=900 - number / 2), f"Step {number}") for number in range(1, 1001)]
    figure = drawn([1.0], marks=marks)

    assert 50 < len(figure["layout"]["shapes"]) <= 100
    words = figure["data"][-1]["hovertext"]
    assert all(text.count("Step ") <= 10 for text in words)
    assert words[0].startswith("215 more, and<br>Step 216<br>")
    assert words[-1].endswith("<br>Step 1000")


def test_what_people_wrote_stays_text_in_a_label_and_in_an_export():
    mark = Mark(1, NOW - timedelta(minutes=5), '<a href="x">click</a>')
    figure = drawn([1.0], marks=[mark], thresholds=[Threshold(5.0, '<a href="x">win</a>: > 5')])

    assert figure["data"][-1]["hovertext"] == ['&lt;a href="x"&gt;click&lt;/a&gt;']
    assert figure["layout"]["shapes"][-1]["label"]["text"] == '&lt;a href="x"&gt;win&lt;/a&gt;: &gt; 5'
    assert "<script>alert" not in figures.standalone(figure, "<script>alert(1)</script>")


def test_an_export_is_one_file_with_its_values_and_plotly_inside():
    page = figures.standalone(drawn([4.25]), "Errors of products-handler")

    assert page.startswith("<!doctype html>")
    assert "4.25" in page
    assert 'src="http' not in page


def test_events_in_range_are_numbered_rules_and_others_are_left_out():
    inside = Mark(1, NOW - timedelta(minutes=5), "It fires")
    before = Mark(2, NOW - timedelta(hours=5), "Long ago")
    figure = drawn([1.0], marks=[inside, before])

    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == ["2026-11-22 11:55:00"]
    assert figure["data"][-1]["text"] == ["1"]
    assert figure["data"][-1]["hovertext"] == ["It fires"]


def test_an_alarm_draws_its_threshold():
    figure = drawn([1.0], thresholds=[Threshold(5.0, "Errors: > 5")])

    (shape,) = figure["layout"]["shapes"]
    assert (shape["y0"], shape["y1"], shape["label"]["text"]) == (5.0, 5.0, "Errors: &gt; 5")


def test_a_metric_that_is_not_read_is_not_drawn():
    assert figures.figure(ERRORS, {}, time_range=RANGE)["data"] == []


@pytest.mark.parametrize("kind", list(HopKind))
def test_every_figure_is_one_that_plotly_accepts(kind):
    mark, threshold = Mark(1, NOW, "x"), Threshold(1.0, "> 1")
    for chart in charts.of_kind(kind):
        lines = {(one.metric, one.statistic): line([1.0, None, 3.0, None, None], settled=3) for one in chart.strokes}
        figure = figures.figure(chart, lines, time_range=RANGE, marks=[mark], thresholds=[threshold])
        assert len(go.Figure(figure).data) >= 2 * len(chart.strokes)


def test_the_sentence_says_the_peak_and_the_last_value():
    lines = {("Errors", "Sum"): line([1.0, 9.0, None, 2.0])}

    assert figures.sentence(ERRORS, lines) == "Errors: highest 9 at 11:46 UTC, last 2."


def test_no_data_is_said_and_not_drawn_as_zero():
    assert figures.sentence(ERRORS, {("Errors", "Sum"): line([None, None])}) == "Errors: no data in this range."
    assert figures.sentence(ERRORS, {}) == "Errors: no data in this range."


def test_shares_are_stacked_bars_that_leave_a_gap_open_and_differ_by_pattern():
    lines = {("edge", "made"): line([1.0, None, 3.0]), ("gateway", "made"): line([2.0, None, 0.0])}
    made = figures.figure(path_charts.LEDGER, lines, time_range=RANGE)

    assert [(trace["type"], trace["name"], trace["y"]) for trace in made["data"]] == [
        ("bar", "Gateway", [2.0, None, 0.0]),
        ("bar", "CloudFront", [1.0, None, 3.0]),
    ]
    assert made["layout"]["barmode"] == "stack"
    assert {trace["width"] for trace in made["data"]} == {60000}
    patterns = [stroke.pattern for stroke in path_charts.LEDGER.strokes]
    assert len(patterns) == len(set(patterns))
    go.Figure(made)


def test_the_sentence_is_of_the_first_line_that_has_data():
    lines = {("Errors", "Sum"): line([None, None]), ("Throttles", "Sum"): line([1.0, 2.0])}

    assert figures.sentence(ERRORS, lines) == "Throttles: highest 2 at 11:46 UTC, last 2."


def test_a_range_of_days_has_dates_at_its_axis_and_one_of_hours_has_not():
    days = ranges.parse({"range": "30d"}, NOW)

    assert drawn([1.0])["layout"]["xaxis"]["tickformat"] == "%H:%M"
    assert "tickformat" not in figures.figure(ERRORS, {}, time_range=days)["layout"]["xaxis"]
