from datetime import timedelta

import pytest

from edgeops.metrics import leases, reading, retention
from edgeops.metrics.models import Lease, PollBatch
from tests.edgeops.metrics.rows import mark, put, stored

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def test_minutes_older_than_15_days_are_forgotten_and_the_rest_stays(requests, now):
    put(requests, now - 17 * DAY, [1.0, 2.0])
    put(requests, now - 15 * DAY - MINUTE, [3.0, 4.0])

    assert retention.tidy(now) == 3

    assert stored(requests) == [(now - 15 * DAY, 4.0)]


def test_longer_periods_are_kept_longer(requests, now):
    put(requests, now - 17 * DAY, [1.0], period=300)

    assert retention.tidy(now) == 0
    assert len(stored(requests, 300)) == 1


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
