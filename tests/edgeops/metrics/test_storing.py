import time
from datetime import timedelta

import pytest
from django.db import transaction

from edgeops.metrics import partitions, storing
from edgeops.metrics.models import Datapoint
from tests.edgeops.metrics.rows import stored

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _room(db, now):
    for period in partitions.SPANS:
        partitions.ensure(period, now - timedelta(days=1), now + timedelta(hours=1))


def test_a_datapoint_comes_back_as_it_was(requests, now):
    storing.store({requests.pk: {int(now.timestamp()): 0.1}}, period=60)

    assert stored(requests) == [(now, 0.1)]


def test_a_value_read_again_replaces_the_one_before(requests, now):
    epoch = int(now.timestamp())
    storing.store({requests.pk: {epoch: 41.0, epoch + 60: 7.0}}, period=60)

    storing.store({requests.pk: {epoch: 42.0, epoch + 60: 7.0}}, period=60)

    assert stored(requests) == [(now, 42.0), (now + MINUTE, 7.0)]


def test_periods_do_not_overwrite_each_other(requests, now):
    epoch = int(now.timestamp())
    storing.store({requests.pk: {epoch: 1.0}}, period=60)
    storing.store({requests.pk: {epoch: 5.0}}, period=300)

    assert (stored(requests, 60), stored(requests, 300)) == ([(now, 1.0)], [(now, 5.0)])


def test_nothing_to_store_is_no_error(requests):
    assert storing.store({}, period=60) == storing.store({requests.pk: {}}, period=60) == {}


def test_it_says_from_where_on_each_series_changed(series, requests, now):
    epoch = int(now.timestamp())
    first = {epoch: 1.0, epoch + 120: 3.0}
    assert storing.store({requests.pk: first}, period=60) == {requests.pk: epoch}

    again = {
        requests.pk: {epoch: 1.0, epoch + 60: 2.0, epoch + 120: 3.5, epoch + 180: 4.0},
        series["Errors", "Sum"].pk: {epoch: 9.0},
    }

    assert storing.store(again, period=60) == {requests.pk: epoch + 60, series["Errors", "Sum"].pk: epoch}


def test_what_is_read_again_unchanged_is_not_written(requests, now, django_assert_num_queries):
    buckets = {int(now.timestamp()) + 60 * minute: 5.0 for minute in range(15)}
    storing.store({requests.pk: buckets}, period=60)

    with django_assert_num_queries(1):  # what is there
        assert storing.store({requests.pk: buckets}, period=60) == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_never_stored(requests, now, value):
    epoch = int(now.timestamp())

    storing.store({requests.pk: {epoch: value, epoch + 60: 1.0}}, period=60)

    assert stored(requests) == [(now + MINUTE, 1.0)]


def test_deleting_a_series_takes_its_datapoints_along(series, requests, now):
    epoch = int(now.timestamp())
    storing.store({requests.pk: {epoch: 1.0}, series["Errors", "Sum"].pk: {epoch: 2.0}}, period=60)

    requests.delete()

    assert Datapoint.objects.get().value == 2.0


def test_a_day_of_a_page_of_series_is_written_in_seconds(series, now):
    epoch = int((now - timedelta(days=1)).timestamp())
    day = {epoch + minute * 60: float(minute) for minute in range(1440)}
    began = time.process_time()  # of this process: other work on the machine does not count

    with transaction.atomic():
        storing.store({one.pk: day for one in series.values()}, period=60)

    assert Datapoint.objects.count() == 1440 * len(series)
    assert time.process_time() - began < 1440 * len(series) / 10_000
