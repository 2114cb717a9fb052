import io
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from edgeops.webhooks import receiving
from edgeops.webhooks.models import DeliveryVerdict, Endpoint, WebhookDelivery
from tests.fixtures.webhooks import event, signed_headers

BODY = event(id=7)


@pytest.fixture
def published(monkeypatch):
    sent = []
    monkeypatch.setattr("dashboards.views.hooks.publish", lambda task, *ids: sent.append((task.name, *ids)))
    return sent


@pytest.fixture
def post(endpoint, published):
    def send(body=BODY, *, slash="", key=endpoint.key, headers=None, **signing):
        headers = signed_headers(body, timezone.now(), **signing) if headers is None else headers
        client = Client(enforce_csrf_checks=True)
        return client.post(f"/hooks/v1/{key}{slash}", body, content_type="application/json", headers=headers)

    return send


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_signed_post_is_accepted_once_stored(post, published, slash):
    response = post(slash=slash)

    delivery = WebhookDelivery.objects.get()
    assert (response.status_code, response.json()) == (202, {"delivery": str(delivery.pk), "status": "accepted"})
    assert published == [("tasks.receiving.run_delivery", delivery.pk)]
    assert not response.cookies


def test_a_replay_is_answered_as_a_duplicate_and_not_run_again(post, published):
    first = post()
    again = post()
    assert (again.status_code, again.json()) == (200, {"delivery": first.json()["delivery"], "status": "duplicate"})
    assert len(published) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}, 401),
        ({"webhook-id": "msg_1", "webhook-timestamp": "soon", "webhook-signature": "v1,AAAA"}, 400),
        ({"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "garbage"}, 400),
        ({"webhook-id": "m\u00e9", "webhook-timestamp": "1", "webhook-signature": "v1,\u00e9"}, 400),
    ],
)
def test_a_post_without_a_good_signature_is_refused(post, published, headers, status):
    assert post(headers=headers).status_code == status
    assert WebhookDelivery.objects.get().state == DeliveryVerdict.REJECTED
    assert published == []


def test_every_unproven_post_is_answered_alike(post, endpoint):
    old = signed_headers(BODY, timezone.now() - timedelta(minutes=6))
    forged = signed_headers(BODY, timezone.now()) | {"webhook-signature": "v1,AAAA"}
    answers = {(post(headers=headers).status_code, post(headers=headers).content) for headers in ({}, old, forged)}
    assert len(answers) == 1


def test_a_body_changed_on_the_way_is_refused(post):
    assert post(b"{}", headers=signed_headers(BODY, timezone.now())).status_code == 401


def test_a_bad_payload_with_a_good_signature_is_accepted_and_told_later(post):
    assert post(b"\xff not json").status_code == 202


def test_an_unknown_and_a_closed_endpoint_are_not_found_alike(post, endpoint):
    unknown = post(key="nobody")
    Endpoint.objects.update(is_enabled=False)
    closed = post()
    assert (unknown.status_code, unknown.content) == (closed.status_code, closed.content)
    assert unknown.status_code == 404
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("key", ["x" * 41, "a%20b", "%C3%A9"])
def test_a_key_no_endpoint_can_have_is_not_found(post, key):
    assert post(key=key).status_code == 404


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_only_posts_are_taken(client, endpoint, method):
    response = getattr(client, method)(f"/hooks/v1/{endpoint.key}")
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_the_largest_body_is_taken_and_one_byte_more_is_not(post):
    assert post(b"x" * receiving.MAX_BYTES).status_code == 202
    assert post(b"x" * (receiving.MAX_BYTES + 1), message_id="msg_2").status_code == 413
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.parametrize(("length", "status"), [("", 411), ("many", 400), ("-1", 400), ("٣", 400), ("9" * 5_000, 413)])
def test_a_length_that_is_missing_or_wrong_is_refused(client, endpoint, length, status):
    body = b"{}"
    response = client.generic("POST", f"/hooks/v1/{endpoint.key}", body, CONTENT_LENGTH=length)
    assert response.status_code == status


def test_a_body_that_breaks_off_is_refused(client, endpoint):
    stream = {"wsgi.input": io.BytesIO(b"{}")}
    response = client.generic("POST", f"/hooks/v1/{endpoint.key}", b"{}", CONTENT_LENGTH="9", **stream)
    assert response.status_code == 400


def test_too_many_posts_are_put_off(post, monkeypatch):
    monkeypatch.setattr(receiving, "MAX_PER_MINUTE", 1)
    post()
    response = post(message_id="msg_2")
    assert (response.status_code, response["Retry-After"]) == (429, "60")


def test_without_a_database_nothing_is_accepted(post, monkeypatch):
    def down(*_, **__):
        raise OperationalError("database is locked")

    monkeypatch.setattr(WebhookDelivery.objects, "create", down)
    response = post()
    assert (response.status_code, response["Retry-After"]) == (503, "30")


def test_without_the_key_of_its_secret_nothing_is_accepted(post, settings):
    settings.ENCRYPTION_KEYS = ["b3RoZXItb25seS1rZXktbmV2ZXItaW4tcHJvZHVjdGk="]
    assert post().status_code == 503
