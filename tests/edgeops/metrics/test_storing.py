import time
from datetime import timedelta

import pytest
from django.db import transaction

from edgeops.metrics import storing
from edgeops.metrics.models import Datapoint

pytestmark = pytest.mark.django_db


def stored():
    return list(Datapoint.objects.order_by("series_id", "at").values_list("series_id", "period", "at", "value"))


def test_a_datapoint_comes_back_as_it_was(requests, now):
    storing.store([(requests.pk, int(now.timestamp()), 0.1)], period=60)

    assert stored() == [(requests.pk, 60, now, 0.1)]


def test_a_value_read_again_replaces_the_one_before(requests, now):
    epoch = int(now.timestamp())
    storing.store([(requests.pk, epoch, 41.0), (requests.pk, epoch + 60, 7.0)], period=60)

    storing.store([(requests.pk, epoch, 42.0), (requests.pk, epoch + 60, 7.0)], period=60)

    assert [value for *_, value in stored()] == [42.0, 7.0]


def test_periods_do_not_overwrite_each_other(requests, now):
    epoch = int(now.timestamp())
    storing.store([(requests.pk, epoch, 1.0)], period=60)
    storing.store([(requests.pk, epoch, 5.0)], period=300)

    assert stored() == [(requests.pk, 60, now, 1.0), (requests.pk, 300, now, 5.0)]


def test_nothing_to_store_is_no_error(db):
    storing.store([], period=60)

    assert stored() == []


def test_a_day_of_a_page_of_series_is_written_in_seconds(series, now):
    epoch = int((now - timedelta(days=1)).timestamp())
    ids = [one.pk for one in series.values()]
    rows = [(pk, epoch + minute * 60, float(minute)) for pk in ids for minute in range(1440)]
    began = time.monotonic()

    with transaction.atomic():
        storing.store(rows, period=60)

    assert Datapoint.objects.count() == len(rows)
    assert time.monotonic() - began < len(rows) / 10_000
