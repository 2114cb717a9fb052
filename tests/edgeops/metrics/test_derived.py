from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.metrics import derived
from edgeops.metrics.derived import Measured
from edgeops.metrics.reading import Line

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START = NOW - timedelta(minutes=4)
value = st.none() | st.floats(0, 1e6)
pairs = st.lists(st.tuples(value, value), min_size=1, max_size=30)


def line(*values, settled=NOW, until=NOW, joined=1):
    return Line(START, 60, list(values), until, settled, joined)


def edge(**lines):
    return Measured("cloudfront", 0, keyed(lines))


def keyed(lines):
    """Requests_Sum=… as ("Requests", "Sum"); a leading underscore lets a name begin with a digit."""
    return {tuple(name.removeprefix("_").rsplit("_", 1)): one for name, one in lines.items()}


@given(pairs)
def test_what_is_not_known_stays_unknown_through_every_operation(rows):
    one, other = line(*(row[0] for row in rows)), line(*(row[1] for row in rows))

    for result in (derived.total([one, other]), derived.difference(one, other), derived.share(one, other)):
        assert len(result.values) == len(rows)
        for value, row in zip(result.values, rows, strict=True):
            if None in row:
                assert value is None


@given(pairs)
def test_a_rate_counts_as_much_as_its_share_of_the_requests(rows):
    counted = derived.count_of(line(*(row[0] for row in rows)), line(*(row[1] for row in rows)))

    for value, (rate, asked) in zip(counted.values, rows, strict=True):
        if asked == 0:
            assert value == 0, "nobody asked, so nobody was failed"
        elif rate is None or asked is None:
            assert value is None
        else:
            assert value == pytest.approx(rate * asked / 100)


@given(pairs)
def test_offload_is_never_above_a_hundred_and_below_zero_only_round_the_cdn(rows):
    settled = START + timedelta(minutes=len(rows))
    viewers, origin = (line(*(row[side] for row in rows), settled=settled) for side in (0, 1))
    hops = [edge(Requests_Sum=viewers), Measured("rest_api", 1, {("Count", "SampleCount"): origin})]

    for value, (asked, behind) in zip(derived.offload(hops).values, rows, strict=True):
        if asked is None or behind is None or asked == 0:
            assert value is None
        else:
            assert value <= 100
            assert (value < 0) == (behind > asked)


def test_a_combined_line_is_trusted_as_far_as_the_least_trusted_one():
    early = NOW - timedelta(minutes=5)
    result = derived.total([line(1.0, settled=early), line(2.0, until=early)])

    assert (result.settled_until, result.data_until) == (early, early)
    assert derived.total([line(1.0), line(2.0, settled=None)]).settled_until is None


def test_peaks_of_joined_minutes_are_not_combined():
    assert derived.difference(line(5.0, joined=3), line(2.0, joined=3)).values == [None]


def test_requests_a_balancer_turned_away_were_asked_of_it_all_the_same():
    balancer = Measured(
        "alb",
        1,
        {
            ("RequestCount", "Sum"): line(10.0, None, None, 5.0),
            ("HTTPCode_ELB_5XX_Count", "Sum"): line(0.0, 7.0, 0.0, None),
        },
    )

    assert derived.asked(balancer).values == [10.0, 7.0, None, 5.0]


def test_failures_are_unknown_while_one_of_their_counters_is_not_read():
    function = Measured("lambda", 2, {("Errors", "Sum"): line(1.0)})

    assert derived.failures(function) is None
    assert derived.failures(Measured("s3", 1)) is None


def test_the_failure_rate_of_each_hop_is_of_what_it_was_asked():
    gateway = Measured("http_api", 1, {("5xx", "Sum"): line(5.0, 0.0), ("Count", "SampleCount"): line(50.0, 0.0)})
    viewers = edge(_5xxErrorRate_Average=line(2.0, None), Requests_Sum=line(200.0, 0.0))

    assert derived.failure_rate(gateway).values == [10.0, None]
    assert derived.failure_rate(viewers).values == [2.0, None]
    assert derived.failures(viewers).values == [4.0, 0.0]


def test_the_origins_are_the_nearest_column_and_all_of_them_must_be_known():
    gateway = Measured("http_api", 1, {("Count", "SampleCount"): line(30.0)})
    balancer = Measured("alb", 1, {("RequestCount", "Sum"): line(20.0)})
    function = Measured("lambda", 2, {("Invocations", "Sum"): line(30.0)})
    firewall = Measured("waf", 0)

    assert derived.origins([firewall, gateway, balancer, function]) == [gateway, balancer]
    assert derived.origin_requests([gateway, balancer, function]).values == [50.0]
    assert derived.origin_requests([gateway, balancer, Measured("s3", 1)]) is None
    assert derived.offload([edge(Requests_Sum=line(200.0)), gateway, balancer]).values == [75.0]


