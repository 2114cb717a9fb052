"""HMAC with a secret that is taken as the text it is; what GitHub, Stripe, Shopify and described senders share."""

import hmac
import secrets
from collections.abc import Sequence

from edgeops.webhooks.schemes.seam import LiveSecret, SecretError, UnprovenError

SECRET_BYTES = 32
MIN_LENGTH, MAX_LENGTH = 16, 500


def new_secret() -> str:
    """Thirty-two random bytes as text without characters a shell or a form could change."""
    return secrets.token_urlsafe(SECRET_BYTES)


def check_secret(secret: str) -> str:
    """A secret long enough to prove something; raises SecretError."""
    if not secret.isascii() or not secret.isprintable() or not MIN_LENGTH <= len(secret) <= MAX_LENGTH:
        raise SecretError(f"A secret has {MIN_LENGTH} to {MAX_LENGTH} printable ASCII characters.")
    return secret


def mac(secret: str, signed: bytes, digest: str = "sha256") -> bytes:
    """The HMAC a sender computes."""
    return hmac.digest(secret.encode(), signed, digest)


def label_of(live: Sequence[LiveSecret], signed: bytes, given: Sequence[bytes], digest: str = "sha256") -> str:
    """The label of the live secret that made one of the signatures; raises UnprovenError when none did.

    Bytes are compared, in constant time: `compare_digest` raises on text outside ASCII.
    """
    for one in live:
        if one.secret and any(hmac.compare_digest(mac(one.secret, signed, digest), sent) for sent in given):
            return one.label
    raise UnprovenError("No signature fits a live secret of this endpoint.")
