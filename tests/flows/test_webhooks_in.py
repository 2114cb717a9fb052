"""Webhooks against the real server: what only sockets show."""

import json
import socket
import threading
import time

import pytest
from django.utils import timezone

from edgeops.demo import watching
from edgeops.webhooks.models import WebhookDelivery
from tests.fixtures.webhooks import SECRET, signed_headers

BODY = json.dumps({"type": watching.EVENT, "data": {"id": "1"}}).encode()


@pytest.fixture
def path(house):
    made = watching.endpoint(timezone.now(), secret=SECRET)
    house.start("web")
    house.await_web()
    return f"/hooks/v1/{made.key}"


def head(path, headers):
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Connection: close"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


def talk(house, *pieces):
    """Send each piece, then read to the end: the status."""
    with socket.create_connection(("127.0.0.1", house.web_port), timeout=60) as sender:
        for piece in pieces:
            sender.sendall(piece)
        answer = b""
        while chunk := sender.recv(65_536):
            answer += chunk
    return int(answer.split(b" ", 2)[1])


def test_a_chunked_body_without_a_length_is_refused(house, path):
    headers = signed_headers(BODY, timezone.now()) | {"Transfer-Encoding": "chunked"}
    chunk = f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n0\r\n\r\n"
    assert talk(house, head(path, headers), chunk) == 411


def test_a_header_sent_twice_proves_nothing(house, path):
    headers = signed_headers(BODY, timezone.now())
    twice = head(path, headers | {"Content-Length": len(BODY)}).replace(
        b"webhook-id: msg_1", b"webhook-id: msg_1\r\nWebhook-Id: msg_1"
    )
    assert talk(house, twice, BODY) in {400, 401}
    assert not WebhookDelivery.objects.filter(message_id="msg_1").exists()


def test_senders_that_drip_are_cut_off_and_do_not_keep_the_others_out(house, path):
    """As many as the server has threads, each holding one with a body that never ends."""
    headers = head(path, signed_headers(BODY, timezone.now()) | {"Content-Length": len(BODY)})
    statuses = []
    drips = [threading.Thread(target=lambda: statuses.append(talk(house, headers, b"{"))) for _ in range(8)]
    began = time.monotonic()
    for drip in drips:
        drip.start()
    for drip in drips:
        drip.join(60)
    assert statuses == [408] * 8
    assert time.monotonic() - began < 45
    again = signed_headers(BODY, timezone.now(), message_id="after")
    assert house.post(path, BODY, {**again, "Content-Type": "application/json"}).status == 202


def test_every_post_that_was_answered_202_is_there_after_the_server_was_killed(house, path):
    answered, lock, stop = set(), threading.Lock(), threading.Event()

    def send(sender):
        for number in range(10_000):
            if stop.is_set():
                return
            message_id = f"{sender}_{number}"
            headers = signed_headers(BODY, timezone.now(), message_id=message_id)
            if house.post(path, BODY, {**headers, "Content-Type": "application/json"}).status == 202:
                with lock:
                    answered.add(message_id)

    senders = [threading.Thread(target=send, args=(name,)) for name in "abcdef"]
    for sender in senders:
        sender.start()
    house.until(lambda: len(answered) > 60, "posts to be answered")
    house.kill("web")
    stop.set()
    for sender in senders:
        sender.join(60)

    stored = set(WebhookDelivery.objects.values_list("message_id", flat=True))
    assert answered <= stored
    assert len(stored) <= len(answered) + len(senders), "what was not answered is at most what was under way"
