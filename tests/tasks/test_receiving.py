from edgeops.invalidations.models import Request
from edgeops.webhooks.models import WebhookDelivery
from tasks import receiving
from tests.fixtures.webhooks import event, receive


def test_a_delivery_is_run_and_its_invalidation_sent_off(endpoint, monkeypatch, now):
    sent = []
    monkeypatch.setattr(receiving, "publish", lambda task, *ids: sent.append((task.name, *ids)))
    body = event(id=7)
    delivery = receive(endpoint, body, at=now).delivery
    WebhookDelivery.objects.update(next_at=now.replace(year=2020))

    receiving.run_delivery(delivery.pk)
    receiving.run_delivery(delivery.pk)

    assert sent == [("tasks.invalidating.advance_batch", Request.objects.get().batch_id)]
