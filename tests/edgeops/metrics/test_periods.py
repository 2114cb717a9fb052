from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.metrics import periods
from edgeops.metrics.periods import Resolution

NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("age", "finest"),
    [
        (MINUTE, 60),
        (15 * DAY, 60),
        (15 * DAY + MINUTE, 300),
        (63 * DAY, 300),
        (63 * DAY + 5 * MINUTE, 3600),
        (455 * DAY, 3600),
        (500 * DAY, 3600),
    ],
)
def test_the_older_a_start_the_coarser_what_is_kept_of_it(age, finest):
    assert periods.finest(NOW - age, NOW) == finest


@pytest.mark.parametrize(
    ("start_ago", "length", "resolution"),
    [
        (3 * HOUR, 3 * HOUR, Resolution(60)),
        (25 * HOUR, 25 * HOUR - MINUTE, Resolution(60)),
        (26 * HOUR, 26 * HOUR, Resolution(300)),
        (3 * DAY, 3 * DAY, Resolution(300)),
        (5 * DAY, 5 * DAY, Resolution(300)),
        (6 * DAY, 6 * DAY, Resolution(3600)),
        (7 * DAY, 7 * DAY, Resolution(3600)),
        (14 * DAY, HOUR, Resolution(60)),
        (16 * DAY, HOUR, Resolution(300)),
        (64 * DAY, HOUR, Resolution(3600)),
        (30 * DAY, 30 * DAY, Resolution(3600)),
        (62 * DAY, 62 * DAY, Resolution(3600)),
        (90 * DAY, 90 * DAY, Resolution(3600, joined=2)),
        (365 * DAY, 365 * DAY, Resolution(3600, joined=6)),
        (455 * DAY, 455 * DAY, Resolution(3600, joined=8)),
    ],
)
def test_a_range_is_shown_at_the_finest_period_that_is_kept_and_fits(start_ago, length, resolution):
    assert periods.choose(NOW - start_ago, NOW - start_ago + length, NOW) == resolution


@given(
    ago=st.integers(min_value=60, max_value=int(periods.LONGEST.total_seconds())),
    share=st.floats(min_value=0.001, max_value=1),
)
def test_no_range_takes_more_than_1500_points(ago, share):
    start = NOW - timedelta(seconds=ago)
    end = start + timedelta(seconds=ago * share)

    step = periods.choose(start, end, NOW).step

    first, last = periods.floor(start, step), periods.ceiling(end, step)
    assert (last - first) / timedelta(seconds=step) <= periods.MAX_POINTS


def test_what_does_not_fit_one_period_has_its_neighbours_joined():
    assert periods.fitting(NOW - 3 * DAY, NOW, 60) == Resolution(60, joined=3)


def test_an_empty_range_has_a_resolution_too():
    assert periods.choose(NOW, NOW, NOW) == Resolution(60)
    assert periods.fitting(NOW, NOW - HOUR, 60) == Resolution(60)


@pytest.mark.parametrize(("seconds", "up"), [(0, 0), (1, 300), (299, 300), (300, 300)])
def test_a_ceiling_is_the_next_bucket_unless_one_begins_there(seconds, up):
    noon = NOW.replace(second=0)
    assert periods.ceiling(noon + timedelta(seconds=seconds), 300) == noon + timedelta(seconds=up)
