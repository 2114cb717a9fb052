from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.metrics import packing
from edgeops.metrics.packing import Wanted

END = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def wanted(statistics, minutes=15):
    """Series of one metric each, with as many statistics as told."""
    ids = iter(range(100_000))
    return [
        Wanted(next(ids), ("AWS/Lambda", f"m{index:05}", ""), f"p{statistic}", END - minutes * MINUTE)
        for index, count in enumerate(statistics)
        for statistic in range(count)
    ]


def test_five_thousand_queries_are_exactly_ten_requests():
    packed = packing.pack(wanted([3] * 1000 + [1] * 1400 + [2] * 300), end=END, period=60)

    assert [one.queries for one in packed] == [500] * 10


@given(st.lists(st.integers(1, 12), min_size=1, max_size=200), st.integers(50, 500))
def test_all_statistics_of_one_metric_are_in_one_request_and_every_series_in_one(statistics, limit):
    series = wanted(statistics)

    packed = packing.pack(series, end=END, period=60, limit=limit)

    places = [one.series_ids for one in packed]
    assert sorted(pk for ids in places for pk in ids) == [one.series_id for one in series]
    assert all(one.queries <= limit for one in packed)
    metric_of = {one.series_id: one.metric for one in series}
    metrics = [{metric_of[pk] for pk in ids} for ids in places]
    assert sum(len(found) for found in metrics) == len(set().union(*metrics))


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 1440)), min_size=1, max_size=300))
def test_no_request_answers_with_more_than_one_page_of_datapoints(metrics):
    series = [
        one._replace(series_id=index * 10 + one.series_id, metric=("AWS/Lambda", f"m{index}", ""))
        for index, (count, minutes) in enumerate(metrics)
        for one in wanted([count], minutes)
    ]

    for packed in packing.pack(series, end=END, period=60):
        assert packed.queries * ((END - packed.start) // MINUTE) <= 100_800
        starts = [one.start for one in series if one.series_id in packed.series_ids]
        assert packed.start == min(starts)


def test_series_of_two_apis_that_are_one_metric_are_one_query():
    shared = [Wanted(pk, ("AWS/CloudFront", "Requests", "x"), "Sum", END - MINUTE) for pk in range(600)]

    (packed,) = packing.pack(shared, end=END, period=60)

    assert (packed.queries, len(packed.series_ids)) == (1, 600)


@pytest.mark.parametrize("limit", [None, 500, 9000])
def test_no_limit_is_above_what_aws_takes(limit):
    packed = packing.pack(wanted([1] * 501), end=END, period=60, limit=limit)

    assert [one.queries for one in packed] == [500, 1]
