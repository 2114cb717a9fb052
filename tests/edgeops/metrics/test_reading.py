from datetime import timedelta

import pytest

from edgeops.metrics import reading
from edgeops.metrics.models import Series
from tests.edgeops.metrics.rows import mark, put

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def load(series, start, minutes):
    return reading.load([series], start, start + minutes * MINUTE)[series.pk]


def test_a_gap_stays_a_gap_in_a_latency(series, now):
    latency = series["OriginLatency", "p95"]
    put(latency, now, [80.0, None, 82.0])
    mark(latency, first_datapoint_at=now, settled_until=now + 3 * MINUTE)

    assert load(latency, now, 3).values == [80.0, None, 82.0]


def test_an_absent_count_is_zero_between_first_datapoint_and_settled_mark(requests, now):
    put(requests, now + MINUTE, [5.0, None, 7.0, None, None])
    mark(requests, first_datapoint_at=now + MINUTE, settled_until=now + 5 * MINUTE)

    assert load(requests, now, 6).values == [None, 5.0, 0.0, 7.0, 0.0, None]


def test_a_measured_zero_is_a_value(series, now):
    latency = series["OriginLatency", "p95"]
    put(latency, now, [0.0])

    assert load(latency, now, 2).values == [0.0, None]


def test_a_counter_that_never_reported_is_zero_once_its_resource_did(series, now):
    invocations, throttles = series["Invocations", "Sum"], series["Throttles", "Sum"]
    mark(invocations, first_datapoint_at=now + MINUTE)
    mark(throttles, settled_until=now + 3 * MINUTE)

    assert load(throttles, now, 4).values == [None, 0.0, 0.0, None]


def test_a_counter_of_a_resource_nobody_heard_of_is_unknown(series, now):
    throttles = series["Throttles", "Sum"]
    mark(throttles, settled_until=now + 3 * MINUTE)

    assert load(throttles, now, 3).values == [None, None, None]


def test_nothing_is_zero_before_a_poll_settled_it(requests, now):
    put(requests, now, [5.0])
    mark(requests, first_datapoint_at=now)

    assert load(requests, now, 3).values == [5.0, None, None]


def test_the_unsettled_tail_is_told_apart(requests, now):
    put(requests, now, [1.0, 2.0, 3.0, 4.0])
    mark(requests, first_datapoint_at=now, settled_until=now + 2 * MINUTE, data_until=now + 4 * MINUTE)

    line = load(requests, now, 4)

    assert line.settled_count == 2
    assert (line.settled_until, line.data_until) == (now + 2 * MINUTE, now + 4 * MINUTE)


def test_a_line_nobody_has_settled_is_all_tail(requests, now):
    put(requests, now, [1.0])

    assert load(requests, now, 1).settled_count == 0


@pytest.mark.parametrize(("minutes", "index"), [(-5, 0), (0, 0), (1, 1), (1.5, 1), (4, 4), (90, 4)])
def test_a_moment_has_its_bucket_or_the_nearest_end_of_the_line(requests, now, minutes, index):
    assert load(requests, now, 4).index(now + minutes * MINUTE) == index


def test_datapoints_outside_the_window_and_of_others_are_left_out(series, requests, now):
    put(requests, now - MINUTE, [1.0, 2.0, 3.0, 4.0])
    put(series["BytesDownloaded", "Sum"], now, [999.0])

    assert load(requests, now, 2).values == [2.0, 3.0]


def test_a_start_within_a_minute_reads_that_minute(requests, now):
    put(requests, now, [1.0, 2.0])

    line = load(requests, now + timedelta(seconds=30), 1)

    assert (line.start, line.values, line.end) == (now, [1.0, 2.0], now + 2 * MINUTE)


def test_a_reversed_window_is_empty(requests, now):
    put(requests, now, [1.0])

    assert load(requests, now, -5).values == []


def test_many_series_cost_two_queries(series, now, django_assert_num_queries):
    for one in series.values():
        put(one, now, [1.0, 2.0])
    Series.objects.update(first_datapoint_at=now, settled_until=now + 2 * MINUTE)
    loaded = list(Series.objects.all())

    with django_assert_num_queries(2):
        lines = reading.load(loaded, now, now + 2 * MINUTE)

    assert {tuple(line.values) for line in lines.values()} == {(1.0, 2.0)}


def test_the_newest_change_is_the_newest_poll(api, series, requests, now):
    assert reading.newest_change(api) is None

    mark(requests, polled_at=now)
    mark(series["Errors", "Sum"], polled_at=now - MINUTE)

    assert reading.newest_change(api) == reading.newest_change() == now
