from datetime import UTC, datetime, timedelta

import pytest

from dashboards import summaries
from edgeops.metrics.reading import Line

START = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def test_nothing_comes_out_of_nothing():
    for summary in (summaries.mean, summaries.total, summaries.highest):
        assert summary([]) is None
        assert summary([None, None]) is None
    assert summaries.weighted([None], [3.0]) is None


def test_missing_values_are_left_out_and_not_taken_for_zero():
    assert summaries.mean([2.0, None, 4.0]) == 3.0
    assert summaries.highest([2.0, None]) == 2.0


@pytest.mark.parametrize(
    ("rates", "weights", "expected"),
    [
        ([50.0, 1.0], [10.0, 990.0], pytest.approx(1.49)),
        ([50.0, 1.0], [None, 990.0], 1.0),
        ([50.0, 1.0], [0.0, 0.0], 25.5),
    ],
)
def test_rates_are_averaged_by_their_traffic(rates, weights, expected):
    assert summaries.weighted(rates, weights) == expected


def test_only_settled_values_are_recent():
    line = Line(START, 60, [float(i) for i in range(10)], None, START + timedelta(minutes=8))

    assert summaries.recent(line) == [3.0, 4.0, 5.0, 6.0, 7.0]


def test_a_span_takes_the_buckets_inside_it():
    line = Line(START, 60, [0.0, 1.0, 2.0, 3.0], None, None)

    assert summaries.between(line, START + timedelta(minutes=1), START + timedelta(minutes=3)) == [1.0, 2.0]
