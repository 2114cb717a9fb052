"""Asking AWS what there is: what a person asked, row by row."""

from celery import shared_task
from django.utils import timezone

from edgeops.discovery import running
from tasks.base import HouseTask


@shared_task(base=HouseTask)
def run_discovery(pk: str) -> None:
    """Work one question; the sweep takes it up again if this is lost."""
    running.run(pk, now=timezone.now())
