import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.metrics import attribution
from edgeops.metrics.attribution import Bounds, Counts, Producer

EDGE, GATEWAY, BALANCER, TARGET, FUNCTION, UNKNOWN = Producer
number = st.integers(0, 10_000).map(float)


def test_errors_of_a_healthy_function_are_the_gateways_or_returned_by_the_function():
    made = attribution.attribute(Counts(viewers=30.0, gateway=30.0, behind={FUNCTION: 0.0}))

    assert made[GATEWAY] == Bounds(0, 30, 30)
    assert made[FUNCTION] == Bounds(0, 0, 30)
    assert made[EDGE] == Bounds(0, 0, 0)


def test_a_load_balancers_own_errors_are_certain():
    made = attribution.attribute(Counts(viewers=100.0, direct={BALANCER: 95.0, TARGET: 5.0}))

    assert (made[BALANCER], made[TARGET]) == (Bounds(95, 95, 95), Bounds(5, 5, 5))


def test_errors_beyond_the_origins_are_the_edges_or_repeated():
    made = attribution.attribute(Counts(viewers=100.0, direct={BALANCER: 40.0, TARGET: 0.0}))

    assert made[EDGE] == Bounds(0, 60, 60)
    assert made[BALANCER] == Bounds(40, 40, 100)


def test_errors_no_origin_made_are_the_edges_for_sure():
    made = attribution.attribute(Counts(viewers=12.0, gateway=0.0, behind={FUNCTION: 0.0}))

    assert made[EDGE] == Bounds(12, 12, 12)


def test_an_origin_that_publishes_nothing_may_have_made_what_no_other_did():
    made = attribution.attribute(Counts(viewers=12.0, is_origin_blind=True))

    assert (made[EDGE], made[UNKNOWN]) == (Bounds(0, 0, 12), Bounds(0, 12, 12))


def test_a_gateway_before_something_unread_is_not_called_guilty():
    made = attribution.attribute(Counts(viewers=12.0, gateway=12.0, is_gateway_blind=True))

    assert (made[GATEWAY], made[UNKNOWN]) == (Bounds(0, 0, 12), Bounds(0, 12, 12))


def test_what_retries_hid_may_have_been_anybodys():
    made = attribution.attribute(Counts(viewers=60.0, direct={BALANCER: 50.0, TARGET: 50.0}))

    assert made[BALANCER] == made[TARGET] == Bounds(10, 30, 50)


def test_failures_of_a_function_others_call_too_are_not_all_this_apis():
    counts = Counts(viewers=10.0, gateway=10.0, behind={FUNCTION: 14.0})

    assert attribution.attribute(counts)[FUNCTION] == Bounds(6, 10, 10)
    assert list(attribution.doubts(counts)) == [
        "more failed behind the gateway than it answered: others call the same function, too"
    ]


counts = st.builds(
    Counts,
    viewers=number,
    gateway=number,
    behind=st.dictionaries(st.sampled_from([FUNCTION, BALANCER, TARGET]), number),
    direct=st.dictionaries(st.sampled_from([FUNCTION, BALANCER, TARGET]), number),
    is_origin_blind=st.booleans(),
    is_gateway_blind=st.booleans(),
)


@given(counts)
def test_estimates_add_up_to_what_viewers_got_and_lie_between_their_bounds(given_counts):
    made = attribution.attribute(given_counts)

    assert sum(one.estimate for one in made.values()) == pytest.approx(given_counts.viewers, abs=1e-6)
    for one in made.values():
        assert 0 <= one.low <= one.estimate + 1e-6
        assert one.estimate <= one.high + 1e-6
        assert one.high <= given_counts.viewers + 1e-6


@given(edge=number, gateway=number, failed=number, returned=number, repeated=number)
def test_the_truth_behind_a_gateway_lies_within_the_bounds(edge, gateway, failed, returned, repeated):
    """CloudFront repeats the gateway's errors: of each only as viewers saw it, at the edge nothing of it was made."""
    origin = gateway + failed + returned
    repeated = repeated if gateway else 0.0
    made = attribution.attribute(
        Counts(viewers=edge + origin + repeated, gateway=origin, behind={FUNCTION: failed}),
    )

    for producer, truth in ((EDGE, edge), (GATEWAY, gateway + repeated), (FUNCTION, failed + returned)):
        assert made[producer].low - 1e-6 <= truth <= made[producer].high + 1e-6


@given(balancer=number, target=number, data=st.data())
def test_the_truth_behind_a_load_balancer_lies_within_the_bounds_whatever_was_hidden(balancer, target, data):
    of_balancer = data.draw(st.integers(0, int(balancer)))
    of_target = data.draw(st.integers(0, int(target)))
    made = attribution.attribute(
        Counts(viewers=float(of_balancer + of_target), direct={BALANCER: balancer, TARGET: target}),
    )

    assert made[BALANCER].low - 1e-6 <= of_balancer <= made[BALANCER].high + 1e-6
    assert made[TARGET].low - 1e-6 <= of_target <= made[TARGET].high + 1e-6


@given(st.lists(counts, min_size=1, max_size=4))
def test_spans_together_hold_what_each_holds(several):
    whole = attribution.total(several)

    assert whole.viewers == sum(one.viewers for one in several)
    assert whole.origin == pytest.approx(sum(one.origin for one in several))
