from datetime import timedelta
from statistics import median

import pytest

from edgeops.localaws import scenarios
from edgeops.localaws.traces import Tracer
from edgeops.localaws.world import Incident
from tests.edgeops.localaws.conftest import NOW, WORLD, make_simulation, trouble
from tests.edgeops.localaws.test_cloudwatch import BROWSE, FUNCTION, PRODUCTS, SEARCH, STAGE, values

CATALOG = {"DistributionId": "E2CATALOGDEMO0", "Region": "Global"}


def struck(clock, kind, api, *, intensity=1.0, target=None):
    """The half hour of a scenario and the half hour after it."""
    return make_simulation(clock, scenarios=[trouble(kind, api, intensity=intensity, target=target)])


def during_and_after(found):
    turn = (NOW - timedelta(minutes=30)).timestamp()
    return median(v for at, v in found.items() if at < turn), median(v for at, v in found.items() if at >= turn)


@pytest.mark.parametrize("intensity", [0.3, 1.0])
def test_when_the_cache_collapses_the_origin_is_asked_for_what_it_kept(clock, intensity):
    simulation = struck(clock, "cache_collapse", "products", intensity=intensity)

    hits, usual_hits = during_and_after(values(simulation, "AWS/CloudFront", "CacheHitRate", PRODUCTS, "Average"))
    viewers, usual_viewers = during_and_after(values(simulation, "AWS/CloudFront", "Requests", PRODUCTS))
    counts, usual = during_and_after(values(simulation, "AWS/ApiGateway", "Count", STAGE))
    invoked, usually_invoked = during_and_after(values(simulation, "AWS/Lambda", "Invocations", FUNCTION))

    assert hits == pytest.approx((1 - intensity) * usual_hits, rel=0.05, abs=0.5)
    assert viewers == pytest.approx(usual_viewers, rel=0.1)
    assert counts / viewers == pytest.approx(1 - hits / 100, rel=0.03)
    assert counts > 1.5 * usual
    assert invoked > 1.5 * usually_invoked


@pytest.mark.parametrize(
    ("namespace", "name", "dimensions"),
    [
        ("AWS/Lambda", "Duration", FUNCTION),
        ("AWS/ApiGateway", "IntegrationLatency", STAGE),
        ("AWS/ApiGateway", "Latency", STAGE),
        ("AWS/CloudFront", "OriginLatency", PRODUCTS),
    ],
)
def test_a_slow_function_is_slow_at_every_hop_outwards(clock, namespace, name, dimensions):
    simulation = struck(clock, "origin_latency", "products")

    slow, usual = during_and_after(values(simulation, namespace, name, dimensions, "p90"))

    assert 3 < slow / usual < 6


def test_slow_targets_are_slow_at_the_edge_and_one_alone_when_it_is_named(clock):
    both = struck(clock, "origin_latency", "catalog")
    one = struck(clock, "origin_latency", "catalog", target="catalog-browse")

    for dimensions in (BROWSE, SEARCH):
        slow, usual = during_and_after(values(both, "AWS/ApplicationELB", "TargetResponseTime", dimensions, "p90"))
        assert slow > 3 * usual
    slow, usual = during_and_after(values(both, "AWS/CloudFront", "OriginLatency", CATALOG, "p90"))
    assert slow > 3 * usual
    slow, usual = during_and_after(values(one, "AWS/ApplicationELB", "TargetResponseTime", SEARCH, "p90"))
    assert slow < 1.3 * usual


def test_the_traces_of_a_slow_function_are_as_slow_as_its_metrics(clock):
    tracer = Tracer(struck(clock, "origin_latency", "products").traffic)
    minute = int(NOW.timestamp()) // 60

    def usual_seconds(minutes):
        found = [trace for one in minutes for trace in tracer.of_minute("products", one) if trace.outcome == "ok"]
        return median(trace.response_seconds for trace in found)

    slow, usual = usual_seconds(range(minute - 60, minute - 30)), usual_seconds(range(minute - 30, minute))
    assert slow > 2.5 * usual


def test_when_traffic_drops_every_hop_is_asked_less(clock):
    simulation = struck(clock, "traffic_drop", "products", intensity=0.8)

    viewers, usual = during_and_after(values(simulation, "AWS/CloudFront", "Requests", PRODUCTS))
    counts, usual_counts = during_and_after(values(simulation, "AWS/ApiGateway", "Count", STAGE))

    assert viewers == pytest.approx(0.2 * usual, rel=0.1)
    assert counts == pytest.approx(0.2 * usual_counts, rel=0.15)


def test_when_all_traffic_is_gone_the_idle_hops_publish_nothing(clock):
    simulation = make_simulation(clock, scenarios=[trouble("traffic_drop", "products", minutes=None, intensity=1.0)])

    assert values(simulation, "AWS/ApiGateway", "5XXError", STAGE) == {}
    assert values(simulation, "AWS/Lambda", "Invocations", FUNCTION) == {}
    assert values(simulation, "AWS/CloudFront", "5xxErrorRate", PRODUCTS, "Average") == {}


@pytest.mark.parametrize(
    ("incident", "message"),
    [
        (Incident("cache_collapse", "products", 0, target="products-handler"), "as a whole"),
        (Incident("origin_latency", "catalog", 0, target="catalog-alb"), "cannot strike"),
        (Incident("origin_latency", "nothing", 0), "no API"),
        (Incident("cache_colapse", "products", 0), "known are"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_with_the_reason(incident, message):
    with pytest.raises(scenarios.ScenarioError, match=message):
        scenarios.plan(incident, WORLD, scenario_id="s", now=0.0)
