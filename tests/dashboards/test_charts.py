import pytest

from dashboards import charts
from edgeops.estate.models import HopKind
from edgeops.metrics import catalogue


@pytest.mark.parametrize("kind", list(HopKind))
def test_every_metric_that_is_read_is_drawn_once_and_nothing_else_is(kind):
    read = {(one.name, one.statistic) for one in catalogue.for_hop(kind, has_additional_metrics=True)}
    drawn = [(stroke.metric, stroke.statistic) for chart in charts.of_kind(kind) for stroke in chart.strokes]

    assert len(drawn) == len(set(drawn))
    assert set(drawn) == read


@pytest.mark.parametrize("kind", list(HopKind))
def test_lines_of_one_chart_can_be_told_apart_without_colour(kind):
    for chart in charts.of_kind(kind):
        looks = [(stroke.dash, stroke.tone) for stroke in chart.strokes]
        assert len(looks) == len(set(looks))
        assert "dot" not in {stroke.dash for stroke in chart.strokes}, "dots are the unsettled tail"


def test_a_chart_is_found_by_its_key_or_not_at_all():
    assert charts.find(HopKind.LAMBDA, "latency").title == "Duration"
    assert charts.find(HopKind.LAMBDA, "hosts") is None
