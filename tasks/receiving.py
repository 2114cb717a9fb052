"""Webhook deliveries: from a stored post to the invalidations its rules ask for."""

from celery import shared_task
from django.utils import timezone

from edgeops.webhooks import running
from tasks.base import HouseTask


@shared_task(base=HouseTask)
def run_delivery(pk: int) -> None:
    """Run the rules of one delivery; what they ask for waits in its window. The sweep takes up what is lost."""
    running.run(pk, now=timezone.now())
