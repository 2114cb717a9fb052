import pytest

from dashboards import charts
from edgeops.estate.models import HopKind
from edgeops.metrics import catalogue, derived


@pytest.mark.parametrize("kind", list(HopKind))
def test_every_metric_that_is_read_is_drawn_once_and_nothing_else_is(kind):
    read = {(one.name, one.statistic) for one in catalogue.for_hop(kind, has_additional_metrics=True)}
    drawn = [(stroke.metric, stroke.statistic) for chart in charts.of_kind(kind) for stroke in chart.strokes]

    assert len(drawn) == len(set(drawn))
    assert set(drawn) - set(charts.MEANINGS) == read


@pytest.mark.parametrize("kind", list(derived.TRAFFIC))
def test_errors_are_drawn_as_counts_and_as_a_share_of_what_every_hop_was_asked(kind):
    """CloudFront publishes the shares and the counts are derived; of all other hops it is the other way round."""
    drawn = {(stroke.metric, stroke.statistic) for chart in charts.of_kind(kind) for stroke in chart.strokes}

    assert ("5xx", "count" if kind == HopKind.CLOUDFRONT else "share") in drawn


@pytest.mark.parametrize("kind", list(HopKind))
def test_lines_of_one_chart_can_be_told_apart_without_colour(kind):
    for chart in charts.of_kind(kind):
        looks = [(stroke.dash, stroke.tone) for stroke in chart.strokes]
        assert len(looks) == len(set(looks))
        assert "dot" not in {stroke.dash for stroke in chart.strokes}, "dots are the unsettled tail"


def test_a_chart_is_found_by_its_key_or_not_at_all():
    assert charts.find(HopKind.LAMBDA, "latency").title == "Duration"
    assert charts.find(HopKind.LAMBDA, "hosts") is None


def test_a_metric_somebody_added_gets_a_chart_of_its_own_with_all_its_statistics():
    read = {("Errors", "Sum"), ("Duration", "p99"), ("Duration", "Maximum"), ("ConcurrentExecutions", "Maximum")}
    *_, duration, concurrent = charts.of_hop(HopKind.LAMBDA, read)

    assert (duration.key, duration.unit) == ("metric-Duration", "ms")
    assert [stroke.statistic for stroke in duration.strokes] == ["p99", "Maximum"]
    assert (concurrent.title, concurrent.unit) == ("Concurrent executions", "count")
    assert charts.of_hop(HopKind.LAMBDA, {("Errors", "Sum")}) == list(charts.of_kind(HopKind.LAMBDA))


@pytest.mark.parametrize("kind", list(HopKind))
def test_everything_that_can_be_added_can_be_drawn(kind):
    offered = {(one.name, one.statistic) for one in catalogue.offered(kind)}
    strokes = [(stroke.metric, stroke.statistic) for chart in charts.of_hop(kind, offered) for stroke in chart.strokes]
    drawn = [key for key in strokes if key not in charts.MEANINGS]

    assert (set(drawn), len(drawn)) == (offered, len(offered))
    for chart in charts.of_hop(kind, offered):
        assert charts.find(kind, chart.key) is not None
