from datetime import timedelta

import pytest

from edgeops.localaws import history
from edgeops.localaws.traffic import Traffic
from tests.edgeops.localaws.conftest import NOW, make_simulation, trouble
from tests.edgeops.localaws.test_cloudwatch import FUNCTION, PRODUCTS, STAGE, values

HOUR = 3600
DAY = 86_400
NOON = NOW.replace(hour=12, minute=0)


def test_history_reaches_back_fifteen_months_and_no_further(simulation):
    hourly = values(simulation, "AWS/CloudFront", "Requests", PRODUCTS, period=HOUR, minutes=60 * 24 * 500)

    assert (NOW.timestamp() - min(hourly)) / DAY == pytest.approx(455, abs=0.05)
    assert len(hourly) == pytest.approx(455 * 24, abs=1)


@pytest.mark.parametrize("days", [1, 14, 16, 40, 62])
@pytest.mark.parametrize("dimensions_of", [("Count", STAGE), ("5XXError", STAGE)])
def test_twelve_sums_of_five_minutes_are_the_sum_of_their_hour(simulation, days, dimensions_of):
    name, dimensions = dimensions_of
    asked = {"minutes": 60, "end": NOON - timedelta(days=days)}

    fives = values(simulation, "AWS/ApiGateway", name, dimensions, period=300, **asked)
    (hour,) = values(simulation, "AWS/ApiGateway", name, dimensions, period=HOUR, **asked).values()

    assert len(fives) == 12
    assert sum(fives.values()) == hour


@pytest.mark.parametrize("days", [10, 30, 100, 400])
def test_an_hour_of_any_age_is_as_busy_as_its_hour_of_the_day(simulation, days):
    recent = values(simulation, "AWS/ApiGateway", "Count", STAGE, period=HOUR, minutes=60, end=NOON)
    old = values(simulation, "AWS/ApiGateway", "Count", STAGE, period=HOUR, minutes=60, end=NOON - timedelta(days=days))

    assert sum(old.values()) == pytest.approx(sum(recent.values()), rel=0.45)


@pytest.mark.parametrize(("days", "stands_for"), [(1, 1), (15, 1), (16, 5), (62, 5), (64, 60), (454, 60)])
def test_a_minute_stands_for_more_the_older_it_is(days, stands_for):
    now = NOON.timestamp()

    found = list(history.minutes(int(now) - days * DAY, HOUR, now=now))

    assert {weight for _, weight in found} == {stands_for}
    assert sum(weight for _, weight in found) == 60


def test_fifteen_months_of_nine_series_imagine_each_of_their_minutes_once(simulation, monkeypatch):
    imagined = []
    real = Traffic._flow
    monkeypatch.setattr(
        Traffic, "_flow", lambda self, slug, minute: imagined.append(minute) or real(self, slug, minute)
    )

    for name, stat in (("Count", "Sum"), ("Latency", "p50"), ("Latency", "p99")):
        values(simulation, "AWS/ApiGateway", name, STAGE, stat, period=HOUR, minutes=60 * 24 * 455)

    assert len(imagined) == len(set(imagined))
    assert len(imagined) < 15 * 1440 + 48 * 288 + 392 * 24 + 200


def test_settled_values_are_remembered_until_a_scenario_changes_them(clock):
    simulation = make_simulation(clock)
    before = values(simulation, "AWS/Lambda", "Errors", FUNCTION)
    again = values(simulation, "AWS/Lambda", "Errors", FUNCTION)
    struck = trouble("lambda_errors", "products", minutes_ago=30, intensity=0.5)
    simulation.store.state = type(simulation.store.state)(anchor=clock.now, scenarios=(struck,))

    assert again == before
    assert max(values(simulation, "AWS/Lambda", "Errors", FUNCTION).values()) > 20 + max(before.values())


def test_long_invocations_are_missing_from_their_minute_until_they_have_ended(clock):
    struck = trouble("gateway_504", "products", minutes=None, intensity=0.5)
    simulation = make_simulation(clock, scenarios=[struck], delay_seconds=120)
    clock.pass_seconds(180)
    early = values(simulation, "AWS/Lambda", "Invocations", FUNCTION, minutes=1)
    early_longest = values(simulation, "AWS/Lambda", "Duration", FUNCTION, "Maximum", minutes=1)
    clock.pass_seconds(240)
    known = values(simulation, "AWS/Lambda", "Invocations", FUNCTION, minutes=1)
    known_longest = values(simulation, "AWS/Lambda", "Duration", FUNCTION, "Maximum", minutes=1)

    assert sum(early.values()) < 0.7 * sum(known.values())
    assert max(early_longest.values()) < 5_000
    assert max(known_longest.values()) > 29_000


def test_some_invocations_of_a_slow_origin_are_known_late_and_then_counted_where_they_began(clock):
    struck = trouble("origin_latency", "products", minutes=None, intensity=1.0)
    simulation = make_simulation(clock, scenarios=[struck], delay_seconds=120)
    clock.pass_seconds(180)
    early = values(simulation, "AWS/Lambda", "Invocations", FUNCTION, minutes=1)
    misses = values(simulation, "AWS/ApiGateway", "CacheMissCount", STAGE, minutes=1)
    clock.pass_seconds(240)
    known = values(simulation, "AWS/Lambda", "Invocations", FUNCTION, minutes=1)

    assert known == misses
    assert sum(early.values()) < 0.9 * sum(known.values())
