from datetime import timedelta

import pytest

from edgeops.metrics import periods, reading
from edgeops.metrics.models import Gap, Series
from edgeops.metrics.reading import Line
from tests.edgeops.metrics.rows import mark, put

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def load(series, start, minutes):
    return reading.load([series], start, start + minutes * MINUTE, now=start + timedelta(hours=1))[series.pk]


def values(series, start, end, period, now):
    return reading.load([series], start, end, period, now=now)[series.pk].values


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


def test_many_series_cost_three_queries(series, now, django_assert_num_queries):
    for one in series.values():
        put(one, now, [1.0, 2.0])
    Series.objects.update(first_datapoint_at=now, settled_until=now + 2 * MINUTE)
    loaded = list(Series.objects.all())

    with django_assert_num_queries(3):  # births, gaps, datapoints
        lines = reading.load(loaded, now, now + 2 * MINUTE, now=now)

    assert {tuple(line.values) for line in lines.values()} == {(1.0, 2.0)}


def test_a_time_that_is_still_to_be_read_is_never_zero(requests, now):
    put(requests, now, [5.0, None, None, None, 6.0])
    mark(requests, first_datapoint_at=now, settled_until=now + 5 * MINUTE)
    Gap.objects.create(series=requests, period=60, start=now + MINUTE, end=now + 3 * MINUTE)

    assert load(requests, now, 5).values == [5.0, None, None, 0.0, 6.0]


def test_an_hour_is_unknown_where_its_minutes_are_not_read_but_not_the_other_way_round(requests, now):
    mark(requests, first_datapoint_at=now - 3 * HOUR, settled_until=now, hours_until=now)
    Gap.objects.create(series=requests, period=60, start=now - 3 * HOUR, end=now - 2 * HOUR - 30 * MINUTE)
    Gap.objects.create(series=requests, period=3600, start=now - HOUR, end=now)

    assert values(requests, now - 3 * HOUR, now, 3600, now=now) == [None, 0.0, None]
    assert values(requests, now - HOUR, now, 60, now=now) == [0.0] * 60


def test_each_period_is_trusted_up_to_its_own_mark(requests, now):
    put(requests, now - 15 * MINUTE, [50.0], period=300)
    mark(
        requests, first_datapoint_at=now - HOUR, settled_until=now, data_until=now, five_minutes_until=now - 5 * MINUTE
    )

    line = reading.load([requests], now - 15 * MINUTE, now, 300, now=now)[requests.pk]

    assert line.values == [50.0, 0.0, None]
    assert (line.settled_until, line.data_until) == (now - 5 * MINUTE, now - 5 * MINUTE)


def test_a_range_of_days_is_read_at_five_minutes_and_one_of_weeks_at_hours(requests, now):
    mark(requests, first_datapoint_at=now - 300 * DAY, settled_until=now)
    put(requests, now - 2 * DAY, [1.0], period=300)
    put(requests, now - 20 * DAY, [60.0], period=3600)

    days = reading.load([requests], now - 3 * DAY, now, now=now)[requests.pk]
    weeks = reading.load([requests], now - 30 * DAY, now, now=now)[requests.pk]

    assert (days.period, days.joined, days.values[288]) == (300, 1, 1.0)
    assert (weeks.period, weeks.joined, weeks.values[240]) == (3600, 1, 60.0)


def test_a_year_keeps_the_peak_of_every_bucket(series, now):
    latency = series["Duration", "p95"]
    start = now - 360 * DAY
    put(latency, start, [10.0, 900.0, None, 20.0, 30.0, 10.0, None, 1.0], period=3600)

    line = reading.load([latency], start, now, now=now)[latency.pk]

    assert (line.joined, line.period, line.datapoint_minutes) == (6, 6 * 3600, 60)
    assert len(line.values) <= 1500
    assert max(value for value in line.values if value is not None) == 900.0
    assert [value for value in line.values if value is not None] == [900.0, 1.0]
    assert line.at(line.values.index(900.0)) <= start + HOUR


@pytest.mark.parametrize(("keep_lowest", "values"), [(False, [3.0, None, 9.0]), (True, [1.0, None, 9.0])])
def test_joined_neighbours_keep_their_extreme_and_a_gap_of_all_stays_a_gap(now, keep_lowest, values):
    line = Line(now, 60, [1.0, 3.0, None, None, 9.0], None, now + 2 * MINUTE)

    joined = reading.join(line, 2, keep_lowest=keep_lowest)

    assert (joined.values, joined.period, joined.joined) == (values, 120, 2)
    assert joined.settled_count == 1


def test_of_healthy_hosts_the_fewest_stay_and_of_unhealthy_ones_the_most(api, now):
    kinds = [("HealthyHostCount", 1.0), ("UnHealthyHostCount", 3.0)]
    hop = api.hops.first()
    for metric, kept in kinds:
        hosts = Series.objects.create(
            account=api.account,
            hop=hop,
            region="eu-west-1",
            namespace="AWS/ApplicationELB",
            metric=metric,
            statistic="Minimum",
            dimensions={},
            dimensions_key=metric,
        )
        start = periods.floor(now - 400 * DAY, 8 * 3600)
        put(hosts, start, [2.0, 1.0, 3.0], period=3600)

        assert reading.load([hosts], start, now, now=now)[hosts.pk].values[0] == kept


def test_an_alarm_gets_every_bucket_of_its_period_however_many(requests, now):
    line = reading.load([requests], now - 2 * DAY, now, 60, now=now)[requests.pk]

    assert (len(line.values), line.joined) == (2880, 1)


def test_no_series_cost_nothing(db, now, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert reading.load([], now, now + HOUR, now=now) == {}


def test_the_newest_change_is_the_newest_poll(api, series, requests, now):
    assert reading.newest_change(api) is None

    mark(requests, polled_at=now)
    mark(series["Errors", "Sum"], polled_at=now - MINUTE)

    assert reading.newest_change(api) == reading.newest_change() == now
