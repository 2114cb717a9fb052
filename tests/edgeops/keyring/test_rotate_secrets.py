import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from standardwebhooks import Webhook

from edgeops import outbound, secrets
from edgeops.access.models import Audit
from edgeops.keyring.management.commands import rotate_secrets
from edgeops.notifications.models import Channel
from edgeops.notifications.transports import webhook
from edgeops.notifications.transports.base import Message
from edgeops.outbound import Response
from edgeops.webhooks import bodies, running
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery
from edgeops.webhooks.receiving import Answer
from tests.fixtures.webhooks import SECRET, event, receive

NEW = Fernet.generate_key().decode()


@pytest.fixture
def stored(endpoint, hook, now):
    """A secret in and out, and the body of a post that waits for its rules."""
    return receive(endpoint, event(id=7), at=now).delivery


def rotate():
    out = StringIO()
    call_command("rotate_secrets", stdout=out)
    return out.getvalue()


def test_after_it_the_old_key_is_dropped_and_everything_goes_on(stored, endpoint, hook, now, settings, monkeypatch):
    hidden = secrets.decrypt(hook.encrypted_secret)
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    rotate()
    settings.ENCRYPTION_KEYS = [NEW]

    assert receive(endpoint, event(id=8), at=now, message_id="msg_2").answer == Answer.ACCEPTED
    assert len(running.run(stored.pk, now=now)) == 1

    sent = []
    monkeypatch.setattr(
        outbound, "request", lambda *_, **given: sent.append(given) or Response(200, {}, b"", "192.0.2.1")
    )
    message = Message(message_id="0f8fad5b", subject="", text="", payload={"type": "test"})
    webhook.send(Channel.objects.get(), message, now=datetime.now(UTC))
    assert Webhook(hidden).verify(sent[0]["body"], sent[0]["headers"]) == {"type": "test"}


def test_it_says_what_it_did_by_column_and_never_a_secret(stored, hook, settings):
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    told = rotate()
    assert told.splitlines() == [
        "notifications_channel.encrypted_secret: 1 encrypted anew, 0 already under the first key, 0 unreadable",
        "webhooks_endpointsecret.encrypted_secret: 1 encrypted anew, 0 already under the first key, 0 unreadable",
        "webhooks_webhookdelivery.encrypted_body: 1 encrypted anew, 0 already under the first key, 0 unreadable",
        "Everything is encrypted with the first key. The others can be dropped from the list.",
    ]
    hook.refresh_from_db()
    row = Audit.objects.get(action="encryption.rotated")
    for hidden in (SECRET, secrets.decrypt(hook.encrypted_secret), *settings.ENCRYPTION_KEYS, hook.encrypted_secret):
        assert hidden not in told
        assert hidden not in f"{row.summary} {json.dumps(row.detail)}"
    assert sum(row.detail.values()) == 3


def test_run_again_it_does_nothing_and_says_so(stored):
    assert "0 encrypted anew, 1 already under the first key" in rotate()
    assert not Audit.objects.filter(action="encryption.rotated").exists()


def test_what_no_key_reads_is_named_and_fails_and_the_rest_is_done(stored, endpoint, hook, settings, monkeypatch):
    monkeypatch.setattr(rotate_secrets, "NAMED", 0)
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    Channel.objects.update(encrypted_secret="gAAAAAunreadable")
    out = StringIO()
    with pytest.raises(CommandError, match="1 can be read by no key"):
        call_command("rotate_secrets", stdout=out)
    assert "and 1 more" in out.getvalue()

    monkeypatch.setattr(rotate_secrets, "NAMED", 20)
    with pytest.raises(CommandError):
        call_command("rotate_secrets", stdout=out)
    assert "  unreadable: channel Chat\n" in out.getvalue()
    settings.ENCRYPTION_KEYS = [NEW]
    assert secrets.decrypt(endpoint.secrets.get().encrypted_secret) == SECRET


def test_without_any_key_it_refuses(stored, settings):
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(CommandError, match="EDGEOPS_ENCRYPTION_KEYS is empty"):
        call_command("rotate_secrets")


@pytest.mark.parametrize("body", [b"", bytes(range(256)), "é\u2028".encode(), b"x" * 1_000_000])
def test_bodies_of_any_bytes_come_back(endpoint, now, settings, body):
    delivery = receive(endpoint, body, at=now).delivery
    settings.ENCRYPTION_KEYS = [NEW, *settings.ENCRYPTION_KEYS]
    rotate()
    settings.ENCRYPTION_KEYS = [NEW]
    delivery.refresh_from_db()
    assert bodies.unseal(delivery.encrypted_body) == body


def test_a_body_that_waits_longer_than_its_keys_is_run_once_they_are_back(stored, now, settings):
    right, settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS, [NEW]
    assert running.run(stored.pk, now=now) == []
    settings.ENCRYPTION_KEYS = right
    assert len(running.run(stored.pk, now=now + timedelta(minutes=5))) == 1
    assert WebhookDelivery.objects.get().state == DeliveryVerdict.PROCESSED
