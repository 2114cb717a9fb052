from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from edgeops.metrics import partitions, storing
from edgeops.metrics.models import Datapoint
from tests.edgeops.metrics.rows import put, stored

DAY = timedelta(days=1)


def there(period):
    """The partitions of a period; on SQLite there are none."""
    if connection.vendor == "sqlite":
        return set()
    return set(partitions._existing(period))


@pytest.mark.parametrize(
    ("period", "name"),
    [
        (60, "metrics_datapoint_60_20261122"),
        (300, "metrics_datapoint_300_20261119"),
        (3600, "metrics_datapoint_3600_20261103"),
    ],
)
def test_a_partition_is_named_after_its_first_day(now, period, name):
    assert partitions.name_of(period, int(now.timestamp())) == name


@pytest.mark.django_db
@pytest.mark.parametrize(("period", "days", "count"), [(60, 3, 4), (300, 14, 3), (3600, 60, 3)])
def test_a_span_gets_the_partitions_it_needs_once(now, period, days, count):
    start = now + 100 * DAY
    before = there(period)

    for _ in range(2):
        partitions.ensure(period, start, start + days * DAY)

    assert len(there(period) - before) == (count if connection.vendor == "postgresql" else 0)


@pytest.mark.django_db(transaction=True)
def test_dropping_takes_only_partitions_that_are_old_as_a_whole(requests, now):
    partitions.drop(60, now)
    for days in (3, 2, 1):
        put(requests, now - days * DAY, [float(days)])

    dropped = partitions.drop(60, now - DAY)

    if connection.vendor == "postgresql":
        assert dropped == 2
        assert stored(requests) == [(now - DAY, 1.0)]
    else:
        assert dropped == 0
        assert len(stored(requests)) == 3


@pytest.mark.django_db
def test_dropping_where_there_is_nothing_is_no_error(now):
    assert partitions.drop(60, now) == 0


@pytest.mark.django_db(transaction=True)
def test_many_workers_may_make_the_same_partition_at_once(now):
    start = now + 200 * DAY
    before = there(60)

    def make(_):
        try:
            partitions.ensure(60, start, start + 2 * DAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make, range(12)))

    assert len(there(60) - before) == (3 if connection.vendor == "postgresql" else 0)


@pytest.mark.django_db(transaction=True)
def test_a_partition_in_use_is_left_for_the_next_time(requests, now):
    partitions.drop(60, now)
    put(requests, now - 3 * DAY, [1.0])

    def drop():
        try:
            return partitions.drop(60, now)
        finally:
            connection.close()

    if connection.vendor == "postgresql":
        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            assert Datapoint.objects.count() == 1
            assert pool.submit(drop).result() == 0
        assert Datapoint.objects.count() == 1
        assert drop() == 1
    assert drop() == 0


@pytest.mark.django_db
def test_postgresql_refuses_a_datapoint_without_a_partition_rather_than_losing_it(requests, now):
    epoch = int((now - 9 * DAY).timestamp())
    if connection.vendor == "postgresql":
        with pytest.raises(IntegrityError, match="no partition"):
            storing.store({requests.pk: {epoch: 1.0}}, period=60)
    else:
        assert storing.store({requests.pk: {epoch: 1.0}}, period=60) == {requests.pk: epoch}
