from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.metrics import windows
from edgeops.metrics.windows import Window


def at(text):
    return datetime.fromisoformat(f"2026-11-22T{text}").replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "seconds", "start"),
    [
        ("12:00:00", 60, "12:00:00"),
        ("12:00:59.999999", 60, "12:00:00"),
        ("12:01:00", 60, "12:01:00"),
        ("12:14:59", 900, "12:00:00"),
        ("12:15:00", 900, "12:15:00"),
    ],
)
def test_a_moment_lies_in_the_bucket_that_began_last(moment, seconds, start):
    assert windows.floor(at(moment), seconds) == at(start)


def test_buckets_are_aligned_to_utc_whatever_zone_the_moment_is_told_in():
    kathmandu = at("12:07:30").astimezone(timezone(timedelta(hours=5, minutes=45)))

    floored = windows.floor(kathmandu, 3600)

    assert floored == at("12:00:00")
    assert floored.tzinfo is UTC


@pytest.mark.parametrize(
    ("now", "delay_seconds", "boundary"),
    [
        ("12:02:00", 120, "12:00:00"),
        ("12:02:59", 120, "12:00:00"),
        ("12:01:59", 120, "11:59:00"),
        ("12:05:30", 300, "12:00:00"),
        ("12:05:30", 0, "12:05:00"),
    ],
)
def test_a_bucket_settles_when_its_end_is_older_than_the_delay(now, delay_seconds, boundary):
    assert windows.settled_boundary(at(now), delay_seconds) == at(boundary)


@pytest.mark.parametrize(
    ("now", "settled_until", "start", "end"),
    [
        ("12:00:45", "11:55:00", "11:45:00", "12:00:00"),
        ("12:01:00", "11:59:00", "11:49:00", "12:01:00"),
        ("12:00:45", "09:00:00", "08:50:00", "12:00:00"),
        # A clock that went back: never a window that ends before it starts.
        ("12:00:45", "12:30:00", "11:50:00", "12:00:00"),
    ],
)
def test_a_poll_reads_everything_unsettled_and_ten_minutes_before(now, settled_until, start, end):
    assert windows.poll_window(at(now), at(settled_until)) == Window(at(start), at(end))


def test_a_first_poll_reads_a_day():
    window = windows.poll_window(at("12:00:45"), None)

    assert window == Window(at("12:00:00") - timedelta(hours=24), at("12:00:00"))
    assert window.minutes == 1440


def test_a_series_left_for_a_month_is_read_for_a_day_first():
    window = windows.poll_window(at("12:00:45"), at("12:00:00") - timedelta(days=31))

    assert window == Window(at("12:00:00") - timedelta(hours=24), at("12:00:00"))


@pytest.mark.parametrize(
    ("period", "stored_until", "start", "end"),
    [
        (300, "11:45:00", "11:35:00", "12:05:00"),
        (3600, "10:00:00", "08:00:00", "12:00:00"),
        (300, "12:30:00", "11:55:00", "12:05:00"),
    ],
)
def test_a_long_poll_reads_whole_buckets_since_the_mark_and_two_before(period, stored_until, start, end):
    assert windows.long_window(at("12:07:45"), at(stored_until), period) == Window(at(start), at(end))


MOMENTS = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis adds the zone)


@given(MOMENTS, st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=23)))
def test_polls_of_one_day_leave_no_minute_out_whenever_they_come(now, pause):
    settled_until = windows.settled_boundary(now, 300)

    window = windows.poll_window(now + pause, settled_until)

    assert window.start <= settled_until - timedelta(minutes=10)
    assert now + pause - timedelta(minutes=1) < window.end <= now + pause
    assert window.start == windows.floor(window.start, 60)
