from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from dashboards.templatetags import edgeops

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "–"), (0, "0"), (0.4217, "0.42"), (12.34, "12.3"), (999.6, "1000"), (1234, "1.23k"), (3_450_000, "3.45M")],
)
def test_a_number_is_written_short_and_missing_is_a_dash(number, text):
    assert edgeops.compact(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "–"), (0, "0 ms"), (0.42, "420 ms"), (1.34, "1.34 s"), (65, "1 min"), (3600, "1 h"), (7500, "2 h 5 min")],
)
def test_a_duration_is_written_as_a_person_would_say_it(seconds, text):
    assert edgeops.duration(seconds) == text


@time_machine.travel(NOW, tick=False)
def test_a_time_of_today_says_its_clock_and_its_age():
    html = edgeops.when(NOW - timedelta(minutes=3))

    assert "11:57:00 UTC" in html
    assert "3 min ago" in html
    assert 'datetime="2026-11-22T11:57:00+00:00"' in html


@time_machine.travel(NOW, tick=False)
def test_a_time_of_another_day_says_its_date():
    assert "2026-11-20 12:00 UTC" in edgeops.when(NOW - timedelta(days=2))


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("ago", "words"),
    [(timedelta(seconds=2), "now"), (timedelta(hours=5), "5 h ago"), (timedelta(minutes=-2), "in 2 min")],
)
def test_an_age_is_in_the_largest_whole_unit(ago, words):
    assert f">{words}<" in edgeops.age(NOW - ago)


def test_no_time_is_a_dash():
    assert edgeops.when(None) == edgeops.age(None) == "–"
