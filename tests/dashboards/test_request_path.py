from datetime import UTC, datetime, timedelta

import pytest

from dashboards import ranges, request_path
from dashboards.readings import HopReadings
from edgeops.estate.models import Hop, HopKind
from edgeops.metrics.reading import Line

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RANGE = ranges.parse({"range": "15m"}, NOW)
SETTLED = NOW - timedelta(minutes=2)
POSITIONS = {"cloudfront": 0, "waf": 0, "health_check": 0, "edge_function": 0, "lambda": 2, "target_group": 2}


def hop(kind, **metrics):
    """A hop with the same value in every minute of the range, by metric name."""
    lines = {key(name): Line(RANGE.start, 60, [value] * 15, NOW, SETTLED) for name, value in metrics.items()}
    return HopReadings(Hop(kind=kind, name=kind, position=POSITIONS.get(kind, 1)), {}, lines)


def key(name):
    """Metric and statistic; a leading underscore lets a name begin with a digit."""
    metric = name.removeprefix("_")
    if metric.endswith("_Average"):
        return metric.removesuffix("_Average"), "Average"
    if metric in {"Latency", "TargetResponseTime"}:
        return metric, "p95"
    if metric in {"HealthyHostCount", "UnHealthyHostCount", "HealthCheckStatus"}:
        return metric, "Minimum"
    return metric, "SampleCount" if metric == "Count" else "Average" if metric.endswith("Rate") else "Sum"


def cards(*hops):
    return request_path.of(hops, RANGE).cards


def test_errors_are_charged_to_the_hop_that_made_them():
    edge, gateway, function = cards(
        hop(HopKind.CLOUDFRONT, Requests=1000.0, _5xxErrorRate=4.0),
        hop(HopKind.REST_API, Count=400.0, _5XXError=40.0),
        hop(HopKind.LAMBDA, Invocations=400.0, Errors=30.0, Throttles=2.0),
    )

    assert edge.made_here == pytest.approx(0.0)
    assert gateway.made_here == pytest.approx(2.0)
    assert function.made_here == pytest.approx(100 * 32 / 402), "a throttled call is not among the invocations"
    assert [edge.is_guilty, gateway.is_guilty, function.is_guilty] == [False, False, True]


def test_cached_errors_repeated_by_the_edge_are_never_negative_elsewhere():
    edge, gateway = cards(
        hop(HopKind.CLOUDFRONT, Requests=1000.0, _5xxErrorRate=1.0),
        hop(HopKind.HTTP_API, Count=400.0, _5xx=40.0),
    )

    assert edge.made_here == 0.0
    assert gateway.made_here is None, "nothing is known of what is behind it"


def test_a_load_balancer_tells_its_own_errors_from_its_targets():
    balancer, targets = cards(
        hop(HopKind.ALB, RequestCount=100.0, HTTPCode_ELB_5XX_Count=1.0, HTTPCode_Target_5XX_Count=3.0),
        hop(HopKind.TARGET_GROUP, RequestCount=100.0, HTTPCode_Target_5XX_Count=3.0),
    )

    assert (balancer.made_here, targets.made_here) == (pytest.approx(100 / 101), 3.0)
    assert targets.state == ("ALARM", "Trouble here")


def test_a_hop_that_turns_everything_away_is_in_trouble_though_its_traffic_reads_nothing():
    (balancer,) = cards(hop(HopKind.ALB, RequestCount=None, HTTPCode_ELB_5XX_Count=50.0))
    (function,) = cards(hop(HopKind.LAMBDA, Invocations=0.0, Errors=0.0, Throttles=20.0))

    assert (balancer.requests, balancer.made_here, balancer.state[1]) == (50.0, 100.0, "Trouble here")
    assert (function.requests, function.made_here, function.state[1]) == (20.0, 100.0, "Trouble here")


def test_hosts_are_unknown_while_the_unhealthy_ones_are():
    (targets,) = cards(hop(HopKind.TARGET_GROUP, HealthyHostCount=2.0, UnHealthyHostCount=None))

    assert (targets.healthy, targets.hosts) == (None, None)


def test_unhealthy_hosts_are_trouble_even_without_errors():
    (targets,) = cards(hop(HopKind.TARGET_GROUP, RequestCount=10.0, HealthyHostCount=1.0, UnHealthyHostCount=2.0))

    assert (targets.healthy, targets.hosts) == (1, 3)
    assert targets.is_guilty


def test_a_hop_without_data_is_unknown_and_not_fine():
    (function,) = cards(hop(HopKind.LAMBDA))

    assert function.state == ("unknown", "No data")
    assert function.requests is function.made_here is function.latency is function.data_until is None


def test_latency_is_in_seconds_whatever_unit_aws_uses():
    gateway, targets = cards(hop(HopKind.REST_API, Latency=250.0), hop(HopKind.ALB, TargetResponseTime=0.25))

    assert gateway.latency == targets.latency == 0.25


def test_a_running_range_tells_of_the_newest_settled_minutes():
    path = request_path.of([hop(HopKind.LAMBDA, Invocations=60.0)], RANGE)

    assert (path.start, path.end) == (SETTLED - timedelta(minutes=5), SETTLED)
    assert path.cards[0].requests == 60.0


def test_a_fixed_range_is_told_as_a_whole():
    fixed = ranges.parse({"from": "2026-11-22T11:00Z", "to": "2026-11-22T11:30Z"}, NOW)
    path = request_path.of([hop(HopKind.LAMBDA, Invocations=60.0)], fixed)

    assert (path.start, path.end) == (fixed.start, fixed.end)


def test_a_web_acl_tells_what_it_blocked_and_is_not_asked_for_its_errors():
    (firewall,) = cards(hop(HopKind.WAF, AllowedRequests=900.0, BlockedRequests=60.0))

    assert [(fact.label, fact.text) for fact in firewall.facts] == [("Allowed/min", "900"), ("Blocked/min", "60")]
    assert firewall.state == ("OK", "No trouble here")


def test_a_health_check_that_fails_for_one_minute_is_trouble():
    sick = hop(HopKind.HEALTH_CHECK, HealthCheckStatus=1.0)
    sick.lines["HealthCheckStatus", "Minimum"].values[10] = 0.0

    (card,) = cards(sick)
    (well,) = cards(hop(HopKind.HEALTH_CHECK, HealthCheckStatus=1.0))
    assert (card.is_guilty, [fact.text for fact in card.facts]) == (True, ["Unhealthy"])
    assert (well.is_guilty, [fact.text for fact in well.facts]) == (False, ["Healthy"])


def test_an_origin_without_metrics_says_so_and_hides_what_the_edge_made():
    edge, bucket = cards(
        hop(HopKind.CLOUDFRONT, Requests=1000.0, _5xxErrorRate=4.0),
        hop(HopKind.S3),
    )

    assert (bucket.state, bucket.facts) == (("unknown", "No metrics"), [])
    assert edge.made_here is None, "they may be the bucket's"


def test_the_time_a_gateway_adds_is_a_difference_of_averages():
    (card,) = cards(hop(HopKind.HTTP_API, Latency_Average=80.0, IntegrationLatency_Average=70.0))

    assert card.added == pytest.approx(0.01)
    assert not card.is_added_approximate
