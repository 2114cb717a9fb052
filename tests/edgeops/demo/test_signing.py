import json
import shlex
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from edgeops import secrets
from edgeops.demo import seed, signing, watching
from edgeops.demo.inbox import Message
from edgeops.webhooks.models import Endpoint
from tests.fixtures.localaws import fetch_json

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def channel(db):
    return watching.channels(NOW)[1]


def message(channel, *, body="{}", sent_at=NOW, **headers):
    signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(secrets.decrypt(channel.encrypted_secret)).sign("msg_1", sent_at, "{}"),
        **headers,
    }
    return Message("webhook", NOW.isoformat(), tuple(signed.items()), body, "/alerts")


def test_a_signature_is_traced_to_its_channel_however_old(channel):
    assert signing.signer(message(channel, sent_at=NOW - timedelta(days=3))) == watching.WEBHOOK_CHANNEL


def test_one_fitting_signature_of_several_is_enough(channel):
    fitting = message(channel).header("webhook-signature")

    assert signing.signer(message(channel, **{"webhook-signature": f"v1,bm90aGluZw== {fitting}"}))


@pytest.mark.parametrize(
    "change",
    [
        {"body": '{"changed": true}'},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "9" * 40},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,é"},
    ],
)
def test_whatever_was_changed_the_signature_no_longer_fits(channel, change):
    assert signing.signer(message(channel, **change)) is None


def test_the_command_to_copy_is_really_signed_for_the_endpoint(db):
    seed.estate()
    endpoint = watching.endpoint(NOW)

    words = shlex.split(signing.webhook_command(NOW).replace("\\\n", ""))

    headers = dict(word.split(": ", 1) for word in words if word.startswith(("webhook-", "content-")))
    signer = Webhook(secrets.decrypt(endpoint.secrets.get().encrypted_secret))
    assert headers["webhook-signature"] == signer.sign(headers["webhook-id"], NOW, words[-1])
    assert any(word.endswith(f"/hooks/v1/{endpoint.key}") for word in words)


def test_without_an_endpoint_there_is_no_command(db):
    seed.estate()
    watching.endpoint(NOW)
    Endpoint.objects.update(is_enabled=False)

    assert signing.webhook_command(NOW) is None


@pytest.mark.parametrize(
    "command", [signing.scenario_command, signing.fault_command, signing.refusal_command, signing.change_command]
)
def test_the_other_commands_are_understood_by_local_aws(local_aws, settings, command):
    settings.LOCALAWS_PORT = int(local_aws.url.rsplit(":", 1)[1])

    words = shlex.split(command().replace("\\\n", ""))

    url, method, body = words[4], words[3], json.loads(words[-1])
    assert url.startswith(local_aws.url)
    assert fetch_json(url, body, method=method)
