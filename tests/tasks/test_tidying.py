from datetime import timedelta

import pytest
from django.utils import timezone

from edgeops.metrics import periods
from edgeops.metrics.models import Series
from edgeops.pulse.models import Stamp
from tasks import tidying
from tests.edgeops.metrics.rows import put, stored

pytestmark = pytest.mark.django_db


def test_what_has_settled_is_rolled_up(measured):
    until = periods.floor(timezone.now(), 300)
    requests = Series.objects.get(metric="Requests")
    put(requests, until - timedelta(minutes=5), [1.0] * 5)
    Series.objects.filter(pk=requests.pk).update(
        first_datapoint_at=until - timedelta(minutes=5), settled_until=until, five_minutes_until=None
    )

    tidying.roll_up()

    assert stored(requests, 300) == [(until - timedelta(minutes=5), 5.0)]
    assert Stamp.objects.filter(stage="roll up").exists()
