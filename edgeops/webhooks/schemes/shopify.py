"""Shopify: HMAC-SHA256 of the body in base64. Topic, shop and webhook id are headers that nobody signs.

https://shopify.dev/docs/apps/build/webhooks/verify-deliveries
"""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from edgeops.webhooks.schemes import keyed, seam
from edgeops.webhooks.schemes.seam import JSON_TYPES, Config, Draft, LiveSecret, MalformedError, Post, Proof

TITLE = "Shopify"
TOLERANCE_SECONDS: int | None = None
CONTENT_TYPES: Sequence[str] = JSON_TYPES
HAS_SECRET = True

SIGNATURE, ID, TOPIC = "x-shopify-hmac-sha256", "x-shopify-webhook-id", "x-shopify-topic"

new_secret = keyed.new_secret
check_secret = keyed.check_secret


def check_config(config: Config) -> dict[str, Any]:
    """Nothing to set; shops and topics are pinned on the endpoint."""
    seam.no_config(config)
    return {}


def verify(
    post: Post, config: Config, live: Sequence[LiveSecret], *, now: datetime, tolerance_seconds: int | None
) -> Proof:
    """Check the signature over the body."""
    given, message_id, _ = seam.required(post, SIGNATURE, ID, TOPIC)
    try:
        signature = base64.b64decode(given.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedError(f"{SIGNATURE} is not base64.") from error
    label = keyed.label_of(live, post.body, [signature])
    return Proof(label, seam.message_id(message_id, ID), is_id_signed=False)


def sign(secret: str, config: Config, draft: Draft) -> dict[str, str]:
    """The headers Shopify adds."""
    return {
        SIGNATURE: base64.b64encode(keyed.mac(secret, draft.body)).decode(),
        ID: draft.message_id,
        TOPIC: draft.topic or "products/update",
    }
