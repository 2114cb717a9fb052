import html
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils.html import escape
from standardwebhooks import Webhook

from edgeops import secrets
from edgeops.demo import inbox, seed, senders, simulation, watching
from edgeops.demo.inbox import Message
from edgeops.localaws import scenarios
from edgeops.webhooks.models import Endpoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def keep(tmp_path, settings):
    settings.STATE_DIR = tmp_path

    def put(kind, headers, body, target):
        at = "2026-11-22T12:00:00.000001+00:00"
        inbox.keep(tmp_path / "inbox", Message(kind, at, tuple(headers.items()), body, target))

    return put


@pytest.fixture
def open_inbox(client, vera, keep):
    client.force_login(vera)
    return lambda **headers: client.get("/demo/inbox/", headers=headers).content.decode()


def test_an_empty_inbox_says_what_will_arrive(open_inbox):
    assert "Nothing has been received yet" in open_inbox()


def test_a_mail_is_shown_with_subject_recipient_body_and_headers(open_inbox, keep):
    keep("email", {"Subject": "Catalog <b>ALARM</b>", "Message-ID": "<1@x>"}, "Body & soul", "on-call@example.test")

    page = open_inbox()
    assert "Catalog &lt;b&gt;ALARM&lt;/b&gt;" in page
    assert "on-call@example.test" in page
    assert "Body &amp; soul" in page
    assert "&lt;1@x&gt;" in page


@pytest.mark.parametrize(("body", "words"), [("{}", "Signature verified"), ("{ }", "Signature does not fit")])
def test_a_webhook_says_whether_its_signature_fits(open_inbox, keep, now, body, words):
    channel = watching.channels(now)[1]
    signature = Webhook(secrets.decrypt(channel.encrypted_secret)).sign("msg_1", now, "{}")
    stamp = str(int(now.timestamp()))
    keep(
        "webhook", {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}, body, "/alerts"
    )

    assert words in open_inbox()


def test_no_secret_is_on_the_page(open_inbox, now):
    channel = watching.channels(now)[1]

    assert secrets.decrypt(channel.encrypted_secret) not in open_inbox()


def test_the_commands_of_senders_are_shown_while_their_endpoints_are_open(open_inbox, now):
    seed.estate()
    senders.prepare(now)
    page = html.unescape(open_inbox())
    for command in senders.commands(now):
        assert command.lines in page
    Endpoint.objects.exclude(scheme="standard").update(is_enabled=False)
    assert "Post as other senders do" not in open_inbox()


def test_every_scenario_of_local_aws_is_told_with_what_it_does(open_inbox):
    page = open_inbox()

    for kind, what in simulation.SCENARIOS.items():
        if kind != "lambda_errors":
            assert f"<code>{kind}</code>: {escape(what)}" in page
    assert set(simulation.SCENARIOS) == set(scenarios.KINDS)


def test_a_refresh_carries_the_messages_only(open_inbox):
    assert "Try it" in open_inbox()
    assert "Try it" not in open_inbox(**{"HX-Request": "true"})


@pytest.mark.parametrize("person", ["stranger", "nils"])
def test_without_the_viewer_role_it_stays_closed(client, person, request):
    if person != "stranger":
        client.force_login(request.getfixturevalue(person))

    assert client.get("/demo/inbox/").status_code == (302 if person == "stranger" else 403)


def test_only_reading_is_possible(client, vera):
    client.force_login(vera)

    assert client.post("/demo/inbox/").status_code == 405


def test_in_production_there_is_no_inbox(tmp_path):
    production = {
        **os.environ,
        "EDGEOPS_MODE": "production",
        "EDGEOPS_STATE_DIR": str(tmp_path),
        "EDGEOPS_SECRET_KEY": "0123456789abcdef" * 4,
        "EDGEOPS_ENCRYPTION_KEYS": "dGVzdC1vbmx5LWtleS1uZXZlci1pbi1wcm9kdWN0aW8=",
        "EDGEOPS_ALLOWED_HOSTS": "edgeops.example.test",
        "EDGEOPS_BASE_URL": "https://edgeops.example.test",
        "DJANGO_SETTINGS_MODULE": "edgeops.settings",
    }
    script = "import django; django.setup()\nfrom django.urls import reverse\nreverse('demo_inbox')"
    ended = subprocess.run(
        [sys.executable, "-c", script], check=False, cwd=ROOT, env=production, capture_output=True, text=True
    )

    assert ended.returncode != 0
    assert "NoReverseMatch" in ended.stderr
