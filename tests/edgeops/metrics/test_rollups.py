from datetime import timedelta

import pytest

from edgeops.metrics import reading, rollups
from edgeops.metrics.models import Gap, Series
from tests.edgeops.metrics.rows import mark, put, stored

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def settle(series, start, until):
    mark(series, first_datapoint_at=start, settled_until=until, data_until=until)


def hours(api, statistic):
    return Series.objects.create(
        account=api.account,
        hop=api.hops.first(),
        region="eu-west-1",
        namespace="EdgeOps/Test",
        metric="Anything",
        statistic=statistic,
        dimensions={},
        dimensions_key=statistic,
    )


@pytest.mark.parametrize(
    ("statistic", "five", "hour"),
    [("Sum", 10.0, 120.0), ("SampleCount", 10.0, 120.0), ("Minimum", 0, 0), ("Maximum", 4, 4)],
)
def test_longer_periods_are_computed_of_the_shorter_ones(api, now, statistic, five, hour):
    series = hours(api, statistic)
    put(series, now - 2 * HOUR, [0.0, 1.0, 2.0, 3.0, 4.0] * 24)
    settle(series, now - 2 * HOUR, now)

    rollups.roll(now)

    assert {value for _, value in stored(series, 300)} == {five}
    assert stored(series, 3600) == [(now - 2 * HOUR, hour), (now - HOUR, hour)]
    series.refresh_from_db()
    assert (series.five_minutes_until, series.hours_until) == (now, now)


@pytest.mark.parametrize("statistic", ["Average", "p95", "p50"])
def test_averages_and_percentiles_are_never_computed(api, now, statistic):
    series = hours(api, statistic)
    put(series, now - HOUR, [1.0] * 60)
    settle(series, now - HOUR, now)

    assert rollups.roll(now) == 0

    series.refresh_from_db()
    assert series.five_minutes_until is None
    assert stored(series, 300) == []


def test_a_bucket_waits_until_all_of_it_has_settled(requests, now):
    put(requests, now - 10 * MINUTE, [1.0] * 10)
    settle(requests, now - 10 * MINUTE, now - MINUTE)

    rollups.roll(now)

    assert stored(requests, 300) == [(now - 10 * MINUTE, 5.0)]
    assert stored(requests, 3600) == []


def test_a_first_bucket_read_in_part_is_left_out(requests, now):
    put(requests, now - 8 * MINUTE, [1.0] * 8)
    settle(requests, now - 8 * MINUTE, now)

    rollups.roll(now)

    assert stored(requests, 300) == [(now - 5 * MINUTE, 5.0)]


def test_a_bucket_without_datapoints_has_no_row_and_reads_as_zero(requests, now):
    put(requests, now - 15 * MINUTE, [1.0] * 5 + [None] * 5 + [2.0] * 5)
    settle(requests, now - 15 * MINUTE, now)

    rollups.roll(now)

    assert stored(requests, 300) == [(now - 15 * MINUTE, 5.0), (now - 5 * MINUTE, 10.0)]
    line = reading.load([Series.objects.get(pk=requests.pk)], now - 15 * MINUTE, now, 300, now=now)[requests.pk]
    assert line.values == [5.0, 0.0, 10.0]


def test_what_was_never_read_is_left_out_and_unknown(requests, now):
    put(requests, now - 3 * HOUR, [1.0] * 180)
    settle(requests, now - 3 * HOUR, now)
    Gap.objects.create(series=requests, period=60, start=now - 2 * HOUR + MINUTE, end=now - 2 * HOUR + 3 * MINUTE)

    rollups.roll(now)

    assert now - 2 * HOUR not in dict(stored(requests, 300))
    assert len(stored(requests, 300)) == 35
    assert stored(requests, 3600) == [(now - 3 * HOUR, 60.0), (now - HOUR, 60.0)]
    line = reading.load([Series.objects.get(pk=requests.pk)], now - 3 * HOUR, now, 3600, now=now)[requests.pk]
    assert line.values == [60.0, None, 60.0]


def test_a_revision_in_the_tail_is_computed_again_and_nothing_twice(requests, now):
    put(requests, now - 2 * HOUR, [1.0] * 120)
    settle(requests, now - 2 * HOUR, now)
    assert rollups.roll(now) == 24 + 2
    assert rollups.roll(now) == 0

    put(requests, now - 40 * MINUTE, [11.0])
    put(requests, now, [1.0] * 60)
    settle(requests, now - 2 * HOUR, now + HOUR)

    assert rollups.roll(now + HOUR) == 1 + 12 + 2
    assert stored(requests, 3600)[1] == (now - HOUR, 70.0)


def test_rolling_twice_at_once_or_after_a_lost_run_finds_the_same(requests, now):
    put(requests, now - HOUR, [1.0] * 60)
    settle(requests, now - HOUR, now)
    rollups.roll(now)
    before = stored(requests, 300)
    mark(requests, five_minutes_until=now - 30 * MINUTE, hours_until=None)

    assert rollups.roll(now) == 0

    assert stored(requests, 300) == before
    requests.refresh_from_db()
    assert (requests.five_minutes_until, requests.hours_until) == (now, now)


def test_many_days_are_worked_off_day_by_day(requests, now):
    start = now - 3 * DAY
    put(requests, start, [1.0] * (3 * 24 * 60))
    settle(requests, start, now)

    assert rollups.roll(now) == 3 * 24 * 12 + 3 * 24

    assert {value for _, value in stored(requests, 3600)} == {60.0}


def test_what_retention_has_begun_to_forget_is_not_computed_anew(requests, now):
    old = now - 15 * DAY - 2 * MINUTE
    put(requests, old, [1.0] * 10)
    settle(requests, old - DAY, now)

    rollups.roll(now + 3 * MINUTE)

    assert stored(requests, 300) == [(now - 15 * DAY + 5 * MINUTE, 3.0)]


def test_a_counter_that_never_reported_has_marks_and_so_reads_as_zero(series, now):
    invocations, throttles = series["Invocations", "Sum"], series["Throttles", "Sum"]
    mark(invocations, first_datapoint_at=now - 2 * HOUR)
    mark(throttles, settled_until=now)

    rollups.roll(now)
    assert Series.objects.get(pk=throttles.pk).hours_until == now

    rollups.roll(now + HOUR)
    line = reading.load([Series.objects.get(pk=throttles.pk)], now - HOUR, now, 3600, now=now)[throttles.pk]
    assert line.values == [0.0]
