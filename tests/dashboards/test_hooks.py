import gzip
import io
import socket
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.utils import timezone

from dashboards.views import hooks
from edgeops.access.audit import Actor
from edgeops.webhooks import endpoints, running
from edgeops.webhooks.models import MAX_BYTES, MOST_BYTES, DeliveryVerdict, Endpoint, RefusalCount, WebhookDelivery
from edgeops.webhooks.schemes import known
from edgeops.webhooks.schemes.seam import Draft
from tests.fixtures.webhooks import event, signed_headers

BODY = event(id=7)


@pytest.fixture
def published(monkeypatch):
    sent = []
    monkeypatch.setattr("dashboards.views.hooks.publish", lambda task, *ids: sent.append((task.name, *ids)))
    return sent


@pytest.fixture
def post(endpoint, published):
    def send(
        body=BODY,
        *,
        slash="",
        key=endpoint.key,
        headers=None,
        content_type="application/json",
        REMOTE_ADDR="127.0.0.1",  # noqa: N803 (WSGI's spelling)
        **signing,
    ):
        headers = signed_headers(body, timezone.now(), **signing) if headers is None else headers
        client = Client(enforce_csrf_checks=True, REMOTE_ADDR=REMOTE_ADDR)
        return client.generic("POST", f"/hooks/v1/{key}{slash}", body, content_type, headers=headers)

    return send


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_signed_post_is_accepted_once_stored(post, published, slash):
    response = post(slash=slash)

    delivery = WebhookDelivery.objects.get()
    assert (response.status_code, response.json()) == (202, {"delivery": str(delivery.pk), "status": "accepted"})
    assert published == [("tasks.receiving.run_deliveries",)]
    assert not response.cookies


def test_where_pages_are_for_https_alone_a_plain_post_is_refused_unread(post, settings, monkeypatch):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_REDIRECT_EXEMPT = True, [r"^hooks/v1/"]
    monkeypatch.setattr(hooks, "_body", None)  # whoever reads it fails
    for changes in ({}, {"slash": "/"}, {"headers": {}}, {"key": "nobodys"}):
        response = post(**changes)
        assert (response.status_code, response.json()["error"][:17]) == (403, "post to https://;")
        assert "Location" not in response
    assert not WebhookDelivery.objects.exists()
    assert not RefusalCount.objects.exists()


