import pytest

from dashboards import wording


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
