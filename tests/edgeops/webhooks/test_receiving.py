from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.secrets import encrypt
from edgeops.webhooks import endpoints, receiving
from edgeops.webhooks.models import DeliveryVerdict, EndpointSecret, WebhookDelivery
from edgeops.webhooks.receiving import Answer
from tests.fixtures.webhooks import event, signed_headers

BODY = event(id=7)


@pytest.fixture
def receive(endpoint, now):
    def post(body=BODY, headers=None, at=now, **signing):
        headers = signed_headers(body, at, **signing) if headers is None else headers
        return receiving.receive(endpoint, headers=headers, body=body, address="192.0.2.7", now=at)

    return post


def test_a_proven_post_is_stored_encrypted_and_due_at_once(receive, now):
    outcome = receive()

    assert outcome.answer == Answer.ACCEPTED
    delivery = WebhookDelivery.objects.get()
    assert (delivery, delivery.next_at, delivery.state) == (outcome.delivery, now, DeliveryVerdict.ACCEPTED)
    assert (delivery.message_id, delivery.address, delivery.secret_label) == ("msg_1", "192.0.2.7", "2026-11-22-1")
    assert "product" not in delivery.encrypted_body
    assert receiving.unseal(delivery.encrypted_body) == BODY


def test_any_bytes_survive_storage(receive):
    body = bytes(range(256))
    receive(body)
    assert receiving.unseal(WebhookDelivery.objects.get().encrypted_body) == body


def test_a_replay_is_answered_with_the_first_delivery_and_stored_once(receive, now):
    first = receive()
    again = receive()
    other_body = receive(event(id=8))
    assert again.answer == other_body.answer == Answer.DUPLICATE
    assert again.delivery == other_body.delivery == first.delivery
    assert WebhookDelivery.objects.count() == 1


def test_the_same_body_under_a_new_id_is_a_new_delivery(receive):
    receive()
    assert receive(message_id="msg_2").answer == Answer.ACCEPTED


def test_a_refused_post_is_kept_without_work_to_do(receive, now):
    outcome = receive(b"x" * 9_000, headers={"webhook-id": "msg_1"})

    assert outcome.answer == Answer.UNPROVEN
    row = WebhookDelivery.objects.get()
    assert (row.state, row.next_at, row.message_id) == (DeliveryVerdict.REJECTED, None, None)
    assert "missing" in row.outcome
    assert len(receiving.unseal(row.encrypted_body)) == 4096


def test_malformed_headers_are_told_apart(receive, now):
    headers = signed_headers(BODY, now) | {"webhook-timestamp": "soon"}
    assert receive(headers=headers).answer == Answer.MALFORMED


def test_a_flood_of_refused_posts_is_sampled_and_does_not_close_the_door(receive):
    for _ in range(25):
        receive(headers={})
    assert WebhookDelivery.objects.filter(state=DeliveryVerdict.REJECTED).count() == 20
    assert receive().answer == Answer.ACCEPTED


def test_more_posts_than_a_minute_holds_are_put_off(receive, now, monkeypatch):
    monkeypatch.setattr(receiving, "MAX_PER_MINUTE", 2)
    receive(message_id="a")
    receive(message_id="b")
    assert receive(message_id="c").answer == Answer.TOO_MANY
    assert WebhookDelivery.objects.count() == 2
    assert receive(message_id="c", at=now + timedelta(seconds=61)).answer == Answer.ACCEPTED


def test_a_new_secret_works_beside_the_old_one_for_a_day(receive, endpoint, now):
    fresh = endpoints.rotate(endpoint, actor=Actor("user", "ada"), now=now)

    assert receive(message_id="old").answer == Answer.ACCEPTED
    assert receive(message_id="new", secret=fresh).delivery.secret_label == "2026-11-22-2"
    later = now + timedelta(hours=24)
    assert receive(message_id="late", at=later).answer == Answer.UNPROVEN
    assert receive(message_id="later", at=later, secret=fresh).answer == Answer.ACCEPTED


def test_a_stored_secret_nobody_can_sign_with_refuses(receive, endpoint):
    EndpointSecret.objects.update(encrypted_secret=encrypt("whsec_"))
    assert receive().answer == Answer.UNPROVEN


def test_bodies_and_refused_posts_are_dropped_after_seven_days(receive, now):
    receive()
    WebhookDelivery.objects.update(next_at=None)
    receive(headers={})
    waiting = receive(message_id="waiting").delivery

    assert receiving.tidy(now + timedelta(days=7)) == 0
    assert receiving.tidy(now + timedelta(days=7, seconds=1)) == 2
    assert WebhookDelivery.objects.get(message_id="msg_1").encrypted_body == ""
    assert not WebhookDelivery.objects.filter(state=DeliveryVerdict.REJECTED).exists()
    waiting.refresh_from_db()
    assert receiving.unseal(waiting.encrypted_body) == BODY
