"""Messages about the connection itself: a ping, and what SNS sends when a topic is subscribed or no longer is."""

from datetime import datetime

from edgeops import outbound
from edgeops.outbound import OutboundError
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery
from edgeops.webhooks.schemes import sns
from edgeops.webhooks.schemes.seam import SignatureError


def attend(delivery: WebhookDelivery, body: bytes, *, now: datetime) -> None:
    """Do what a claimed message asks for: confirm a subscription, otherwise only note it."""
    if delivery.scheme != "sns":
        _end(delivery, "A ping, answered.")
        return
    try:
        message = sns.read(body)
        url = sns.subscribe_url(message)
    except SignatureError as error:
        _end(delivery, str(error))
        return
    if message["Type"] == sns.UNSUBSCRIPTION:
        # Its address would subscribe the topic anew; that is for a person to decide.
        _end(delivery, f"The subscription to {message['TopicArn']} has ended. Subscribe again in SNS if that is wrong.")
        return
    _confirm(delivery, message["TopicArn"], url, now)


def _confirm(delivery: WebhookDelivery, topic_arn: str, url: str, now: datetime) -> None:
    try:
        answer = outbound.request("GET", url, headers={})
    except OutboundError as error:
        delivery.try_again(f"The subscription to {topic_arn} is not confirmed yet: {error}", now=now)
        return
    if answer.status == 200:
        _end(delivery, f"The subscription to {topic_arn} is confirmed.")
    else:
        delivery.try_again(f"AWS answered {answer.status} when the subscription was confirmed.", now=now)


def _end(delivery: WebhookDelivery, outcome: str) -> None:
    delivery.finish(next_at=None, state=DeliveryVerdict.CONTROL, outcome=outcome[:500], last_error="")
