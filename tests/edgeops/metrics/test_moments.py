from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection

from edgeops.metrics import moments
from edgeops.metrics.models import Series

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.django_db
@pytest.mark.parametrize("moment", [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(milliseconds=500), None])
def test_a_date_survives_the_way_to_the_database_and_back(requests, moment):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE metrics_series SET polled_at = %s", [moments.adapted(moment)])

    assert {one.polled_at for one in Series.objects.all()} == {moment}
    texts = Series.objects.values_list(moments.text("polled_at"), flat=True)
    assert {moments.parse(text) for text in texts} == {moment}


def test_a_date_told_in_another_zone_is_the_same_moment_in_utc():
    parsed = moments.parse("2026-11-22 13:00:00+01")

    assert (parsed, parsed.tzinfo) == (NOON, UTC)
    assert moments.of_epoch(int(NOON.timestamp())) == NOON


@pytest.mark.django_db
def test_a_date_of_another_zone_is_written_as_the_same_moment(requests):
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5)))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE metrics_series SET polled_at = %s", [moments.adapted(elsewhere)])

    assert Series.objects.first().polled_at == NOON
