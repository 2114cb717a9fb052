from datetime import UTC, datetime

import pytest

from edgeops.notifications.models import Delivery
from edgeops.pulse.models import Stamp
from tasks import judging
from tasks.delivering import send_delivery
from tasks.judging import judge_alarms


@pytest.fixture
def published(monkeypatch):
    """What would have been handed to the broker."""
    sent = []
    monkeypatch.setattr(judging, "publish", lambda task, *args: sent.append((task, args)))
    return sent


def test_a_breach_becomes_a_delivery_whose_task_is_published(routed, feed, published):
    feed([1, 9, 9], until=datetime.now(UTC).replace(second=0, microsecond=0))
    judge_alarms()
    delivery = Delivery.objects.get(state="pending")
    assert published == [(send_delivery, (delivery.pk,))]
    assert Stamp.objects.filter(stage="judge").exists()


def test_judging_twice_tells_once(routed, feed, published):
    feed([1, 9, 9], until=datetime.now(UTC).replace(second=0, microsecond=0))
    judge_alarms()
    judge_alarms()
    assert len(published) == 1
    assert Delivery.objects.count() == 2
