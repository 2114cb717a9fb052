import json
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from standardwebhooks import Webhook

from edgeops import outbound, secrets
from edgeops.notifications.transports import webhook
from edgeops.notifications.transports.base import Message, TransportError
from edgeops.outbound import OutboundError, RefusedAddressError, Response

MESSAGE = Message(message_id="0f8fad5b", subject="", text="", payload={"type": "alarm.state_changed", "é": "<script>"})


@pytest.fixture
def receiver(monkeypatch):
    """Stands behind the way out: remembers requests, answers or fails as it is told."""

    class Receiver:
        answer = Response(200, {}, b"", "192.0.2.1")
        requests = []

    def request(method, url, *, headers, body):
        Receiver.requests.append((method, url, headers, body))
        if isinstance(Receiver.answer, Exception):
            raise Receiver.answer
        return Receiver.answer

    Receiver.requests = []
    monkeypatch.setattr(outbound, "request", request)
    return Receiver


def test_what_leaves_carries_a_signature_the_receivers_library_accepts(hook, receiver):
    now = datetime.now(UTC)  # the library refuses old timestamps by the wall clock
    assert webhook.send(hook, MESSAGE, now=now) == "delivered"
    method, url, headers, body = receiver.requests[0]
    assert (method, url) == ("POST", "https://chat.example.com/hook")
    assert Webhook(secrets.decrypt(hook.encrypted_secret)).verify(body, headers) == MESSAGE.payload
    assert headers["webhook-id"] == "0f8fad5b"
    assert json.loads(body) == MESSAGE.payload


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "delivered"), (201, "delivered"), (202, "accepted"), (204, "delivered")]
)
def test_statuses_that_mean_it_was_taken(hook, receiver, now, status, outcome):
    receiver.answer = Response(status, {}, b"", "192.0.2.1")
    assert webhook.send(hook, MESSAGE, now=now) == outcome


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (408, False), (425, False), (429, False), (500, False), (503, False),
        (206, True), (301, True), (307, True), (400, True), (401, True), (403, True), (404, True), (410, True),
    ],
)  # fmt: skip
def test_statuses_that_are_tried_again_and_those_that_are_not(hook, receiver, now, status, permanent):
    receiver.answer = Response(status, {}, b"the body is nobody's business", "192.0.2.1")
    with pytest.raises(TransportError) as failure:
        webhook.send(hook, MESSAGE, now=now)
    assert (str(failure.value), failure.value.permanent) == (f"HTTP {status}", permanent)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30), ("0", 0), ("999999", 3600), ("", None), ("soon", None), ("-5", None), ("³", None),
        (format_datetime(datetime(2026, 11, 22, 12, 2, tzinfo=UTC), usegmt=True), 120),
        (format_datetime(datetime(2026, 11, 22, 11, 0, tzinfo=UTC), usegmt=True), 0),
    ],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_date_and_capped_at_an_hour(hook, receiver, now, text, seconds):
    receiver.answer = Response(429, {"Retry-After": text}, b"", "192.0.2.1")
    with pytest.raises(TransportError) as failure:
        webhook.send(hook, MESSAGE, now=now)
    assert failure.value.retry_after == seconds


@pytest.mark.parametrize(
    ("error", "permanent"), [(OutboundError("connect", "no"), False), (RefusedAddressError("private"), True)]
)
def test_no_answer_is_tried_again_but_a_refused_address_is_not(hook, receiver, now, error, permanent):
    receiver.answer = error
    with pytest.raises(TransportError) as failure:
        webhook.send(hook, MESSAGE, now=now)
    assert failure.value.permanent is permanent


def test_a_secret_whose_key_is_gone_is_said_plainly_and_waits_for_the_key(hook, receiver, now):
    hook.encrypted_secret = "gAAAAAunreadable"
    with pytest.raises(TransportError, match="EDGEOPS_ENCRYPTION_KEYS") as failure:
        webhook.send(hook, MESSAGE, now=now)
    assert not failure.value.permanent
    assert receiver.requests == []
