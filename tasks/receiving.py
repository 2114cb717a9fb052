"""Webhook deliveries: from stored posts to the invalidations their rules ask for."""

import time

from celery import shared_task
from django.utils import timezone

from edgeops.webhooks import running
from tasks.base import HouseTask

# One run of the tick takes up what is due for so long; what is left is due at the next.
TICK_SECONDS = 2


@shared_task(base=HouseTask)
def run_delivery(pk: int) -> None:
    """Run what is due, unless this delivery, which the sweep found due, is over meanwhile.

    A backlog is found row by row; each message takes up a few rows together, those that wait longest.
    """
    now = timezone.now()
    if running.is_due(pk, now=now):
        running.run_due(now=now)


@shared_task(base=HouseTask, is_silent=True)
def run_deliveries() -> None:
    """Run the rules of all deliveries that are due, a few together; with nothing to do it only reads."""
    until = time.monotonic() + TICK_SECONDS
    while running.run_due(now=timezone.now()) and time.monotonic() < until:
        continue
