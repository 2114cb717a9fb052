"""Standard Webhooks signatures, version v1, over the raw bytes as they came.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

The `standardwebhooks` package signs; what it accepts is checked here first, more strictly: it takes fractions and
foreign digits as a time, and lets bad base64 out as errors of other kinds.
"""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from standardwebhooks.webhooks import hmac_data

PREFIX = "whsec_"
SECRET_BYTES, MIN_SECRET_BYTES, MAX_SECRET_BYTES = 32, 24, 64
TOLERANCE_SECONDS = 300
MAX_SIGNATURES = 10
# A full stop separates what is signed, so an id holding one could be cut in two ways.
MESSAGE_ID = re.compile(r"[!-\-/-~]{1,200}")
TIMESTAMP = re.compile(r"0|[1-9][0-9]{0,10}")


class SignatureError(Exception):
    """The post is not proven to come from the sender. The text is for the event log, never for the sender."""


class MalformedError(SignatureError):
    """The headers are not what the standard asks for."""


class UnprovenError(SignatureError):
    """A header is missing, the time is outside the window, or no signature fits."""


@dataclass(frozen=True)
class LiveSecret:
    """A secret that may sign now, and the label it is known by."""

    label: str
    secret: str


@dataclass(frozen=True)
class Proof:
    """What a good signature proves: which message this is, and by which secret."""

    message_id: str
    label: str


def new_secret() -> str:
    """A secret to hand to a sender, once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def verify(
    live: Sequence[LiveSecret],
    *,
    message_id: str | None,
    timestamp: str | None,
    signature: str | None,
    body: bytes,
    now: datetime,
) -> Proof:
    """Check the three headers against every live secret; raises MalformedError or UnprovenError."""
    if not message_id or not timestamp or not signature:
        raise UnprovenError("At least one of webhook-id, webhook-timestamp and webhook-signature is missing.")
    if not MESSAGE_ID.fullmatch(message_id):
        raise MalformedError("webhook-id holds a full stop, a space or something outside ASCII, or is too long.")
    if not TIMESTAMP.fullmatch(timestamp):
        raise MalformedError("webhook-timestamp is not a whole number of seconds.")
    given = list(_signatures(signature))
    if abs(int(now.timestamp()) - int(timestamp)) > TOLERANCE_SECONDS:
        raise UnprovenError("webhook-timestamp is more than 5 minutes from now; check the sender's clock.")
    signed = f"{message_id}.{timestamp}.".encode() + body
    for secret in live:
        if _fits(secret.secret, signed, given):
            return Proof(message_id, secret.label)
    raise UnprovenError("No v1 signature fits a live secret of this endpoint.")


def sign(secret: str, *, message_id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """The headers a sender adds."""
    mac = hmac_data(key(secret), f"{message_id}.{timestamp}.".encode() + body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }


def key(secret: str) -> bytes:
    """The bytes a secret stands for; raises ValueError for one that is not 24 to 64 bytes in base64."""
    text = secret.removeprefix(PREFIX)
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("The secret is not base64.") from error
    if not MIN_SECRET_BYTES <= len(found) <= MAX_SECRET_BYTES:
        raise ValueError(f"A secret holds {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes, not {len(found)}.")
    return found


def _fits(secret: str, signed: bytes, given: Sequence[bytes]) -> bool:
    try:
        expected = hmac_data(key(secret), signed)
    except ValueError:  # a secret no sender can have signed with
        return False
    return any(hmac.compare_digest(expected, one) for one in given)


def _signatures(header: str) -> Iterator[bytes]:
    """Every v1 signature of the header; versions we do not know are passed over, as the standard asks."""
    parts = header.split(" ")
    if len(parts) > MAX_SIGNATURES:
        raise MalformedError(f"webhook-signature holds more than {MAX_SIGNATURES} signatures.")
    for part in parts:
        version, comma, text = part.partition(",")
        if not version or not comma or not text.isascii():
            raise MalformedError("webhook-signature is not a list of `version,signature`.")
        if version == "v1":
            try:
                yield base64.b64decode(text, validate=True)
            except binascii.Error as error:
                raise MalformedError("webhook-signature holds something that is not base64.") from error
