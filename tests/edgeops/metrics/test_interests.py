import pytest

from edgeops.metrics import interests
from edgeops.metrics.models import Interest

pytestmark = pytest.mark.django_db


def test_holding_twice_is_holding_once(requests):
    interests.hold(requests, holder_kind="alarm", holder_id=7)
    interests.hold(requests, holder_kind="alarm", holder_id="7")

    assert Interest.objects.get().holder_id == "7"


def test_a_holder_that_ends_drops_all_its_series_and_nobody_elses(series, requests):
    for one in series.values():
        interests.hold(one, holder_kind="alarm", holder_id=7)
    interests.hold(requests, holder_kind="report", holder_id=7)

    interests.drop_all(holder_kind="alarm", holder_id=7)

    assert Interest.objects.get().holder_kind == "report"
