"""An endpoint's events that cannot be used: somebody has to look.

So it is a failure, of which people are told, and a mark on the timeline, since charts are looked at.
"""

from datetime import datetime, timedelta

from edgeops.timeline.models import Event, Failure
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery

FAILED = (DeliveryVerdict.RULE_ERROR, DeliveryVerdict.DEAD)
# One mark leads to the log, where the others are.
NOT_AGAIN_FOR = timedelta(hours=1)
# What the delivery itself says may quote its payload, which leaves the house with no message.
ADVICE = {
    DeliveryVerdict.RULE_ERROR: (
        "Its body or one of its values does not fit a rule of the endpoint, so not everything it is about was "
        "invalidated. Its page says what does not fit; correct the rule or the sender, then run the delivery again."
    ),
    DeliveryVerdict.DEAD: (
        "It could not be worked on in five attempts, so nothing it asks for was done. Its page says what went wrong; "
        "when that is mended, run the delivery again."
    ),
}


def put_failure(delivery: WebhookDelivery, now: datetime) -> None:
    """Note a delivery that failed for good, and mark it unless its endpoint was marked within the hour."""
    Failure.put(
        "webhook.failed",
        subject=("webhook_endpoint", delivery.endpoint_id),
        title=f"A delivery to the webhook {delivery.endpoint} could not be applied",
        advice=f"{ADVICE[DeliveryVerdict(delivery.state)]} Until then viewers may be served what is outdated.",
        path=f"/cache/webhooks/deliveries/{delivery.pk}/",
        at=now,
    )
    _mark(delivery, now)


def _mark(delivery: WebhookDelivery, now: datetime) -> None:
    """On every API behind the distribution, unless its endpoint failed within the hour."""
    recent = WebhookDelivery.objects.filter(
        endpoint=delivery.endpoint_id, state__in=FAILED, received_at__gt=now - NOT_AGAIN_FOR
    )
    if recent.exclude(pk=delivery.pk).exists():
        return
    title = f"Webhook {delivery.endpoint} could not be applied: {delivery.outcome}"
    for api in delivery.endpoint.distribution.apis.all():
        subject = ("webhook_delivery", delivery.pk)
        Event.put("webhook.failed", subject=subject, api_slug=api.slug, title=title, at=now)
