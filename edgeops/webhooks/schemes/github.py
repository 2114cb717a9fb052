"""GitHub: HMAC-SHA256 of the body in `X-Hub-Signature-256`. Event and delivery id are not signed, nor is a time.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from edgeops.webhooks.schemes import keyed, seam
from edgeops.webhooks.schemes.seam import (
    JSON_TYPES,
    Config,
    Draft,
    LiveSecret,
    MalformedError,
    Post,
    Proof,
    UnprovenError,
)

TITLE = "GitHub"
TOLERANCE_SECONDS: int | None = None
CONTENT_TYPES: Sequence[str] = JSON_TYPES
HAS_SECRET = True

SIGNATURE, OLD_SIGNATURE, ID, EVENT = "x-hub-signature-256", "x-hub-signature", "x-github-delivery", "x-github-event"
FORM = re.compile(r"sha256=([0-9a-f]{64})")

new_secret = keyed.new_secret
check_secret = keyed.check_secret


def check_config(config: Config) -> dict[str, Any]:
    """Nothing to set; repositories are pinned on the endpoint."""
    seam.no_config(config)
    return {}


def verify(
    post: Post, config: Config, live: Sequence[LiveSecret], *, now: datetime, tolerance_seconds: int | None
) -> Proof:
    """Check the SHA-256 signature; the older SHA-1 one is never enough."""
    if SIGNATURE not in post.headers and OLD_SIGNATURE in post.headers:
        raise UnprovenError(f"Only the SHA-1 {OLD_SIGNATURE} is there; EdgeOps takes {SIGNATURE}.")
    given, message_id, event = seam.required(post, SIGNATURE, ID, EVENT)
    if (match := FORM.fullmatch(given)) is None:
        raise MalformedError(f"{SIGNATURE} is not sha256= and 64 hexadecimal digits.")
    label = keyed.label_of(live, post.body, [bytes.fromhex(match[1])])
    return Proof(label, seam.message_id(message_id, ID), is_id_signed=False, is_control=event == "ping")


def sign(secret: str, config: Config, draft: Draft) -> dict[str, str]:
    """The headers GitHub adds."""
    return {
        SIGNATURE: f"sha256={keyed.mac(secret, draft.body).hex()}",
        ID: draft.message_id,
        EVENT: draft.topic or "push",
    }
