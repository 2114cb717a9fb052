import time
from datetime import timedelta

import pytest
from django.db import transaction

from edgeops.metrics import partitions, storing
from edgeops.metrics.models import Datapoint
from edgeops.metrics.storing import Stored
from tests.edgeops.metrics.rows import stored

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _room(db, now):
    for period in partitions.SPANS:
        partitions.ensure(period, now - timedelta(days=1), now + timedelta(hours=1))


def test_a_datapoint_comes_back_as_it_was(requests, now):
    storing.store([(requests.pk, int(now.timestamp()), 0.1)], period=60)

    assert stored(requests) == [(now, 0.1)]


def test_a_value_read_again_replaces_the_one_before(requests, now):
    epoch = int(now.timestamp())
    storing.store([(requests.pk, epoch, 41.0), (requests.pk, epoch + 60, 7.0)], period=60)

    storing.store([(requests.pk, epoch, 42.0), (requests.pk, epoch + 60, 7.0)], period=60)

    assert stored(requests) == [(now, 42.0), (now + MINUTE, 7.0)]


def test_periods_do_not_overwrite_each_other(requests, now):
    epoch = int(now.timestamp())
    storing.store([(requests.pk, epoch, 1.0)], period=60)
    storing.store([(requests.pk, epoch, 5.0)], period=300)

    assert (stored(requests, 60), stored(requests, 300)) == ([(now, 1.0)], [(now, 5.0)])


def test_nothing_to_store_is_no_error(db):
    assert storing.store([], period=60) == Stored()


def test_it_says_what_is_new_what_was_revised_and_what_came_after_a_newer_one(series, requests, now):
    epoch = int(now.timestamp())
    first = [(requests.pk, epoch, 1.0), (requests.pk, epoch + 120, 3.0)]
    assert storing.store(first, period=60) == Stored(new=2, late=[])

    again = [
        (requests.pk, epoch, 1.5),
        (requests.pk, epoch + 60, 2.0),
        (requests.pk, epoch + 120, 3.0),
        (requests.pk, epoch + 180, 4.0),
        (series["Errors", "Sum"].pk, epoch, 9.0),
    ]

    assert storing.store(again, period=60) == Stored(new=3, late=[(requests.pk, epoch), (requests.pk, epoch + 60)])


def test_what_is_read_again_unchanged_is_not_written(requests, now, django_assert_num_queries):
    rows = [(requests.pk, int(now.timestamp()) + 60 * minute, 5.0) for minute in range(15)]
    storing.store(rows, period=60)

    with django_assert_num_queries(2):  # who lives, what is there
        assert storing.store(reversed(rows), period=60) == Stored()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_never_stored(requests, now, value):
    epoch = int(now.timestamp())

    storing.store([(requests.pk, epoch, value), (requests.pk, epoch + 60, 1.0)], period=60)

    assert stored(requests) == [(now + MINUTE, 1.0)]


def test_a_series_deleted_meanwhile_costs_the_others_nothing(series, requests, now):
    gone = series["Errors", "Sum"]
    pk = gone.pk
    gone.delete()
    epoch = int(now.timestamp())

    assert storing.store([(pk, epoch, 1.0), (requests.pk, epoch, 2.0)], period=60).new == 1

    assert Datapoint.objects.count() == 1


def test_deleting_a_series_takes_its_datapoints_along(series, requests, now):
    epoch = int(now.timestamp())
    storing.store([(requests.pk, epoch, 1.0), (series["Errors", "Sum"].pk, epoch, 2.0)], period=60)

    requests.delete()

    assert Datapoint.objects.get().value == 2.0


def test_a_day_of_a_page_of_series_is_written_in_seconds(series, now):
    epoch = int((now - timedelta(days=1)).timestamp())
    ids = [one.pk for one in series.values()]
    rows = [(pk, epoch + minute * 60, float(minute)) for pk in ids for minute in range(1440)]
    began = time.monotonic()

    with transaction.atomic():
        storing.store(rows, period=60)

    assert Datapoint.objects.count() == len(rows)
    assert time.monotonic() - began < len(rows) / 10_000
