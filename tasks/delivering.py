"""Sending notifications, one delivery a task."""

from celery import shared_task
from django.utils import timezone

from edgeops.notifications import delivery
from tasks.base import HouseTask


@shared_task(base=HouseTask)
def send_delivery(delivery_id: int) -> None:
    """Try one delivery if it is due; the sweep takes it up again if this is lost or it asks for another try."""
    delivery.send(delivery_id, now=timezone.now())
