from datetime import UTC, datetime

from django.core import mail

from edgeops.notifications.models import Delivery
from tasks.delivering import send_delivery


def test_a_due_delivery_leaves_the_house_once_however_often_its_task_runs(routed, observe):
    delivery = observe([1, 9, 9], datetime.now(UTC).replace(second=0, microsecond=0))[0]
    send_delivery(delivery.pk)
    send_delivery(delivery.pk)
    assert Delivery.objects.get(pk=delivery.pk).state == "delivered"
    assert [sent.subject for sent in mail.outbox] == ["[ALARM] Slow handler (Products API)"]
