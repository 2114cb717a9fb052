from datetime import UTC, datetime

from django.core import mail

from edgeops.notifications.models import Channel, Delivery
from edgeops.timeline.models import Failure
from tasks import delivering
from tasks.delivering import send_delivery, tell_failures


def test_a_due_delivery_leaves_the_house_once_however_often_its_task_runs(routed, observe):
    delivery = observe([1, 9, 9], datetime.now(UTC).replace(second=0, microsecond=0))[0]
    send_delivery(delivery.pk)
    send_delivery(delivery.pk)
    assert Delivery.objects.get(pk=delivery.pk).state == "delivered"
    assert [sent.subject for sent in mail.outbox] == ["[ALARM] Slow handler (Products API)"]


def test_a_failure_leaves_the_house_once_however_often_its_task_runs(mailbox, now, monkeypatch):
    Channel.objects.update(hears_failures_since=now)
    Failure.put("invalidation.failed", subject=("x", 1), title="It failed", advice="Mend it.", path="/", at=now)
    monkeypatch.setattr(delivering, "publish", lambda task, pk: task(pk))
    tell_failures()
    tell_failures()
    assert [(sent.subject, sent.to) for sent in mail.outbox] == [("[EdgeOps] It failed", ["oncall@example.com"])]
