"""CloudWatch's published tables, row by row, and properties that hold for every window."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.alarms.evaluation import Condition, judge
from edgeops.alarms.models import AlarmState, ComparisonOperator, TreatMissingData

OK, ALARM, NO_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
POLICIES = ["missing", "ignore", "breaching", "notBreaching"]
SIGNS = {"X": 10.0, "0": 0.0, "-": None}


def condition(m, n, *, policy="missing", comparison="GreaterThanThreshold", threshold=5.0):
    return Condition(comparison, threshold, n, m, policy)


def state(rule, signs, *, current=OK):
    return judge(rule, [SIGNS[sign] for sign in signs.split()], current=current).state


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html; "keep" is the state held.
TABLES = [
    (3, "0 - X - X", [OK, OK, OK, OK]),
    (3, "0 - - - -", [OK, OK, OK, OK]),
    (3, "- - - - -", [NO_DATA, "keep", ALARM, OK]),
    (3, "0 X X - X", [ALARM, ALARM, ALARM, ALARM]),
    (3, "- - X - -", [ALARM, "keep", ALARM, OK]),
    (2, "0 - X - X", [ALARM, ALARM, ALARM, ALARM]),
    (2, "0 0 X 0 X", [ALARM, ALARM, ALARM, ALARM]),
    (2, "0 - X - -", [OK, OK, ALARM, OK]),
    (2, "- - - - 0", [OK, OK, ALARM, OK]),
    (2, "- - - X -", [ALARM, "keep", ALARM, OK]),
]
ROWS = [
    (m, signs, policy, expected)
    for m, signs, states in TABLES
    for policy, expected in zip(POLICIES, states, strict=True)
]


@pytest.mark.parametrize("current", list(AlarmState))
@pytest.mark.parametrize(("m", "signs", "policy", "expected"), ROWS)
def test_every_row_of_cloudwatchs_tables(m, signs, policy, expected, current):
    wanted = current if expected == "keep" else expected
    assert state(condition(m, 3, policy=policy), signs, current=current) == wanted


@pytest.mark.parametrize("policy", ["missing", "ignore"])
@pytest.mark.parametrize(("m", "signs"), [(3, "- - - - X"), (2, "- - - - X"), (3, "- - - X -"), (3, "X - - - -")])
def test_a_breach_too_young_or_too_old_does_not_alarm(m, signs, policy):
    assert state(condition(m, 3, policy=policy), signs) != ALARM


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [
        ("GreaterThanThreshold", OK, OK, ALARM),
        ("GreaterThanOrEqualToThreshold", OK, ALARM, ALARM),
        ("LessThanThreshold", ALARM, OK, OK),
        ("LessThanOrEqualToThreshold", ALARM, ALARM, OK),
    ],
)
def test_each_comparison_below_at_and_above_its_threshold(comparison, below, equal, above):
    rule = condition(1, 1, comparison=comparison)
    assert [judge(rule, [value], current=OK).state for value in (4.9, 5.0, 5.1)] == [below, equal, above]


def test_zero_is_a_value_and_not_a_gap():
    rule = condition(1, 1, comparison="LessThanOrEqualToThreshold", threshold=0.0)
    assert judge(rule, [0.0], current=OK).state == ALARM
    assert judge(rule, [-0.0], current=OK).state == ALARM
    assert judge(rule, [None], current=OK).state == NO_DATA


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_finite_number_is_missing(value):
    assert judge(condition(1, 1), [value], current=OK).state == NO_DATA


def test_the_reason_says_how_many_breached_and_what_was_needed():
    verdict = judge(condition(2, 3), [0.0, 10.0, 10.0], current=OK)
    assert (verdict.reason_code, verdict.reason) == ("breaching", "2 of 3 datapoints > 5; 2 needed to alarm")


def test_buckets_older_than_the_evaluation_range_do_not_count():
    assert state(condition(1, 1), "X X X X 0 - - -") == NO_DATA
    assert state(condition(1, 1), "X X X X 0 - -") == OK


def test_a_rule_reaches_back_two_buckets_or_a_third_of_n():
    assert [condition(1, n).buckets for n in (1, 3, 6, 9, 30)] == [3, 5, 8, 12, 40]


values = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(-10, 10))
windows = st.lists(values, min_size=0, max_size=20)
rules = st.integers(1, 8).flatmap(
    lambda n: st.builds(
        Condition,
        comparison_operator=st.sampled_from(list(ComparisonOperator)),
        threshold=st.floats(-10, 10),
        evaluation_periods=st.just(n),
        datapoints_to_alarm=st.integers(1, n),
        treat_missing_data=st.sampled_from(list(TreatMissingData)),
    )
)


@given(rules, windows, st.sampled_from(list(AlarmState)))
def test_every_window_gets_a_verdict_with_a_reason(rule, window, current):
    verdict = judge(rule, window, current=current)
    assert verdict.state in AlarmState
    assert 0 < len(verdict.reason) <= 300


@given(rules, st.lists(st.floats(-10, 10), min_size=8, max_size=20), st.sampled_from(list(AlarmState)))
def test_without_gaps_the_newest_n_decide_and_the_treatment_does_not(rule, window, current):
    breaching = sum(rule.is_breaching(value) for value in window[-rule.evaluation_periods :])
    wanted = ALARM if breaching >= rule.datapoints_to_alarm else OK
    assert judge(rule, window, current=current).state == wanted


@given(rules, windows, st.integers(0, 3))
def test_m_breaches_among_the_newest_alarm_under_any_treatment(rule, window, gaps):
    breach = rule.threshold + (1 if "Greater" in rule.comparison_operator else -1)
    newest = [
        *window,
        *[breach] * rule.datapoints_to_alarm,
        *[None] * min(gaps, rule.buckets - rule.datapoints_to_alarm),
    ]
    if sum(value is not None and math.isfinite(value) for value in newest[-rule.buckets :]) <= rule.evaluation_periods:
        assert judge(rule, newest, current=OK).state == ALARM


@given(rules, windows)
def test_a_current_state_matters_only_under_ignore(rule, window):
    states = {judge(rule, window, current=current).state for current in AlarmState}
    assert len(states) == 1 or rule.treat_missing_data == TreatMissingData.IGNORE