def test_where_pages_are_for_https_alone_a_post_over_it_is_taken(post, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_REDIRECT_EXEMPT = True, [r"^hooks/v1/"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    signed = signed_headers(BODY, timezone.now())
    assert post(headers=signed | {"X-Forwarded-Proto": "http"}).status_code == 403
    assert post(headers=signed | {"X-Forwarded-Proto": "https"}).status_code == 202


def test_header_names_are_read_in_any_case(post):
    headers = {name.upper(): value for name, value in signed_headers(BODY, timezone.now()).items()}
    assert post(headers=headers).status_code == 202


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


@pytest.mark.parametrize(
    "signature",
    ["garbage", "v1", "v1,a,b", "v1,abc", "v1,ab=c", "v1,AAAA  v1,AAAA", "v1,\u00e9", "v1,AAAA,v1,AAAA", ",AAAA"],
)
def test_a_signature_that_cannot_be_read_is_the_senders_fault_and_no_error_of_ours(post, signature):
    """The standard's own package lets ValueError and binascii.Error out here."""
    response = post(headers=signed_headers(BODY, timezone.now()) | {"webhook-signature": signature})
    assert response.status_code == 400


@pytest.mark.parametrize(
    "stamp", ["nan", "inf", "+1", "1.5", "1e9", "\u0661\u0662", "-1", "01", "1763812800000", str(2**63)]
)
def test_a_time_that_is_not_whole_seconds_is_the_senders_fault(post, stamp):
    response = post(headers=signed_headers(BODY, timezone.now()) | {"webhook-timestamp": stamp})
    assert response.status_code == 400


@pytest.mark.parametrize("text", ["\u00e9", "v1,\u00e9", "sha256=\xff\xfe", "t=1,v1=\u00e9", "\xe2\x98\x83"])
@pytest.mark.parametrize("name", ["standard", "github", "stripe", "shopify", "hmac", "token"])
def test_text_outside_ascii_in_any_header_that_proves_something_is_a_refusal(distribution, published, now, name, text):
    made, secret = endpoints.create(
        name=name, distribution=distribution, rules=[], actor=Actor("user", "ada"), now=now, scheme=name
    )
    signed = known.get(name).sign(secret, made.config, Draft("id-1", timezone.now(), BODY))
    for header in set(signed) - {"x-github-event", "x-shopify-topic"}:
        answer = Client().generic(
            "POST", f"/hooks/v1/{made.key}", BODY, "application/json", headers=signed | {header: text}
        )
        assert answer.status_code in {400, 401}, header
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


def test_an_empty_body_with_a_good_signature_is_accepted_and_told_later(client, endpoint, published):
    headers = signed_headers(b"", timezone.now())
    response = client.generic("POST", f"/hooks/v1/{endpoint.key}", b"", headers=headers, CONTENT_LENGTH="0")
    assert response.status_code == 202
    running.run(WebhookDelivery.objects.get().pk, now=timezone.now())
    assert WebhookDelivery.objects.get().state == DeliveryVerdict.RULE_ERROR


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
    assert post(b"x" * MAX_BYTES).status_code == 202
    assert post(b"x" * (MAX_BYTES + 1), message_id="msg_2").status_code == 413
    assert WebhookDelivery.objects.count() == 1


def test_an_endpoint_may_take_larger_bodies_than_forms_may_send(post):
    """Django's own limit is for forms; three megabytes would end in a RequestDataTooBig."""
    Endpoint.objects.update(max_bytes=MOST_BYTES)
    assert post(b"x" * 3 * MAX_BYTES).status_code == 202
    assert WebhookDelivery.objects.get().body_bytes == 3 * MAX_BYTES


@pytest.mark.parametrize(("length", "status"), [("", 411), ("many", 400), ("-1", 400), ("٣", 400), ("9" * 5_000, 413)])
def test_a_length_that_is_missing_or_wrong_is_refused(client, endpoint, length, status):
    body = b"{}"
    response = client.generic("POST", f"/hooks/v1/{endpoint.key}", body, CONTENT_LENGTH=length)
    assert response.status_code == status
    assert RefusalCount.objects.get().count == 1


def test_a_body_that_breaks_off_is_refused(client, endpoint):
    stream = {"wsgi.input": io.BytesIO(b"{}"), "CONTENT_TYPE": "application/json"}
    response = client.generic("POST", f"/hooks/v1/{endpoint.key}", b"{}", CONTENT_LENGTH="9", **stream)
    assert response.status_code == 400


def test_a_body_that_drips_is_cut_off_in_time(client, endpoint, monkeypatch):
    """The server's side of a connection whose other end sends one byte and then nothing."""
    monkeypatch.setattr(hooks, "BODY_SECONDS", 0.2)
    server, sender = socket.socketpair()
    sender.send(b"{")
    stream = {"wsgi.input": server.makefile("rb"), "gunicorn.socket": server, "CONTENT_TYPE": "application/json"}
    with server, sender:
        response = client.generic("POST", f"/hooks/v1/{endpoint.key}", b"{}", CONTENT_LENGTH="2", **stream)
    assert response.status_code == 408


def test_what_comes_in_time_is_not_cut_off(client, endpoint):
    server, sender = socket.socketpair()
    sender.send(BODY)
    headers = signed_headers(BODY, timezone.now())
    stream = {"wsgi.input": server.makefile("rb"), "gunicorn.socket": server, "CONTENT_TYPE": "application/json"}
    with server, sender:
        response = client.generic("POST", f"/hooks/v1/{endpoint.key}", BODY, headers=headers, **stream)
        assert server.send(b"still open") == 10
    assert response.status_code == 202


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/html", "text/plain",
     "application/json; charset=utf-16", "application/json;charset=latin-1", "json"],
)  # fmt: skip
def test_a_type_the_scheme_does_not_send_is_refused(post, content_type):
    response = post(b"payload=%7B%7D", content_type=content_type)
    assert response.status_code == 415
    assert not WebhookDelivery.objects.exists()
    assert RefusalCount.objects.get().reason == "the Content-Type is not taken"


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json; charset="utf-8"',
     "application/cloudevents+json", ""],
)  # fmt: skip
def test_a_json_type_is_taken(post, content_type):
    assert post(content_type=content_type).status_code == 202


