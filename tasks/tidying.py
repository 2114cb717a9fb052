"""Keeping the store in shape: longer periods from shorter ones."""

from celery import shared_task
from django.utils import timezone

from edgeops.metrics import rollups
from edgeops.pulse.models import Stamp
from tasks.base import HouseTask


@shared_task(base=HouseTask)
def roll_up() -> None:
    """Compute the five-minute and one-hour datapoints that have settled; the next run does what this one did not."""
    now = timezone.now()
    rollups.roll(now)
    Stamp.put("roll up", now)
