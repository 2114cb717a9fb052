"""Standard Webhooks over the raw bytes as they came: v1 (a shared secret) and v1a (the sender's ed25519 public key).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

The `standardwebhooks` package signs; what it accepts is checked here first, more strictly: it takes fractions and
foreign digits as a time, and lets bad base64 out as errors of other kinds.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import hmac_data

from edgeops.webhooks.schemes import seam
from edgeops.webhooks.schemes.seam import (
    JSON_TYPES,
    Config,
    ConfigError,
    Draft,
    LiveSecret,
    MalformedError,
    Post,
    Proof,
    SecretError,
    UnprovenError,
)

TITLE = "Standard Webhooks"
TOLERANCE_SECONDS: int | None = 300
CONTENT_TYPES: Sequence[str] = JSON_TYPES
HAS_SECRET = True

PREFIX, PUBLIC_PREFIX = "whsec_", "whpk_"
SECRET_BYTES, MIN_SECRET_BYTES, MAX_SECRET_BYTES, PUBLIC_BYTES = 32, 24, 64, 32
MAX_SIGNATURES = 10
# Svix signs the same way under names of its own.
HEADERS = ("webhook", "svix")


def check_config(config: Config) -> dict[str, Any]:
    """`headers`: webhook, or svix for senders that name them so."""
    seam.no_config(config, known=("headers",))
    headers = config.get("headers", "webhook")
    if headers not in HEADERS:
        raise ConfigError(f"headers is one of {', '.join(HEADERS)}.")
    return {"headers": headers}


def new_secret() -> str:
    """A secret to hand to a sender, once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def check_secret(secret: str) -> str:
    """A shared secret (whsec_…) or a sender's public key (whpk_…)."""
    if secret.startswith(PUBLIC_PREFIX):
        public_key(secret)
    else:
        key(secret)
    return secret


def verify(
    post: Post, config: Config, live: Sequence[LiveSecret], *, now: datetime, tolerance_seconds: int | None
) -> Proof:
    """Check the three headers against every live secret."""
    names = _names(config)
    message_id, timestamp, signature = seam.required(post, *names)
    # A full stop separates what is signed, so an id holding one could be cut in two ways.
    if "." in seam.message_id(message_id, names[0]):
        raise MalformedError(f"{names[0]} holds a full stop.")
    at = seam.seconds(timestamp, names[1])
    given = list(_signatures(signature, names[2]))
    seam.refuse_stale(at, names[1], now=now, tolerance_seconds=tolerance_seconds)
    signed = f"{message_id}.{timestamp}.".encode() + post.body
    for secret in live:
        if _fits(secret.secret, signed, given):
            return Proof(secret.label, message_id)
    raise UnprovenError("No v1 or v1a signature fits a live secret of this endpoint.")


def sign(secret: str, config: Config, draft: Draft) -> dict[str, str]:
    """The headers a sender with a shared secret adds."""
    timestamp = int(draft.at.timestamp())
    mac = hmac_data(key(secret), f"{draft.message_id}.{timestamp}.".encode() + draft.body)
    values = (draft.message_id, str(timestamp), "v1," + base64.b64encode(mac).decode())
    return dict(zip(_names(config), values, strict=True))


def key(secret: str) -> bytes:
    """The bytes a shared secret stands for; raises SecretError for one that is not 24 to 64 bytes in base64."""
    found = _base64(secret.removeprefix(PREFIX))
    if not MIN_SECRET_BYTES <= len(found) <= MAX_SECRET_BYTES:
        raise SecretError(f"A secret holds {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes, not {len(found)}.")
    return found


def public_key(text: str) -> Ed25519PublicKey:
    """A sender's ed25519 key; raises SecretError."""
    found = _base64(text.removeprefix(PUBLIC_PREFIX))
    if len(found) != PUBLIC_BYTES:
        raise SecretError(f"An ed25519 public key holds {PUBLIC_BYTES} bytes, not {len(found)}.")
    return Ed25519PublicKey.from_public_bytes(found)


def _names(config: Config) -> tuple[str, str, str]:
    prefix = config.get("headers", "webhook")
    return f"{prefix}-id", f"{prefix}-timestamp", f"{prefix}-signature"


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise SecretError("The secret is not base64.") from error


def _fits(secret: str, signed: bytes, given: Sequence[tuple[str, bytes]]) -> bool:
    try:
        if secret.startswith(PUBLIC_PREFIX):
            public = public_key(secret)
            return any(_is_by(public, one, signed) for version, one in given if version == "v1a")
        expected = hmac_data(key(secret), signed)
    except SecretError:  # no sender can have signed with it
        return False
    return any(hmac.compare_digest(expected, one) for version, one in given if version == "v1")


def _is_by(public: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        public.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _signatures(header: str, name: str) -> Iterator[tuple[str, bytes]]:
    """Every v1 and v1a signature; versions we do not know are passed over, as the standard asks."""
    parts = header.split(" ")
    if len(parts) > MAX_SIGNATURES:
        raise MalformedError(f"{name} holds more than {MAX_SIGNATURES} signatures.")
    for part in parts:
        version, comma, text = part.partition(",")
        if not version or not comma or not text.isascii():
            raise MalformedError(f"{name} is not a list of `version,signature`.")
        if version in {"v1", "v1a"}:
            try:
                yield version, base64.b64decode(text, validate=True)
            except binascii.Error as error:
                raise MalformedError(f"{name} holds something that is not base64.") from error
