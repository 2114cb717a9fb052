"""A mark on the timeline when an endpoint's events cannot be used: somebody has to look, and charts are looked at."""

from datetime import datetime, timedelta

from edgeops.timeline.models import Event
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery

FAILED = (DeliveryVerdict.RULE_ERROR, DeliveryVerdict.DEAD)
# One mark leads to the log, where the others are.
NOT_AGAIN_FOR = timedelta(hours=1)


def put_failure(delivery: WebhookDelivery, now: datetime) -> None:
    """Mark a failed delivery on every API behind the distribution, unless its endpoint failed within the hour."""
    recent = WebhookDelivery.objects.filter(
        endpoint=delivery.endpoint_id, state__in=FAILED, received_at__gt=now - NOT_AGAIN_FOR
    )
    if recent.exclude(pk=delivery.pk).exists():
        return
    title = f"Webhook {delivery.endpoint} could not be applied: {delivery.outcome}"
    for api in delivery.endpoint.distribution.apis.all():
        subject = ("webhook_delivery", delivery.pk)
        Event.put("webhook.failed", subject=subject, api_slug=api.slug, title=title, at=now)
