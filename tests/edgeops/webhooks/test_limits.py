from datetime import UTC, datetime, timedelta

from edgeops.webhooks import limits
from edgeops.webhooks.limits import Limiter

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_as_many_as_a_period_holds_pass_at_once_and_then_evenly():
    limiter = Limiter()
    waits = [limiter.wait("key", most=3, period_seconds=60, now=NOW) for _ in range(5)]
    assert waits == [0, 0, 0, 20, 20]
    assert limiter.wait("key", most=3, period_seconds=60, now=NOW + timedelta(seconds=20)) == 0
    assert limiter.wait("key", most=3, period_seconds=60, now=NOW + timedelta(seconds=25)) == 15


def test_a_storm_of_ten_thousand_in_a_minute_passes_the_usual_limit():
    limiter = Limiter()
    step = timedelta(seconds=60) / 10_000
    waits = [limiter.wait("key", most=12_000, period_seconds=60, now=NOW + n * step) for n in range(10_000)]
    assert not any(waits)


def test_keys_do_not_share_and_a_clock_set_back_gives_nothing_away():
    limiter = Limiter()
    assert limiter.wait("a", most=1, period_seconds=60, now=NOW) == 0
    assert limiter.wait("b", most=1, period_seconds=60, now=NOW) == 0
    assert limiter.wait("a", most=1, period_seconds=60, now=NOW - timedelta(hours=1)) > 0


def test_memory_is_bounded_and_the_longest_unused_is_forgotten(monkeypatch):
    monkeypatch.setattr(limits, "MAX_KEYS", 3)
    limiter = Limiter()
    for key in ("a", "b", "c", "a", "d"):
        limiter.wait(key, most=2, period_seconds=60, now=NOW)
    assert limiter.wait("a", most=2, period_seconds=60, now=NOW) > 0
    assert limiter.wait("b", most=2, period_seconds=60, now=NOW) == 0
