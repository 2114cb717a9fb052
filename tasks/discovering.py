"""Asking AWS what there is: what a person asked, row by row, and the paths of operated APIs in turns."""

from celery import shared_task
from django.utils import timezone

from edgeops.discovery import rediscovery, running
from edgeops.pulse.models import Stamp
from tasks.base import HouseTask
from tasks.publishing import publish


@shared_task(base=HouseTask)
def run_discovery(pk: str) -> None:
    """Work one question; the sweep takes it up again if this is lost."""
    running.run(pk, now=timezone.now())


@shared_task(base=HouseTask)
def plan_rediscovery() -> None:
    """Have the paths looked at whose turn has come; the sweep finds those whose message is lost."""
    now = timezone.now()
    for asked in rediscovery.plan(now):
        publish(run_discovery, asked.pk)
    Stamp.put("rediscovery", now)
