"""Fetching from X-Ray: each minute's windows, and the documents of traces somebody opened."""

from celery import shared_task
from django.utils import timezone

from edgeops.traces import fetching
from tasks.base import HouseTask
from tasks.publishing import publish


@shared_task(base=HouseTask)
def plan_trace_windows() -> None:
    """Queue this minute's window of every traced API."""
    for pk in fetching.plan_windows(timezone.now()):
        publish(fetch_window, pk)


@shared_task(base=HouseTask)
def fetch_window(pk: int) -> None:
    """Fetch the summaries of one window; the sweep takes it up again if this is lost."""
    fetching.read_window(pk, now=timezone.now())


@shared_task(base=HouseTask)
def fetch_document(pk: int) -> None:
    """Fetch the segments of one opened trace; the sweep takes it up again if this is lost."""
    fetching.read_document(pk, now=timezone.now())
