"""A token in a header, compared in constant time: for senders that cannot sign, as EventBridge API destinations.

Nothing of the post is signed. Whoever reads one post can write others, so TLS is all that protects it.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from edgeops.webhooks.schemes import keyed, seam
from edgeops.webhooks.schemes.seam import JSON_TYPES, Config, Draft, LiveSecret, Post, Proof, UnprovenError

TITLE = "Token in a header"
TOLERANCE_SECONDS: int | None = None
CONTENT_TYPES: Sequence[str] = (*JSON_TYPES, "text/plain")
HAS_SECRET = True

DEFAULTS = {"header": "x-api-key", "prefix": "", "id_header": ""}

new_secret = keyed.new_secret
check_secret = keyed.check_secret


def check_config(config: Config) -> dict[str, Any]:
    """`header` and `prefix` around the token; `id_header` where the sender names its messages."""
    seam.no_config(config, known=tuple(DEFAULTS))
    return {
        "header": seam.header_name(config.get("header", DEFAULTS["header"]), "header"),
        "prefix": seam.header_text(config.get("prefix", ""), "prefix"),
        "id_header": seam.header_name(config.get("id_header", ""), "id_header", is_optional=True),
    }


def verify(
    post: Post, config: Config, live: Sequence[LiveSecret], *, now: datetime, tolerance_seconds: int | None
) -> Proof:
    """Compare the header with every live token."""
    (given,) = seam.required(post, config["header"])
    message_id = seam.optional_id(post, config["id_header"])
    # As bytes: compare_digest raises on text outside ASCII.
    sent = given.encode("utf-8", "surrogateescape")
    for one in live:
        if one.secret and hmac.compare_digest(f"{config['prefix']}{one.secret}".encode(), sent):
            return Proof(one.label, message_id, is_id_signed=False)
    raise UnprovenError("The token is not a live one of this endpoint.")


def sign(secret: str, config: Config, draft: Draft) -> dict[str, str]:
    """The headers the sender adds."""
    name = {config["id_header"]: draft.message_id} if config["id_header"] else {}
    return {config["header"]: f"{config['prefix']}{secret}", **name}
