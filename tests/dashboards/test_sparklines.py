from datetime import UTC, datetime, timedelta

from dashboards import sparklines
from edgeops.metrics.reading import Line

START = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def line(values, settled=None):
    settled_until = START + timedelta(minutes=len(values) if settled is None else settled)
    return Line(START, 60, values, settled_until, settled_until)


def test_values_reach_from_the_left_edge_to_the_right_and_from_floor_to_top():
    spark = sparklines.draw(line([0.0, 10.0]), "Requests")

    assert spark.settled == "M0.0 31.0L120.0 1.0"


def test_a_gap_in_the_values_is_a_gap_in_the_line():
    spark = sparklines.draw(line([1.0, 1.0, None, 1.0, 1.0]), "Requests")

    assert spark.settled.count("M") == 2
    assert spark.settled.count("L") == 2


def test_a_value_between_two_gaps_is_a_dot():
    assert sparklines.draw(line([None, 1.0, None]), "Requests").settled == "M60.0 1.0h0"


def test_the_unsettled_tail_joins_the_settled_part():
    spark = sparklines.draw(line([1.0, 1.0, 1.0, 1.0], settled=2), "Requests")

    assert spark.settled == "M0.0 1.0L40.0 1.0"
    assert spark.tail == "M40.0 1.0L80.0 1.0L120.0 1.0"


def test_noise_near_zero_stays_near_zero():
    spark = sparklines.draw(line([0.01, 0.02]), "5xx", at_least=1)

    assert spark.settled == "M0.0 30.7L120.0 30.4"


def test_no_data_is_said_in_words():
    assert "no data" in sparklines.draw(line([None, None]), "Requests").label
    assert sparklines.draw(None, "Requests").settled == ""