def test_a_compressed_body_is_refused_unread(post):
    headers = signed_headers(BODY, timezone.now()) | {"content-encoding": "gzip"}
    assert post(headers=headers).status_code == 415


def test_a_body_signed_as_it_is_but_compressed_without_saying_so_is_taken_and_told_later(post):
    assert post(gzip.compress(BODY)).status_code == 202


def test_too_many_posts_are_put_off(post):
    Endpoint.objects.update(max_per_minute=1)
    assert post().status_code == 202
    response = post(message_id="msg_2")
    assert (response.status_code, response["Retry-After"]) == (429, "60")
    assert WebhookDelivery.objects.count() == 1
    assert RefusalCount.objects.get().count == 1


def test_too_many_posts_from_one_address_are_put_off_and_those_from_another_are_not(post):
    Endpoint.objects.update(max_per_minute_and_address=1)
    post()
    assert post(message_id="msg_2").status_code == 429
    assert post(message_id="msg_3", REMOTE_ADDR="192.0.2.9").status_code == 202


def test_a_deleted_endpoint_is_gone_and_its_senders_stop(post, endpoint, now):
    endpoints.delete(endpoint, actor=Actor("user", "ada"), now=now)
    assert post().status_code == 410
    assert not WebhookDelivery.objects.exists()


def test_a_ping_is_answered_with_a_pong(distribution, published, now):
    github, secret = endpoints.create(
        name="docs", distribution=distribution, rules=[], actor=Actor("user", "ada"), now=now, scheme="github"
    )
    body = b'{"zen": "Design for failure."}'
    headers = known.get("github").sign(secret, {}, Draft("72d3162e", timezone.now(), body, topic="ping"))
    response = Client().post(f"/hooks/v1/{github.key}", body, content_type="application/json", headers=headers)
    assert (response.status_code, response.json()["status"]) == (200, "pong")
    running.run(WebhookDelivery.objects.get().pk, now=timezone.now())
    assert WebhookDelivery.objects.get().state == DeliveryVerdict.CONTROL


def test_what_the_sender_is_told_never_says_which_check_failed(post):
    malformed = post(headers={"webhook-id": "msg_1", "webhook-timestamp": "soon", "webhook-signature": "v1,AAAA"})
    unproven = post(headers={})
    assert (malformed.status_code, unproven.status_code) == (400, 401)
    assert malformed.content == unproven.content


@pytest.mark.parametrize("error", [OperationalError("database is locked"), InterfaceError("connection already closed")])
def test_without_a_database_nothing_is_accepted(post, monkeypatch, error):
    def down(*_, **__):
        raise error

    monkeypatch.setattr(WebhookDelivery, "save", down)
    response = post()
    assert (response.status_code, response["Retry-After"]) == (503, "30")


def test_without_the_key_of_its_secret_nothing_is_accepted(post, settings):
    settings.ENCRYPTION_KEYS = ["b3RoZXItb25seS1rZXktbmV2ZXItaW4tcHJvZHVjdGk="]
    assert post().status_code == 503
