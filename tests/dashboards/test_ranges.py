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
        ({"from": "2025-08-01T11:00Z", "to": "2025-09-01T12:00Z"}, "more than 455 days ago"),
        ({"from": "0001-01-01T00:00Z"}, "more than 455 days ago"),
        ({"from": "0001-01-01T00:00+14:00"}, "not a time"),
    ],
)
def test_an_impossible_range_falls_back_and_says_why(query, words):
    time_range = ranges.parse(query, NOW)

    assert words in time_range.problem
    assert time_range.name == ranges.DEFAULT


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("24h", "Each point is 1 minute."),
        ("3d", "Each point is 5 minutes."),
        ("7d", "Each point is 1 hour."),
        ("30d", "Each point is 1 hour."),
        ("90d", "Each point is the peak of 2 datapoints of 1 hour."),
        ("1y", "Each point is the peak of 6 datapoints of 1 hour."),
    ],
)
def test_a_longer_range_is_shown_at_a_longer_period_and_says_so(name, points):
    time_range = ranges.parse({"range": name}, NOW)

    assert (time_range.points, time_range.problem) == (points, "")


@pytest.mark.parametrize(("day", "shown"), [("2026-11-08", ""), ("2026-11-06", "5 minutes"), ("2026-09-01", "1 hour")])
def test_an_old_range_is_shown_at_what_is_still_kept_and_says_why(day, shown):
    time_range = ranges.parse({"from": f"{day}T11:00Z", "to": f"{day}T12:00Z"}, NOW)

    kept = "Datapoints of 1 minute are kept for 15 days, as in CloudWatch; this range is shown at"
    assert time_range.problem == (f"{kept} {shown}." if shown else "")
    assert not time_range.is_relative


def test_five_minutes_that_are_gone_are_said_too():
    time_range = ranges.parse({"from": "2026-09-01T11:00Z", "to": "2026-09-04T12:00Z"}, NOW)

    assert time_range.problem.startswith("Datapoints of 5 minutes are kept for 63 days")


def test_a_range_over_days_names_both_days():
    days = ranges.parse({"from": "2026-11-01T11:00Z", "to": "2026-11-03T12:00Z"}, NOW)
    hours = ranges.parse({"from": "2026-11-01T11:00Z", "to": "2026-11-01T12:00Z"}, NOW)

    assert (days.label, days.is_within_a_day) == ("2026-11-01 11:00 to 2026-11-03 12:00 UTC", False)
    assert (hours.label, hours.is_within_a_day) == ("2026-11-01 11:00 to 12:00 UTC", True)


@given(st.dictionaries(st.sampled_from(["range", "from", "to"]), st.text(max_size=40)))
def test_whatever_the_address_says_a_range_comes_back(query):
    time_range = ranges.parse(query, NOW)

    assert time_range.start < time_range.end
    assert (time_range.end - time_range.start).total_seconds() / time_range.resolution.step <= 1501