def test_averages_subtract_and_differences_of_percentiles_say_they_are_approximate():
    hops = [
        edge(OriginLatency_p95=line(150.0)),
        Measured("rest_api", 1, keyed({"Latency_Average": line(80.0), "Latency_p95": line(120.0),
                                       "IntegrationLatency_Average": line(70.0)})),
        Measured("lambda", 2, keyed({"Duration_Average": line(50.0)})),
    ]  # fmt: skip

    assert [(one.key, one.line.values, one.is_approximate) for one in derived.added(hops)] == [
        ("edge", [30.0], True),
        ("gateway", [10.0], False),
        ("start", [20.0], False),
        ("function", [50.0], False),
    ]


def test_minutes_that_fill_up_at_different_times_are_no_offload_yet():
    """CloudFront has counted half of its newest minute when the gateway has counted all of its own."""
    viewers = line(200.0, 200.0, 60.0, settled=START + timedelta(minutes=2))
    origin = line(50.0, 50.0, 50.0, settled=START + timedelta(minutes=3))
    hops = [edge(Requests_Sum=viewers), Measured("rest_api", 1, {("Count", "SampleCount"): origin})]

    assert derived.offload(hops).values == [75.0, 75.0, None]


def gateway(**lines):
    return Measured("rest_api", 1, keyed(lines))


def test_what_a_stage_cache_answered_is_time_of_the_gateway_alone():
    """Of 10 requests 4 are hits of 5 ms and 6 take 8 ms and 60 behind: 42.8 on average, of which 36 are behind."""
    cached = gateway(
        Latency_Average=line(42.8),
        IntegrationLatency_Average=line(60.0),
        CacheHitCount_Sum=line(4.0),
        Count_SampleCount=line(10.0),
    )

    assert derived.overhead(cached).line.values == [pytest.approx(6.8)]


def test_a_stage_without_a_cache_subtracts_its_averages():
    uncached = gateway(
        Latency_Average=line(80.0, 90.0),
        IntegrationLatency_Average=line(70.0, 70.0),
        CacheHitCount_Sum=line(None, None),
        Count_SampleCount=line(10.0, 10.0),
    )

    assert derived.overhead(uncached).line.values == [10.0, 20.0]


def test_nothing_is_known_of_the_overhead_of_a_minute_whose_hits_are_not():
    patchy = gateway(
        Latency_Average=line(42.8, 42.8),
        IntegrationLatency_Average=line(60.0, 60.0),
        CacheHitCount_Sum=line(4.0, None),
        Count_SampleCount=line(10.0, 10.0),
    )

    assert derived.overhead(patchy).line.values == [pytest.approx(6.8), None]


def test_errors_of_a_hop_are_derived_as_what_aws_does_not_publish():
    viewers = edge(
        _5xxErrorRate_Average=line(2.0, 1.0), _4xxErrorRate_Average=line(5.0, None), Requests_Sum=line(200.0, 100.0)
    )
    requests = gateway(_5XXError_Sum=line(5.0), _4XXError_Sum=line(10.0), Count_SampleCount=line(50.0))
    throttled = Measured("lambda", 2, keyed({"Errors_Sum": line(0.0), "Throttles_Sum": line(9.0),
                                             "Invocations_Sum": line(None)}))  # fmt: skip

    assert {key: one.values for key, one in derived.of_hop(viewers).items()} == {
        ("5xx", "count"): [4.0, 1.0],
        ("4xx", "count"): [10.0, None],
    }
    assert {key: one.values for key, one in derived.of_hop(requests).items()} == {
        ("5xx", "share"): [10.0],
        ("4xx", "share"): [20.0],
    }
    assert derived.of_hop(throttled)["5xx", "share"].values == [100.0]
    assert derived.of_hop(Measured("s3", 1)) == {}
    assert derived.of_hop(gateway(Count_SampleCount=line(1.0))) == {}


def test_a_balancers_seconds_are_told_in_milliseconds():
    hops = [
        edge(OriginLatency_p95=line(150.0)),
        Measured("alb", 1, keyed({"TargetResponseTime_p95": line(0.1), "TargetResponseTime_Average": line(0.05)})),
    ]

    assert [(one.key, one.line.values) for one in derived.added(hops)] == [("edge", [50.0]), ("targets", [50.0])]
