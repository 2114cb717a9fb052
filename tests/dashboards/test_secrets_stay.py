"""What is secret is in no page, no log, no message to a worker and no audit row, whoever looks."""

import json
import logging
import logging.config
import re
from html import unescape

import pytest
from django.utils import timezone

from edgeops import secrets
from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.notifications.models import Channel
from edgeops.webhooks import endpoints, running
from edgeops.webhooks.models import EndpointSecret, WebhookDelivery
from tests.fixtures.webhooks import event, signed_headers

TOKEN = "canary-of-a-token-in-a-header"
LINK = re.compile(r'(?:href|hx-get|action)="(/[^"#]*)')
MOST_PAGES = 300


@pytest.fixture
def sent(monkeypatch):
    """Everything that is handed to the broker."""
    messages = []
    monkeypatch.setattr("tasks.publishing._send", lambda task, args: messages.append((task.name, args)))
    return messages


@pytest.fixture
def hidden(endpoint, hook, distribution, client, sent, caplog, settings):
    """Secrets that came to rest, after posts that prove them, that do not, and that cannot be stored."""
    caplog.set_level(logging.DEBUG)
    made, _ = endpoints.create(
        name="token", distribution=distribution, rules=[], actor=Actor("user", "ada"), now=timezone.now(),
        scheme="token", config={"header": "x-key", "prefix": "Bearer "}, secret=TOKEN,
    )  # fmt: skip
    known = [secrets.decrypt(row.encrypted_secret) for row in (*EndpointSecret.objects.all(), Channel.objects.get())]
    for headers in ({"x-key": f"Bearer {TOKEN}"}, {"x-other": TOKEN}, {"authorization": f"Basic {TOKEN}"}):
        client.generic("POST", f"/hooks/v1/{made.key}?token={TOKEN}", event(id=7), "application/json", headers=headers)
    body = event(id=7)
    for proof in (signed_headers(body, timezone.now()), {"webhook-id": "1", "x-sent": known[0]}):
        client.generic("POST", f"/hooks/v1/{endpoint.key}", body, "application/json", headers=proof)
    for row in WebhookDelivery.objects.filter(next_at__isnull=False):
        running.run(row.pk, now=timezone.now())
    keys, settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS, ["b3RoZXItb25seS1rZXktbmV2ZXItaW4tcHJvZHVjdGk="]
    again = signed_headers(body, timezone.now(), message_id="unreadable")
    client.generic("POST", f"/hooks/v1/{endpoint.key}", body, "application/json", headers=again)
    settings.ENCRYPTION_KEYS = keys
    return [*(one.removeprefix("whsec_") for one in known), *keys, "gAAAA"]


def pages(client):
    """Every page that can be reached by links, with what it says."""
    waiting, seen = ["/"], {}
    while waiting and len(seen) < MOST_PAGES:
        path = unescape(waiting.pop(0))
        if path in seen or path.startswith(("/static/", "/accounts/logout", "/demo/")):
            continue
        answer = client.get(path)
        seen[path] = answer.getvalue().decode() if answer.streaming else answer.text
        waiting += LINK.findall(seen[path]) if answer.get("Content-Type", "").startswith("text/html") else []
    return seen


def logged(caplog, settings):
    """Every line as it is written, of what the fixture did too."""
    description = dict(settings.LOGGING["formatters"]["json"])
    as_written = logging.config.DictConfigurator({"version": 1}).configure_formatter(description)
    return [as_written.format(record) for record in (*caplog.get_records("setup"), *caplog.records)]


def test_no_secret_leaves(hidden, client, ada, caplog, sent, settings):
    client.force_login(ada)
    found = pages(client)
    assert {"/cache/webhooks/", "/channels/", "/audit/", "/settings/"} <= set(found)
    assert sum("/cache/webhooks/deliveries/" in path for path in found) >= 4
    texts = {
        **found,
        "the log": "\n".join(logged(caplog, settings)),
        "messages": str(sent),
        "audit": json.dumps(list(Audit.objects.values()), default=str),
    }
    leaks = [(where, one) for where, text in texts.items() for one in hidden if one in text]
    assert leaks == []
