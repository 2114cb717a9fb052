"""Marks on the timeline: when an invalidation was asked for, sent, completed and proven."""

from datetime import datetime

from edgeops.invalidations import items
from edgeops.invalidations.models import Request
from edgeops.timeline.models import Event

TITLES = {
    "requested": "Invalidation asked for",
    "submitted": "Invalidation sent to CloudFront",
    "completed": "Invalidation completed",
    "verified": "Invalidation proven at the edge",
    "verify_failed": "Still stale after an invalidation",
    "stuck": "Invalidation does not end",
    "failed": "Invalidation failed",
}


def subject(request: Request) -> tuple[str, str]:
    """How events and audit rows name a request."""
    return ("request", str(request.uuid))


def put(step: str, request: Request, now: datetime) -> None:
    """Mark a step on the lane of every API behind the distribution; told twice, it is one mark on each."""
    sent_forms = list(request.items.order_by("sent_form").values_list("sent_form", flat=True))
    title = f"{TITLES[step]}: {items.named(sent_forms)} ({request.reason})"
    for api in request.distribution.apis.all():
        Event.put(f"invalidation.{step}", subject=subject(request), api_slug=api.slug, title=title, at=now)
