from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import ranges

NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
END = datetime(2026, 11, 22, 12, 1, tzinfo=UTC)


def test_the_default_is_three_hours_up_to_the_running_minute():
    time_range = ranges.parse({}, NOW)

    assert (time_range.start, time_range.end) == (END - timedelta(hours=3), END)
    assert time_range.is_relative
    assert time_range.query == "range=3h"


@pytest.mark.parametrize("name", ranges.QUICK)
def test_a_quick_range_is_in_the_address(name):
    time_range = ranges.parse({"range": name}, NOW)

    assert time_range.end - time_range.start == ranges.QUICK[name]
    assert (time_range.name, time_range.problem) == (name, "")


def test_two_instants_are_widened_to_whole_minutes():
    time_range = ranges.parse({"from": "2026-11-22T10:00:20Z", "to": "2026-11-22T11:00:20+00:00"}, NOW)

    assert time_range.start == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert time_range.end == datetime(2026, 11, 22, 11, 1, tzinfo=UTC)
    assert time_range.query == "from=2026-11-22T10%3A00Z&to=2026-11-22T11%3A01Z"
    assert not time_range.is_relative


def test_a_zone_is_honoured_and_no_zone_is_utc():
    zoned = ranges.parse({"from": "2026-11-22T11:00+01:00", "to": "2026-11-22T11:00"}, NOW)

    assert zoned.start == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert zoned.end == datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def test_a_start_alone_reaches_until_now():
    assert ranges.parse({"from": "2026-11-22T11:30Z"}, NOW).end == END


def test_an_end_in_the_future_is_cut_and_said():
    time_range = ranges.parse({"from": "2026-11-22T11:30Z", "to": "2026-11-22T13:00Z"}, NOW)

    assert time_range.end == END
    assert "future" in time_range.problem


def test_an_end_no_minute_comes_after_is_cut_too():
    time_range = ranges.parse({"from": "2026-11-22T11:30Z", "to": "9999-12-31T23:59:30Z"}, NOW)

    assert time_range.end == END
    assert "future" in time_range.problem


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"range": "forever"}, "no range called"),
        ({"from": "yesterday"}, "start of the range is not a time"),
        ({"from": "2026-11-22T10:00Z", "to": "noon"}, "end of the range is not a time"),
        ({"to": "2026-11-22T10:00Z"}, "start of the range is not a time"),
        ({"from": "2026-11-22T13:00Z", "to": "2026-11-22T14:00Z"}, "future"),
        ({"from": "2026-11-22T11:00Z", "to": "2026-11-22T10:00Z"}, "ends before it starts"),
        ({"from": "2026-11-20T11:00Z", "to": "2026-11-22T10:00Z"}, "longer than 24 hours"),
        ({"from": "2026-10-01T11:00Z", "to": "2026-10-01T12:00Z"}, "15 days"),
        ({"from": "0001-01-01T00:00+14:00"}, "not a time"),
    ],
)
def test_an_impossible_range_falls_back_and_says_why(query, words):
    time_range = ranges.parse(query, NOW)

    assert words in time_range.problem
    assert time_range.name == ranges.DEFAULT


@given(st.dictionaries(st.sampled_from(["range", "from", "to"]), st.text(max_size=40)))
def test_whatever_the_address_says_a_range_comes_back(query):
    time_range = ranges.parse(query, NOW)

    assert time_range.start < time_range.end
    assert (time_range.end - time_range.start).total_seconds() / time_range.period <= 1500
