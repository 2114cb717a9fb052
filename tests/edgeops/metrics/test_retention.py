from datetime import timedelta

import pytest
from django.db import connection

from edgeops.metrics import leases, reading, retention
from edgeops.metrics.models import ApiUsage, Gap, Lease, PollBatch, SettlingDelay
from tests.edgeops.metrics.rows import mark, put, stored

# Partitions are dropped, which no test's own transaction may keep from happening.
pytestmark = pytest.mark.django_db(transaction=True)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(("period", "kept"), [(60, 15 * DAY), (300, 63 * DAY), (3600, 455 * DAY)])
def test_each_period_is_kept_as_long_as_cloudwatch_keeps_it(requests, now, period, kept):
    bucket = timedelta(seconds=period)
    put(requests, now - kept - 40 * DAY, [1.0], period)
    put(requests, now - kept - bucket, [2.0, 3.0], period)

    retention.tidy(now)

    if connection.vendor == "postgresql":  # by whole partitions
        assert 1.0 not in dict(stored(requests, period)).values()
        assert (now - kept, 3.0) in stored(requests, period)
    else:
        assert stored(requests, period) == [(now - kept, 3.0)]


def test_many_series_are_tidied_slice_by_slice(series, now, monkeypatch):
    monkeypatch.setattr(retention, "SLICE", 3)
    for one in series.values():
        put(one, now - 17 * DAY, [1.0])
        put(one, now - DAY, [2.0])

    retention.tidy(now)

    assert [stored(one) for one in series.values()] == [[(now - DAY, 2.0)]] * len(series)


def test_the_first_datapoint_is_the_oldest_still_kept_at_any_period(requests, now):
    mark(requests, first_datapoint_at=now - 100 * DAY)
    retention.tidy(now)
    requests.refresh_from_db()
    assert requests.first_datapoint_at == now - 100 * DAY

    mark(requests, first_datapoint_at=now - 500 * DAY)
    retention.tidy(now)
    requests.refresh_from_db()
    assert requests.first_datapoint_at == now - 455 * DAY


def test_a_gap_is_forgotten_once_cloudwatch_has_nothing_left_to_fill_it(requests, now):
    for period, days in [(60, 15), (300, 63), (3600, 455)]:
        kept = timedelta(days=days)
        Gap.objects.create(series=requests, period=period, start=now - kept - 2 * DAY, end=now - kept)
        Gap.objects.create(series=requests, period=period, start=now - kept - DAY, end=now - kept + DAY)

    retention.tidy(now)

    assert set(Gap.objects.values_list("period", "end")) == {
        (60, now - 14 * DAY),
        (300, now - 62 * DAY),
        (3600, now - 454 * DAY),
    }


def test_what_was_forgotten_does_not_come_back_as_zero(requests, now):
    put(requests, now - 15 * DAY - 2 * MINUTE, [5.0, 5.0, 5.0, 5.0])
    mark(requests, first_datapoint_at=now - 15 * DAY - 2 * MINUTE, settled_until=now)

    retention.tidy(now)

    requests.refresh_from_db()
    start = now - 15 * DAY - 2 * MINUTE
    line = reading.load([requests], start, start + 6 * MINUTE, 60, now=now)[requests.pk]
    assert line.values == [None, None, 5.0, 5.0, 0.0, 0.0]


def test_only_ended_polls_of_two_days_ago_are_forgotten(account, now):
    for ordinal, (slot_at, next_at) in enumerate([(now - 3 * DAY, None), (now - 3 * DAY, now), (now - DAY, None)]):
        PollBatch.objects.create(
            account=account,
            region="eu-west-1",
            period=60,
            lane="slow",
            slot_at=slot_at,
            ordinal=ordinal,
            series_ids=[],
            start=now,
            end=now,
            next_at=next_at,
        )

    retention.tidy(now)

    assert set(PollBatch.objects.values_list("ordinal", flat=True)) == {1, 2}


def test_leases_of_closed_pages_are_forgotten(api, now):
    leases.renew("api:products", api, now - 20 * MINUTE)
    leases.renew("overview", None, now)

    retention.tidy(now)

    assert Lease.objects.get().key == "overview"


def test_what_reading_cost_is_forgotten_by_whole_months(api, now):
    first = (now - 455 * DAY).replace(day=1, hour=0)
    for hour in (first - timedelta(hours=1), first, now):
        ApiUsage.objects.create(api=api, hour=hour, cause="page", metrics=1)
    retention.tidy(now)
    assert sorted(ApiUsage.objects.values_list("hour", flat=True)) == [first, now]


def test_days_nobody_learns_from_are_forgotten(account, now):
    for days in (4, 3, 2, 0):
        SettlingDelay.objects.create(account=account, region="x", namespace="x", day=now.date() - days * DAY)
    retention.tidy(now)
    assert SettlingDelay.objects.count() == 2
