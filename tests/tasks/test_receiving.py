from edgeops.invalidations.models import Request, RequestState
from edgeops.webhooks.models import WebhookDelivery
from tasks import receiving
from tests.fixtures.webhooks import event, receive


def test_a_delivery_is_run_once_and_its_invalidation_waits_for_its_window(endpoint, now):
    body = event(id=7)
    delivery = receive(endpoint, body, at=now).delivery
    WebhookDelivery.objects.update(next_at=now.replace(year=2020))

    receiving.run_delivery(delivery.pk)
    receiving.run_delivery(delivery.pk)

    assert Request.objects.get().state == RequestState.QUEUED
