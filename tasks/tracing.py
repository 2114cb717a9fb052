"""Fetching from X-Ray: each minute's windows, and the documents of traces somebody opened."""

from collections import Counter
from datetime import datetime, timedelta

from celery import shared_task
from django.utils import timezone

from edgeops.estate.models import EdgeApi, HopKind
from edgeops.invalidations import known
from edgeops.traces import fetching
from edgeops.traces.models import TraceSummary
from tasks.base import HouseTask
from tasks.publishing import publish


@shared_task(base=HouseTask)
def plan_trace_windows() -> None:
    """Queue this minute's window of every traced API."""
    for pk in fetching.plan_windows(timezone.now()):
        publish(fetch_window, pk)


@shared_task(base=HouseTask)
def fetch_window(pk: int) -> None:
    """Fetch the summaries of one window, and learn from them what viewers ask for; the sweep takes up what is lost."""
    now = timezone.now()
    if fetching.read_window(pk, now=now):
        _learn(EdgeApi.objects.select_related("distribution").get(trace_windows=pk), now)


def _learn(api: EdgeApi, now: datetime) -> None:
    """Invalidations preview wildcards by it; how often each path was traced in the last hour."""
    stage = api.hops.filter(kind=HopKind.REST_API).values_list("dimensions__Stage", flat=True).first()
    prefix = f"/{stage}" if stage else ""
    asked = TraceSummary.objects.filter(api=api, started_at__gte=now - timedelta(hours=1), method="GET").exclude(url="")
    urls = asked.values_list("url", flat=True)
    known.learn(api.distribution, Counter(known.path_of(url, prefix=prefix) for url in urls), now=now)


@shared_task(base=HouseTask)
def fetch_document(pk: int) -> None:
    """Fetch the segments of one opened trace; the sweep takes it up again if this is lost."""
    fetching.read_document(pk, now=timezone.now())
