"""Stripe: `Stripe-Signature: t=…,v1=…` over `t.body`. The event's id is in the body, so it is signed.

https://docs.stripe.com/webhooks/signature
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from edgeops.webhooks import payloads
from edgeops.webhooks.payloads import PayloadError
from edgeops.webhooks.schemes import keyed, seam
from edgeops.webhooks.schemes.seam import JSON_TYPES, Config, Draft, LiveSecret, MalformedError, Post, Proof

TITLE = "Stripe"
TOLERANCE_SECONDS: int | None = 300
CONTENT_TYPES: Sequence[str] = JSON_TYPES
HAS_SECRET = True

SIGNATURE = "stripe-signature"
HEX = re.compile(r"[0-9a-f]{64}")
MAX_PARTS = 12

new_secret = keyed.new_secret
check_secret = keyed.check_secret


def check_config(config: Config) -> dict[str, Any]:
    """Nothing to set."""
    seam.no_config(config)
    return {}


def verify(
    post: Post, config: Config, live: Sequence[LiveSecret], *, now: datetime, tolerance_seconds: int | None
) -> Proof:
    """Check every v1 of the header; v0 is a test scheme and proves nothing."""
    (header,) = seam.required(post, SIGNATURE)
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    given = [value for name, _, value in parts if name == "v1"]
    if len(parts) > MAX_PARTS or len(times) != 1 or not all(equals for _, equals, _ in parts):
        raise MalformedError(f"{SIGNATURE} is not a list of t=…,v1=….")
    if not all(HEX.fullmatch(one) for one in given):
        raise MalformedError(f"{SIGNATURE} holds a v1 that is not 64 hexadecimal digits.")
    at = seam.seconds(times[0], f"{SIGNATURE}'s t")
    seam.refuse_stale(at, f"{SIGNATURE}'s t", now=now, tolerance_seconds=tolerance_seconds)
    label = keyed.label_of(live, f"{times[0]}.".encode() + post.body, [bytes.fromhex(one) for one in given])
    event_id = _event_id(post.body)
    return Proof(label, event_id, is_id_signed=event_id is not None)


def sign(secret: str, config: Config, draft: Draft) -> dict[str, str]:
    """The header Stripe adds."""
    at = int(draft.at.timestamp())
    return {SIGNATURE: f"t={at},v1={keyed.mac(secret, f'{at}.'.encode() + draft.body).hex()}"}


def _event_id(body: bytes) -> str | None:
    """The event's id; a proven body without one is still kept, and what is wrong with it is told by its run."""
    try:
        found = payloads.read(body)
    except PayloadError:
        return None
    text = found.get("id") if isinstance(found, dict) else None
    return text if isinstance(text, str) and seam.MESSAGE_ID.fullmatch(text) else None
