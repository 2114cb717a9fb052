"""Bodies that come again where nobody signs their ids: whoever captured a post could send it for ever.

Dropping a repeat could hide a true second change, so it is not dropped: while the earlier request is unsent the repeat
joins it, and afterwards it is invalidated for again, as often as the endpoint's budget allows.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from edgeops.invalidations.models import Item, Request, Source
from edgeops.invalidations.models.requests import UNSENT
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery

REMEMBERED = timedelta(days=7)
BUDGET_PERIOD = timedelta(hours=1)
# Where one value does not fit, the others are invalidated all the same, and each repeat would invalidate them anew.
APPLIED = (DeliveryVerdict.PROCESSED, DeliveryVerdict.RULE_ERROR)


def earlier(delivery: WebhookDelivery) -> WebhookDelivery | None:
    """The newest delivery before this one with the same body that rules were applied to; None for signed ids."""
    if delivery.is_id_signed:
        return None
    same = WebhookDelivery.objects.filter(
        endpoint=delivery.endpoint_id,
        body_digest=delivery.body_digest,
        state__in=APPLIED,
        received_at__gte=delivery.received_at - REMEMBERED,
        pk__lt=delivery.pk,
    )
    return same.order_by("-pk").first()


def is_joined(first: WebhookDelivery, wanted: Iterable[str]) -> bool:
    """Whether the earlier delivery asked for all of these items, none of them in a batch yet.

    What is asked of CloudFront will then be asked after this post. Asked inside the transaction that decides: the rows
    are locked, so that none of them is frozen into a batch between this answer and the commit.
    """
    about = Request.objects.filter(source=Source.WEBHOOK, cause_kind="webhook_delivery", cause_id=str(first.pk))
    asked = list(about.select_for_update())
    waiting = [request.state in UNSENT and request.batch_id is None for request in asked]
    if not waiting or not all(waiting):
        return False
    return set(wanted) <= set(Item.objects.filter(request__in=asked).values_list("sent_form", flat=True))


def is_over_budget(delivery: WebhookDelivery, now: datetime) -> bool:
    """Whether the endpoint has had its repeats for this hour."""
    spent = WebhookDelivery.objects.filter(
        endpoint=delivery.endpoint_id, received_at__gte=now - BUDGET_PERIOD, state__in=APPLIED
    ).exclude(same_as=None)
    return spent.count() >= delivery.endpoint.replay_budget
