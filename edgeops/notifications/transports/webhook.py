"""A JSON POST signed as Standard Webhooks say, through the guarded way out.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import json
import secrets as stdlib_secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from standardwebhooks import Webhook

from edgeops import outbound, secrets
from edgeops.notifications.models import Channel
from edgeops.notifications.transports.base import Message, Outcome, TransportError
from edgeops.outbound import OutboundError

OUTCOMES = {200: Outcome.DELIVERED, 201: Outcome.DELIVERED, 202: Outcome.ACCEPTED, 204: Outcome.DELIVERED}
RETRIED = {408, 425, 429}
MAX_RETRY_AFTER_SECONDS = 3600.0


def send(channel: Channel, message: Message, *, now: datetime) -> Outcome:
    """Post the message once; redirects are refusals, and what the answer says beyond its status is not looked at."""
    body = json.dumps(message.payload, ensure_ascii=True, separators=(",", ":"))
    try:
        answer = outbound.request(
            "POST", channel.address, headers=_headers(channel, message, body, now), body=body.encode()
        )
    except OutboundError as error:
        raise TransportError(f"{error.kind}: {error}", permanent=not error.retryable) from error
    if answer.status in OUTCOMES:
        return OUTCOMES[answer.status]
    is_temporary = answer.status in RETRIED or answer.status >= 500
    retry_after = _retry_after(answer.headers, now) if is_temporary else None
    raise TransportError(f"HTTP {answer.status}", permanent=not is_temporary, retry_after=retry_after)


def make_secret() -> str:
    """A new signing secret, as the receiver's library takes it."""
    return "whsec_" + base64.b64encode(stdlib_secrets.token_bytes(24)).decode()


def _headers(channel: Channel, message: Message, body: str, now: datetime) -> dict[str, str]:
    try:
        signature = Webhook(secrets.decrypt(channel.encrypted_secret)).sign(message.message_id, now, body)
    except secrets.UnreadableSecretError as error:  # until somebody gives the key back
        raise TransportError(str(error), permanent=False) from error
    return {
        "Content-Type": "application/json",
        "webhook-id": message.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the receiver asks to wait, given as a number or a date; at most an hour, None when it is neither."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdecimal() and text.isascii():
        return min(float(text[:10]), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
