"""Marks on the timeline: when an invalidation was asked for, sent, completed and proven.

A batch is marked once, under its first request: a storm of thousands is a handful of marks.
"""

from datetime import datetime

from edgeops.invalidations import items
from edgeops.invalidations.models import Batch, Request
from edgeops.timeline.models import Event

TITLES = {
    "requested": "Invalidation asked for",
    "submitted": "Invalidation sent to CloudFront",
    "completed": "Invalidation completed",
    "verified": "Invalidation proven at the edge",
    "verify_failed": "Still stale after an invalidation",
    "stuck": "Invalidation does not end",
    "failed": "Invalidation failed",
    "held": "Invalidation held",
}


def subject(request: Request) -> tuple[str, str]:
    """How events and audit rows name a request."""
    return ("request", str(request.uuid))


def put(step: str, request: Request, sent_forms: list[str], now: datetime) -> None:
    """Mark a step on the lane of every API behind the distribution; told twice, it is one mark on each."""
    of = f", {request.tenant.name}" if request.tenant is not None else ""
    title = f"{TITLES[step]}{of}: {items.named(sent_forms)} ({request.reason})"
    for api in request.distribution.apis.all():
        Event.put(f"invalidation.{step}", subject=subject(request), api_slug=api.slug, title=title, at=now)


def put_batch(step: str, batch: Batch, now: datetime) -> None:
    """Mark a step of a batch under the first of its requests."""
    first = first_request(batch)
    if first is not None:
        put(step, first, batch.items, now)


def first_request(batch: Batch) -> Request | None:
    """Of those it carries. One that is in several batches points at the newest alone, but its items tell."""
    requests = Request.objects.select_related("distribution", "tenant").order_by("requested_at", "uuid")
    return requests.filter(batch=batch).first() or requests.filter(items__batch=batch).first()
