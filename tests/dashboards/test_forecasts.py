from datetime import UTC, datetime, timedelta

import pytest

from dashboards import forecasts
from edgeops.estate.prices import Dollars

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)
LEFT = (END - NOW) / timedelta(hours=1)


def hours(*ago):
    """A cent at each of these hours before noon."""
    return {NOW.replace(minute=0) - timedelta(hours=one): Dollars(0.008, 0.01) for one in ago}


def test_the_rest_of_the_month_goes_on_at_the_pace_of_the_last_day():
    forecast = forecasts.of(Dollars(1, 2), hours(*range(1, 25)), END, NOW)

    assert forecast.low == pytest.approx(1 + 0.008 * LEFT)
    assert forecast.high == pytest.approx(2 + 0.01 * LEFT)


def test_hours_in_which_nothing_was_asked_slow_the_pace():
    assert forecasts.of(Dollars(), hours(24, 1), END, NOW).high == pytest.approx(2 * 0.01 / 24 * LEFT)


def test_the_hour_in_which_counting_began_is_not_a_whole_one():
    assert forecasts.of(Dollars(), {**hours(1, 2), **hours(3)}, END, NOW).high == pytest.approx(0.01 * LEFT)
    assert forecasts.of(Dollars(), {**hours(1, 2), min(hours(3)): Dollars(9, 9)}, END, NOW).high == pytest.approx(
        0.01 * LEFT
    )


@pytest.mark.parametrize("counted", [{}, hours(1)])
def test_without_a_whole_hour_there_is_no_forecast(counted):
    assert forecasts.of(Dollars(1, 2), counted, END, NOW) is None
