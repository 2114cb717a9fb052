import json
from datetime import timedelta

import pytest

from edgeops import outbound
from edgeops.outbound import OutboundError, Response
from edgeops.webhooks import bodies, running
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery

ARN = "arn:aws:sns:eu-west-1:123456789012:changes"
URL = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={ARN}&Token=t1"


@pytest.fixture
def delivered(endpoint, now):
    def store(kind="SubscriptionConfirmation", **changes):
        message = {
            "Type": kind,
            "MessageId": "id-1",
            "TopicArn": ARN,
            "Token": "t1",
            "SubscribeURL": URL,
            "Message": "You have chosen to subscribe.",
            "Timestamp": "2026-11-22T12:00:00.000Z",
            "SignatureVersion": "1",
            "SigningCertURL": "https://x",
            "Signature": "AAAA",
        } | changes
        return WebhookDelivery.objects.create(
            endpoint=endpoint,
            scheme="sns",
            is_control=True,
            message_id="id-1",
            received_at=now,
            next_at=now,
            encrypted_body=bodies.seal(json.dumps(message).encode()),
            body_digest="",
        )

    return store


@pytest.fixture
def asked(monkeypatch):
    urls, answers = [], [Response(200, {}, b"<ConfirmSubscriptionResponse/>", "192.0.2.1")]

    def request(method, url, *, headers):
        urls.append((method, url))
        if isinstance(answers[0], OutboundError):
            raise answers[0]
        return answers[0]

    monkeypatch.setattr(outbound, "request", request)
    return urls, answers


def test_a_worker_confirms_a_subscription_once(delivered, asked, now):
    delivery = delivered()
    assert running.run(delivery.pk, now=now) == []
    running.run(delivery.pk, now=now)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.next_at) == (DeliveryVerdict.CONTROL, None)
    assert delivery.outcome == f"The subscription to {ARN} is confirmed."
    assert asked[0] == [("GET", URL)]


@pytest.mark.parametrize("answer", [Response(500, {}, b"", "192.0.2.1"), OutboundError("timeout", "sent nothing")])
def test_a_confirmation_that_fails_is_tried_again_and_given_up_in_the_end(delivered, asked, now, answer):
    delivery = delivered()
    asked[1][0] = answer
    for hours in range(7):
        running.run(delivery.pk, now=now + timedelta(hours=hours))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.next_at) == (DeliveryVerdict.DEAD, None)
    assert len(asked[0]) == running.MAX_ATTEMPTS


def test_the_end_of_a_subscription_is_noted_and_not_undone(delivered, asked, now):
    delivery = delivered("UnsubscribeConfirmation")
    running.run(delivery.pk, now=now)
    delivery.refresh_from_db()
    assert "has ended" in delivery.outcome
    assert asked[0] == []


def test_an_address_that_is_not_pinned_is_never_asked(delivered, asked, now):
    delivery = delivered(SubscribeURL="https://evil.test/")
    running.run(delivery.pk, now=now)
    delivery.refresh_from_db()
    assert "SubscribeURL does not confirm" in delivery.outcome
    assert asked[0] == []
