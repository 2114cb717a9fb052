"""Notifications: what is to be told of EdgeOps' own failures, and sending, one delivery a task."""

from celery import shared_task
from django.utils import timezone

from edgeops.notifications import delivery, telling
from tasks.base import HouseTask
from tasks.publishing import publish


@shared_task(base=HouseTask)
def send_delivery(delivery_id: int) -> None:
    """Try one delivery if it is due; the sweep takes it up again if this is lost or it asks for another try."""
    delivery.send(delivery_id, now=timezone.now())


@shared_task(base=HouseTask, is_silent=True)
def tell_failures() -> None:
    """Write the deliveries of what EdgeOps has failed at since, and make them soon; idle, it only reads."""
    for written in telling.tell(now=timezone.now()):
        publish(send_delivery, written.pk)
