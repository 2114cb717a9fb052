import pytest

from dashboards import wording
from edgeops.estate.prices import Dollars


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "–"), (0, "0"), (0.4217, "0.42"), (12.34, "12.3"), (999.6, "1000"), (1234, "1.23k"), (3_450_000, "3.45M")],
)
def test_a_number_is_written_short_and_missing_is_a_dash(number, text):
    assert wording.compact(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "0 ms"), (0.42, "420 ms"), (1.34, "1.34 s"), (65, "1 min"), (3600, "1 h"), (7500, "2 h 5 min")],
)
def test_a_duration_is_written_as_a_person_would_say_it(seconds, text):
    assert wording.duration(seconds) == text


def test_a_percentage_is_not_multiplied_again():
    assert wording.percent(0.416) == "0.42 %"
    assert wording.percent(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"), [(60, "1 minute"), (300, "5 minutes"), (3600, "1 hour"), (21600, "6 hours")]
)
def test_a_period_is_named_in_its_unit(seconds, words):
    assert wording.period(seconds) == words


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "–"), (0, "$0"), (0.000213, "$0.00021"), (0.0213, "$0.021"), (0.1, "$0.10"), (1234.5, "$1,234.50")],
)
def test_dollars_are_written_so_that_small_sums_are_not_nothing(number, text):
    assert wording.dollars(number) == text


@pytest.mark.parametrize(("number", "text"), [(None, "–"), (0, "0"), (999, "999"), (12_000, "12,000")])
def test_a_count_keeps_every_digit(number, text):
    assert wording.count(number) == text


def test_a_sum_with_two_bounds_shows_both_where_they_differ():
    assert wording.between(Dollars(1.2, 3.4)) == "$1.20–$3.40"
    assert wording.between(Dollars(1.201, 1.2)) == "$1.20"
    assert wording.between(None) == "–"
