from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from dashboards.templatetags import edgeops

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


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
