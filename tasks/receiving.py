"""Webhook deliveries: from a stored post to the invalidations its rules ask for."""

from celery import shared_task
from django.utils import timezone

from edgeops.webhooks import running
from tasks.base import HouseTask
from tasks.invalidating import advance_batch
from tasks.publishing import publish


@shared_task(base=HouseTask)
def run_delivery(pk: int) -> None:
    """Run the rules of one delivery, and send off what they ask for; the sweep takes up what is lost."""
    for request in running.run(pk, now=timezone.now()):
        if request.batch_id is not None:
            publish(advance_batch, request.batch_id)
