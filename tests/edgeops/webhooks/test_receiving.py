import hashlib
from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.secrets import UnreadableSecretError, encrypt
from edgeops.webhooks import bodies, endpoints, receiving, refusals
from edgeops.webhooks.models import DeliveryVerdict, EndpointSecret, RefusalCount, WebhookDelivery
from edgeops.webhooks.receiving import Answer
from tests.fixtures.webhooks import event, signed_headers
from tests.fixtures.webhooks import receive as receive_post

BODY = event(id=7)


@pytest.fixture
def receive(endpoint, now):
    def post(body=BODY, headers=None, at=now, **signing):
        return receive_post(endpoint, body, at=at, headers=headers, **signing)

    return post


def test_a_proven_post_is_stored_encrypted_and_due_at_once(receive, now):
    outcome = receive()

    assert outcome.answer == Answer.ACCEPTED
    delivery = WebhookDelivery.objects.get()
    assert (delivery, delivery.next_at, delivery.state) == (outcome.delivery, now, DeliveryVerdict.ACCEPTED)
    assert (delivery.message_id, delivery.address, delivery.secret_label) == ("msg_1", "192.0.2.7", "2026-11-22-1")
    assert "product" not in delivery.encrypted_body
    assert bodies.unseal(delivery.encrypted_body) == BODY


def test_any_bytes_survive_storage(receive):
    body = bytes(range(256))
    receive(body)
    assert bodies.unseal(WebhookDelivery.objects.get().encrypted_body) == body


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
    assert "Missing" in row.outcome
    assert len(bodies.unseal(row.encrypted_body)) == 4096


def test_malformed_headers_are_told_apart(receive, now):
    headers = signed_headers(BODY, now) | {"webhook-timestamp": "soon"}
    assert receive(headers=headers).answer == Answer.MALFORMED


def test_a_flood_of_refused_posts_is_sampled_and_does_not_close_the_door(receive):
    for _ in range(25):
        receive(headers={})
    assert WebhookDelivery.objects.filter(state=DeliveryVerdict.REJECTED).count() == 20
    assert receive().answer == Answer.ACCEPTED


def test_more_posts_than_a_minute_holds_are_put_off_and_counted(endpoint, now):
    endpoint.max_per_minute = 2
    waits = [receiving.seconds_to_wait(endpoint, address, now) for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3")]
    assert waits == [0, 0, 30]
    assert receiving.seconds_to_wait(endpoint, "192.0.2.3", now + timedelta(seconds=30)) == 0
    counted = RefusalCount.objects.get()
    assert (counted.endpoint, counted.reason, counted.count) == (endpoint, "over the rate limit", 1)


def test_one_address_over_its_limit_takes_nothing_from_the_others(endpoint, now):
    endpoint.max_per_minute, endpoint.max_per_minute_and_address = 3, 2
    assert [receiving.seconds_to_wait(endpoint, "192.0.2.1", now) for _ in range(9)].count(0) == 2
    assert receiving.seconds_to_wait(endpoint, "192.0.2.2", now) == 0


def test_a_flood_that_is_turned_away_is_counted_in_few_writes(endpoint, now, django_assert_max_num_queries):
    endpoint.max_per_minute = 1
    receiving.seconds_to_wait(endpoint, None, now)
    with django_assert_max_num_queries(12):
        for number in range(1_000):
            receiving.seconds_to_wait(endpoint, None, now + timedelta(milliseconds=6 * number))
    refusals.settle()
    assert RefusalCount.objects.get().count > 500


def test_the_log_keeps_what_came_without_what_could_be_used_again(receive, now):
    secrets = {"authorization": "Bearer x", "cookie": "a=b", "x-api-key": "k", "x-hub-signature-256": "sha256=00"}
    headers = signed_headers(BODY, now) | secrets | {"user-agent": "shop/1", "x-odd": "a\x00\x1b"}
    row = receive(headers=headers).delivery
    row.refresh_from_db()
    assert {row.headers[name] for name in (*secrets, "webhook-signature")} == {"•••"}
    assert (row.headers["user-agent"], row.headers["webhook-id"]) == ("shop/1", "msg_1")
    assert row.headers["x-odd"] == "a\ufffd\ufffd"
    assert (row.scheme, row.body_bytes, row.body_digest) == ("standard", len(BODY), hashlib.sha256(BODY).hexdigest())


def test_a_token_in_a_header_the_endpoint_does_not_read_is_kept_out_of_the_log(distribution, now):
    """As when its header was renamed here and the sender goes on as before; viewers read the log."""
    made, secret = endpoints.create(
        name="shop", distribution=distribution, rules=[], actor=Actor("user", "ada"), now=now, scheme="token",
        config={"header": "x-shop-key"},
    )  # fmt: skip
    receive_post(made, BODY, at=now, headers={"x-old-key": f"Key {secret}", "x-shop": "acme"})
    assert WebhookDelivery.objects.get().headers == {"x-old-key": "•••", "x-shop": "acme"}


def test_what_is_received_under_the_secret_of_another_endpoint_is_unproven(receive, endpoint, now):
    _, other = endpoints.create(
        name="other", distribution=endpoint.distribution, rules=[], actor=Actor("user", "ada"), now=now
    )
    assert receive(secret=other).answer == Answer.UNPROVEN


def test_a_new_secret_works_beside_the_old_one_for_a_day(receive, endpoint, now):
    fresh = endpoints.rotate(endpoint, actor=Actor("user", "ada"), now=now)

    assert receive(message_id="old").answer == Answer.ACCEPTED
    assert receive(message_id="new", secret=fresh).delivery.secret_label == "2026-11-22-2"
    later = now + timedelta(hours=24)
    assert receive(message_id="late", at=later).answer == Answer.UNPROVEN
    assert receive(message_id="later", at=later, secret=fresh).answer == Answer.ACCEPTED


def test_a_secret_that_cannot_be_read_any_more_stops_no_post_signed_with_one_that_can(receive, endpoint, now, settings):
    old, new = settings.ENCRYPTION_KEYS, ["b3RoZXItb25seS1rZXktbmV2ZXItaW4tcHJvZHVjdGk="]
    settings.ENCRYPTION_KEYS = [*new, *old]
    fresh = endpoints.rotate(endpoint, actor=Actor("user", "ada"), now=now)
    settings.ENCRYPTION_KEYS = new
    assert receive(secret=fresh).answer == Answer.ACCEPTED
    with pytest.raises(UnreadableSecretError):  # it may be the sender's: it has to come again
        receive(message_id="msg_2")


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
    assert bodies.unseal(waiting.encrypted_body) == BODY


def test_after_ninety_days_nothing_of_a_delivery_is_left_and_what_waits_stays(receive, now):
    receive()
    WebhookDelivery.objects.update(next_at=None)
    receive(message_id="waiting")
    receiving.tidy(now + timedelta(days=90))
    assert WebhookDelivery.objects.get(message_id="msg_1").body_digest
    receiving.tidy(now + timedelta(days=90, seconds=1))
    assert [row.message_id for row in WebhookDelivery.objects.all()] == ["waiting"]
