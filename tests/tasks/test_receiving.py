from django.utils import timezone

from edgeops.invalidations.models import Request
from edgeops.pulse.models import Stamp
from edgeops.webhooks import running
from edgeops.webhooks.models import WebhookDelivery
from tasks import receiving
from tests.fixtures.webhooks import event, receive


def test_a_delivery_is_run_and_what_it_asks_for_waits_in_its_window(endpoint):
    delivery = receive(endpoint, event(id=7), at=timezone.now()).delivery

    receiving.run_delivery(delivery.pk)
    receiving.run_delivery(delivery.pk)

    assert Request.objects.get().state == "queued"


def test_one_tick_runs_everything_that_is_due(endpoint):
    for number in range(2 * running.TOGETHER + 1):
        receive(endpoint, event(id=number), at=timezone.now(), message_id=f"msg_{number}")

    receiving.run_deliveries()

    assert not WebhookDelivery.objects.exclude(next_at=None).exists()
    assert Request.objects.count() == 2 * running.TOGETHER + 1


def test_a_tick_with_nothing_to_do_leaves_no_trace(db):
    receiving.run_deliveries()
    assert not Stamp.objects.exists()
