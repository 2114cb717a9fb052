from datetime import UTC, datetime, timedelta

import pytest

from edgeops.metrics import ledger
from edgeops.metrics.attribution import Producer
from edgeops.metrics.derived import Measured
from edgeops.metrics.reading import Line

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START = NOW - timedelta(minutes=10)


def line(values, settled_minutes=10):
    return Line(START, 60, list(values), NOW, START + timedelta(minutes=settled_minutes))


def path(failed, *behind, settled_minutes=10):
    """CloudFront with a hundred requests a minute of which so many failed, and what is behind it."""
    edge = Measured(
        "cloudfront",
        0,
        {
            ("Requests", "Sum"): line([100.0] * 10, settled_minutes),
            ("5xxErrorRate", "Average"): line(failed, settled_minutes),
        },
    )
    return [edge, *behind]


def balancer(own, targets, settled_minutes=10):
    return Measured(
        "alb",
        1,
        {
            ("HTTPCode_ELB_5XX_Count", "Sum"): line(own, settled_minutes),
            ("HTTPCode_Target_5XX_Count", "Sum"): line(targets, settled_minutes),
        },
    )


def gateway(failed):
    return Measured("rest_api", 1, {("5XXError", "Sum"): line(failed)})


def function(errors, throttles=(0.0,) * 10):
    return Measured("lambda", 2, {("Errors", "Sum"): line(errors), ("Throttles", "Sum"): line(throttles)})


def test_the_made_lines_of_a_minute_add_up_to_what_viewers_got():
    book = ledger.of(path([20.0] * 10, balancer([12.0] * 10, [5.0] * 10)))

    assert {producer: one.values[0] for producer, one in book.made.items()} == {
        Producer.EDGE: pytest.approx(3.0),
        Producer.BALANCER: 12.0,
        Producer.TARGET: 5.0,
    }


def test_a_minute_one_source_does_not_know_is_unknown_for_all():
    own = [1.0, None, *[1.0] * 8]
    book = ledger.of(path([1.0] * 10, balancer(own, [0.0] * 10)))

    assert [one.values[1] for one in book.made.values()] == [None] * 3
    assert [one.values[2] for one in book.made.values()] != [None] * 3


def test_only_minutes_every_source_has_settled_count():
    book = ledger.of(path([1.0] * 10, balancer([1.0] * 10, [0.0] * 10, settled_minutes=4)))

    assert book.known == range(4)
    assert book.made[Producer.BALANCER].values[3:5] == [1.0, None]
    assert ledger.judge(book, START, NOW).end == START + timedelta(minutes=4)


def test_without_cloudfronts_rate_there_is_no_ledger():
    assert ledger.of([balancer([1.0] * 10, [0.0] * 10)]) is None
    assert ledger.of([Measured("cloudfront", 0, {("Requests", "Sum"): line([1.0] * 10)})]) is None


def test_a_balancer_that_makes_most_errors_is_named_with_its_bounds():
    book = ledger.of(path([0.0] * 5 + [40.0] * 5, balancer([0.0] * 5 + [37.0] * 5, [0.0] * 5 + [1.0] * 5)))
    start, end, is_over = ledger.trouble(book)
    verdict = ledger.judge(book, start, end, is_over=is_over)

    assert (start, end, is_over) == (START + timedelta(minutes=5), NOW, False)
    assert verdict.guilty.producer == Producer.BALANCER
    assert (verdict.guilty.low, verdict.guilty.high) == (pytest.approx(92.5), pytest.approx(97.5))
    assert (verdict.failed, verdict.percent, verdict.confidence) == (200.0, 40.0, "high")
    assert verdict.doubts == [
        "viewers got more errors than the origins made: CloudFront made them, or repeated cached ones"
    ]


def test_errors_of_the_gateway_before_a_healthy_function_are_told_with_their_doubt():
    book = ledger.of(path([3.0] * 10, gateway([3.0] * 10), function([0.0] * 10)))
    verdict = ledger.judge(book, START, NOW)

    assert (verdict.guilty.producer, verdict.confidence) == (Producer.GATEWAY, "low")
    assert "returns a 500" in verdict.doubts[0]


def test_throttled_calls_are_failures_of_the_function():
    book = ledger.of(path([3.0] * 10, gateway([3.0] * 10), function([0.0] * 10, [3.0] * 10)))

    assert ledger.judge(book, START, NOW).guilty.producer == Producer.FUNCTION


def test_a_function_behind_two_doors_is_charged_once():
    direct = Measured("lambda", 1, {("Errors", "Sum"): line([2.0] * 10), ("Throttles", "Sum"): line([0.0] * 10)})
    book = ledger.of(path([2.0] * 10, direct))

    assert book.made[Producer.FUNCTION].values[0] == 2.0
    assert book.made[Producer.EDGE].values[0] == 0.0


def test_an_origin_without_metrics_leaves_the_errors_unexplained():
    book = ledger.of(path([2.0] * 10, Measured("custom_origin", 1)))
    verdict = ledger.judge(book, START, NOW)

    assert (verdict.guilty.producer, verdict.confidence) == (Producer.UNKNOWN, "none")
    assert "publishes no errors" in verdict.doubts[0]


def test_minutes_left_out_are_counted():
    book = ledger.of(path([2.0] * 10, balancer([2.0] * 8 + [None] * 2, [0.0] * 10)))
    verdict = ledger.judge(book, START, NOW)

    assert verdict.failed == 16.0
    assert verdict.doubts == ["2 of the minutes lack a value and are left out"]


def test_no_errors_have_no_culprit():
    book = ledger.of(path([0.0] * 10, balancer([0.0] * 10, [0.0] * 10)))

    assert ledger.trouble(book) is None
    assert ledger.judge(book, START, NOW) is None


def test_trouble_that_pauses_for_a_moment_is_one_and_that_ended_is_over():
    rates = [5.0, 5.0, 0.0, 5.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    book = ledger.of(path(rates, balancer([0.0] * 10, [0.0] * 10)))

    assert ledger.trouble(book) == (START, START + timedelta(minutes=5), True)


def test_an_earlier_trouble_is_not_this_one():
    rates = [5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 5.0, 5.0, 5.0]
    book = ledger.of(path(rates, balancer([0.0] * 10, [0.0] * 10)))

    assert ledger.trouble(book) == (START + timedelta(minutes=7), NOW, False)
