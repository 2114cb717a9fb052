"""Signatures in the demo: whether a received webhook's fits; and commands to try, one of them signed."""

import hmac
import json
import secrets as stdlib_secrets
import shlex
from datetime import UTC, datetime

from django.conf import settings
from standardwebhooks import Webhook

from edgeops import secrets
from edgeops.demo import senders, watching
from edgeops.demo.inbox import Message
from edgeops.notifications.models import Channel, Transport
from edgeops.webhooks.models import Endpoint


def signer(message: Message) -> str | None:
    """The name of the channel whose secret made the message's signature; None when none did.

    Its age is not judged: the inbox shows messages of yesterday too.
    """
    try:
        sent_at = datetime.fromtimestamp(int(message.header("webhook-timestamp")), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    given = message.header("webhook-signature").split()
    for channel in Channel.objects.filter(transport=Transport.WEBHOOK).exclude(encrypted_secret=""):
        made = Webhook(secrets.decrypt(channel.encrypted_secret)).sign(
            message.header("webhook-id"), sent_at, message.body
        )
        if any(hmac.compare_digest(made.encode(), candidate.encode()) for candidate in given):
            return channel.name
    return None


def webhook_command(now: datetime) -> str | None:
    """A curl that posts a signed product update, valid for five minutes from `now`; None without an endpoint for it."""
    endpoint = Endpoint.objects.existing().filter(name=watching.ENDPOINT, is_enabled=True).first()
    secret = senders.secret_of(endpoint, now) if endpoint is not None else ""
    if endpoint is None or not secret:
        return None
    body = json.dumps({"type": watching.EVENT, "timestamp": now.isoformat(), "data": {"id": "1"}})
    message_id = f"msg_{stdlib_secrets.token_hex(8)}"
    signature = Webhook(secret).sign(message_id, now, body)
    return _curl(
        f"{settings.BASE_URL}/hooks/v1/{endpoint.key}",
        body,
        {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        },
    )


def scenario_command() -> str:
    """A curl that breaks the Products API's function for ten minutes."""
    return _control("scenarios", {"scenario": "lambda_errors", "api": "products", "minutes": 10, "intensity": 0.4})


def fault_command() -> str:
    """A curl that has CloudWatch throttle EdgeOps for a minute."""
    return _control("faults", {"kind": "throttle", "service": "cloudwatch", "seconds": 60})


def refusal_command() -> str:
    """A curl that has CloudFront refuse every invalidation for two minutes, as when the IAM action is missing."""
    refused = {"kind": "access_denied", "service": "cloudfront", "operation": "CreateInvalidation", "seconds": 120}
    return _control("faults", refused)


def change_command() -> str:
    """A curl that changes product 1 at the origin, so that what the edge has cached becomes stale."""
    url = f"http://127.0.0.1:{settings.LOCALAWS_PORT}/_origin/products/products/1"
    body = json.dumps({"name": "Renamed kettle", "price_cents": 4200})
    return _curl(url, body, {"content-type": "application/json"}, method="PUT")


def _control(what: str, body: dict[str, object]) -> str:
    url = f"http://127.0.0.1:{settings.LOCALAWS_PORT}/_control/{what}"
    return _curl(url, json.dumps(body), {"content-type": "application/json"})


def _curl(url: str, body: str, headers: dict[str, str], *, method: str = "POST") -> str:
    lines = [f"curl -i -X {method} {shlex.quote(url)}"]
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    return " \\\n  ".join([*lines, f"--data-raw {shlex.quote(body)}"])
