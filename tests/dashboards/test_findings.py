from datetime import UTC, datetime, timedelta

import pytest

from dashboards import findings, path_charts
from dashboards.readings import HopReadings
from edgeops.estate.models import Hop, HopKind
from edgeops.metrics import ledger
from edgeops.metrics.attribution import Producer
from edgeops.metrics.ledger import Share
from edgeops.metrics.reading import Line

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START = NOW - timedelta(minutes=10)


def hop(kind, position, name, **lines):
    keyed = {}
    for given, values in lines.items():
        metric = given.removeprefix("_")
        statistic = "Average" if metric.endswith("Rate") else "SampleCount" if metric == "Count" else "Sum"
        keyed[metric, statistic] = Line(START, 60, list(values), NOW, NOW)
    return HopReadings(Hop(kind=kind, position=position, name=name), {}, keyed)


def told(*hops):
    return findings.of(hops, ledger.of([one.measured for one in hops]))


def edge(failed):
    return hop(HopKind.CLOUDFRONT, 0, "E1", Requests=[100.0] * 10, _5xxErrorRate=failed)


def balancer(own, **statuses):
    return hop(
        HopKind.ALB, 1, "orders-alb", HTTPCode_ELB_5XX_Count=own, HTTPCode_Target_5XX_Count=[0.0] * 10, **statuses
    )


def test_the_guilty_hop_is_named_with_bounds_since_when_and_its_status():
    late = [0.0] * 4 + [37.0] * 6
    found = told(edge([0.0] * 4 + [40.0] * 6), balancer(late, HTTPCode_ELB_504_Count=late))

    assert found.sentence == (
        "About 92–100 % of the 5xx viewers got since 11:54 UTC are made by the load balancer orders-alb (504)."
    )
    assert found.share == "40 % of their requests failed."
    assert (found.kind, found.confidence) == ("error", "Confidence: high.")
    assert len(found.doubts) == 1


def test_trouble_that_is_over_is_told_in_the_past():
    found = told(edge([40.0] * 4 + [0.0] * 6), balancer([40.0] * 4 + [0.0] * 6))

    assert (
        found.sentence
        == "All of the 5xx viewers got between 11:50 and 11:54 UTC were made by the load balancer orders-alb."
    )
    assert (found.kind, found.doubts) == ("info", [])


def test_a_gateway_before_a_healthy_function_is_named_with_the_doubt():
    found = told(
        edge([3.0] * 10),
        hop(HopKind.REST_API, 1, "shop-api", _5XXError=[3.0] * 10),
        hop(HopKind.LAMBDA, 2, "shop", Errors=[0.0] * 10, Throttles=[0.0] * 10),
    )

    assert found.sentence.startswith(
        "About 0–100 % of the 5xx viewers got since 11:50 UTC are made by API Gateway shop-api"
    )
    assert found.confidence == "Confidence: low, another hop may have made them."


def test_of_two_hops_of_a_kind_none_is_named():
    found = told(edge([40.0] * 10), balancer([20.0] * 10), balancer([20.0] * 10))

    assert found.sentence.endswith("made by the load balancer.")


def test_where_nothing_fails_or_nothing_is_known_nothing_is_said():
    assert told(edge([0.0] * 10), balancer([0.0] * 10)) is None
    assert told(balancer([40.0] * 10)) is None


@pytest.mark.parametrize(
    ("low", "high", "words"), [(92.2, 96.8, "About 92–97 %"), (95.1, 95.4, "About 95 %"), (99.9, 100.0, "All")]
)
def test_bounds_are_one_figure_where_they_meet(low, high, words):
    assert findings.how_much(Share(Producer.EDGE, low, high)) == words


def test_the_charts_of_the_path_draw_what_can_be_derived_and_leave_out_the_rest():
    hops = [edge([5.0] * 10), hop(HopKind.HTTP_API, 1, "orders", _5xx=[5.0] * 10, Count=[60.0] * 10)]
    measured = [one.measured for one in hops]
    lines = path_charts.lines(measured, ledger.of(measured))

    assert lines["offload", "derived"].values == [40.0] * 10
    assert lines["unknown", "made"].values == [5.0] * 10, "nothing is read behind the gateway"
    assert not [key for key in lines if key[1] == "added"]
    assert {chart.key for chart in path_charts.CHARTS} == path_charts.MEANINGS.keys()
