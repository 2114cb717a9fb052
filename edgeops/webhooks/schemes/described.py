"""HMAC described by fields: Contentful, Sanity, Strapi and house-made senders, without code for each.

The description says which header holds the signature, how it is written, and what exactly was signed.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self

from edgeops.webhooks.schemes import keyed, seam
from edgeops.webhooks.schemes.seam import (
    JSON_TYPES,
    Config,
    ConfigError,
    Draft,
    LiveSecret,
    MalformedError,
    Post,
    Proof,
    UnprovenError,
)

TITLE = "HMAC, described"
TOLERANCE_SECONDS: int | None = 300
CONTENT_TYPES: Sequence[str] = (*JSON_TYPES, "text/plain")
HAS_SECRET = True

DIGESTS, ENCODINGS, UNITS = ("sha256", "sha512"), ("hex", "base64", "base64url"), ("s", "ms")
PLACEHOLDER = re.compile(r"\{(id|timestamp|method|path|headers|body)\}")
FIELD = re.compile(r"[A-Za-z0-9_-]{1,40}")
MAX_SIGNATURES, MAX_SIGNED_HEADERS = 10, 30

new_secret = keyed.new_secret
check_secret = keyed.check_secret


@dataclass(frozen=True)
class Description:
    """How a sender signs.

    `signature_field` and `timestamp_field` name parts of a header written as `t=…,v1=…`. `headers_header` names the
    header that lists which headers `{headers}` stands for, as `name:value;name:value`.
    """

    header: str = "x-webhook-signature"
    digest: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    signed: str = "{body}"
    id_header: str = ""
    timestamp_header: str = ""
    timestamp_unit: str = "s"
    signature_field: str = ""
    timestamp_field: str = ""
    headers_header: str = ""

    @classmethod
    def of(cls, config: Config) -> Self:
        """The description that was stored."""
        return cls(**config)

    @property
    def has_time(self) -> bool:
        """Whether a time comes with a post."""
        return bool(self.timestamp_header or self.timestamp_field)


def check_config(config: Config) -> dict[str, Any]:
    """The description in full; raises ConfigError for one that cannot be followed, or proves less than it seems to."""
    seam.no_config(config, known=[field.name for field in fields(Description)])
    if unusual := [name for name, value in config.items() if not isinstance(value, str)]:
        raise ConfigError(f"{', '.join(unusual)}: a text is expected.")
    found = Description.of(config)
    for name, allowed in (("digest", DIGESTS), ("encoding", ENCODINGS), ("timestamp_unit", UNITS)):
        if getattr(found, name) not in allowed:
            raise ConfigError(f"{name} is one of {', '.join(allowed)}.")
    for name in ("signature_field", "timestamp_field"):
        if getattr(found, name) and not FIELD.fullmatch(getattr(found, name)):
            raise ConfigError(f"{name} is a short name, as v1.")
    seam.header_text(found.prefix, "prefix")
    _check_signed(found)
    optional = ("id_header", "timestamp_header", "headers_header")
    return asdict(found) | {
        "header": seam.header_name(found.header, "header"),
        **{name: seam.header_name(getattr(found, name), name, is_optional=True) for name in optional},
    }


def verify(
    post: Post, config: Config, live: Sequence[LiveSecret], *, now: datetime, tolerance_seconds: int | None
) -> Proof:
    """Check a post as its description says."""
    how = Description.of(config)
    (header,) = seam.required(post, how.header)
    given, timestamp = _read(how, header, post)
    message_id = seam.optional_id(post, how.id_header)
    if "{id}" in how.signed:
        _check_id(how, message_id)
    if how.has_time:
        at = seam.seconds(timestamp, "The signed time", unit=how.timestamp_unit)
        seam.refuse_stale(at, "The signed time", now=now, tolerance_seconds=tolerance_seconds)
    signed = _signed(how, post, message_id or "", timestamp)
    label = keyed.label_of(live, signed, given, how.digest)
    return Proof(label, message_id, is_id_signed="{id}" in how.signed)


def sign(secret: str, config: Config, draft: Draft) -> dict[str, str]:
    """The headers such a sender adds."""
    how = Description.of(config)
    timestamp = str(int(draft.at.timestamp() * (1 if how.timestamp_unit == "s" else 1000))) if how.has_time else ""
    headers = {how.id_header: draft.message_id} if how.id_header else {}
    if how.timestamp_header:
        headers[how.timestamp_header] = timestamp
    if how.headers_header:
        headers[how.headers_header] = ",".join(sorted([*headers, how.headers_header]))
    post = Post(headers, draft.body, draft.path)
    mac = keyed.mac(secret, _signed(how, post, draft.message_id, timestamp), how.digest)
    text = how.prefix + _written(mac, how.encoding)
    if how.signature_field:
        time = f"{how.timestamp_field}={timestamp}," if how.timestamp_field else ""
        text = f"{time}{how.signature_field}={text}"
    return headers | {how.header: text}


def _check_signed(found: Description) -> None:
    names = PLACEHOLDER.findall(found.signed)
    if names.count("body") != 1 or len(found.signed) > 200:
        raise ConfigError("signed holds {body} once, and up to 200 characters: as {timestamp}.{body}.")
    if "{" in PLACEHOLDER.sub("", found.signed):
        raise ConfigError("signed knows {id}, {timestamp}, {method}, {path}, {headers} and {body}, and no other brace.")
    if "id" in names and not found.id_header:
        raise ConfigError("signed holds {id}, so id_header has to say where it comes from.")
    if ("headers" in names) != bool(found.headers_header):
        raise ConfigError("{headers} in signed and headers_header need each other.")
    if "timestamp" in names and not found.has_time:
        raise ConfigError("signed holds {timestamp}, so timestamp_header or timestamp_field has to be named.")
    _check_time(found, names)


def _check_time(found: Description, names: list[str]) -> None:
    if found.has_time and not {"timestamp", "headers"} & set(names):
        raise ConfigError("A time that is not signed proves nothing: put {timestamp} into signed, or name no time.")
    if found.timestamp_field and not found.signature_field:
        raise ConfigError("timestamp_field is part of a list t=…,v1=…, so signature_field has to be named too.")
    if found.timestamp_field and found.timestamp_header:
        raise ConfigError("The time comes from timestamp_header or from timestamp_field, not from both.")


def _check_id(how: Description, message_id: str | None) -> None:
    if message_id is None:
        raise UnprovenError(f"Missing or empty: {how.id_header}.")
    # What separates the parts that are signed: an id holding it could be cut in two ways.
    if set(PLACEHOLDER.sub("", how.signed)) & set(message_id):
        raise MalformedError(f"{how.id_header} holds a character that separates what is signed.")


def _read(how: Description, header: str, post: Post) -> tuple[list[bytes], str]:
    """The signatures as bytes, and the time as text."""
    timestamp = post.headers.get(how.timestamp_header, "") if how.timestamp_header else ""
    texts = [header]
    if how.signature_field:
        parts = [part.strip().partition("=") for part in header.split(",")]
        texts = [value for name, _, value in parts if name == how.signature_field]
        times = [value for name, _, value in parts if name == how.timestamp_field]
        if len(times) > 1 or not texts:
            raise MalformedError(f"{how.header} is not a list with one time and {how.signature_field}=….")
        timestamp = times[0] if times else timestamp
    if how.has_time and not timestamp:
        raise UnprovenError("The signed time is missing.")
    if len(texts) > MAX_SIGNATURES:
        raise MalformedError(f"{how.header} holds more than {MAX_SIGNATURES} signatures.")
    return [_decoded(how, text) for text in texts], timestamp


def _decoded(how: Description, text: str) -> bytes:
    if not text.startswith(how.prefix) or not text.isascii():
        raise MalformedError(f"{how.header} does not start with {how.prefix!r}, or holds something outside ASCII.")
    text = text.removeprefix(how.prefix)
    try:
        if how.encoding == "hex":
            return binascii.unhexlify(text)
        if how.encoding == "base64":
            return base64.b64decode(text, validate=True)
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise MalformedError(f"{how.header} is not {how.encoding}.") from error


def _written(mac: bytes, encoding: str) -> str:
    if encoding == "hex":
        return mac.hex()
    if encoding == "base64":
        return base64.b64encode(mac).decode()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def _signed(how: Description, post: Post, message_id: str, timestamp: str) -> bytes:
    """What the sender signed. One pass: a value that looks like a placeholder stays what it is."""
    before, _, after = how.signed.partition("{body}")
    values = {"id": message_id, "timestamp": timestamp, "method": "POST", "path": post.path}
    if how.headers_header:
        values["headers"] = _listed(how, post)

    def fill(text: str) -> bytes:
        return PLACEHOLDER.sub(lambda match: values[match[1]], text).encode("utf-8", "surrogateescape")

    return fill(before) + post.body + fill(after)


def _listed(how: Description, post: Post) -> str:
    """The headers the sender lists as signed; list and time have to be among them, or they could be changed."""
    names = [name.strip().lower() for name in seam.required(post, how.headers_header)[0].split(",")]
    if len(names) > MAX_SIGNED_HEADERS:
        raise MalformedError(f"{how.headers_header} lists more than {MAX_SIGNED_HEADERS} headers.")
    if how.headers_header not in names:
        raise UnprovenError(f"{how.headers_header} does not list itself, so which headers are signed is not.")
    if how.timestamp_header and how.timestamp_header not in names and "{timestamp}" not in how.signed:
        raise UnprovenError(f"{how.headers_header} does not list {how.timestamp_header}, so the time is not signed.")
    return ";".join(f"{name}:{post.headers.get(name, '')}" for name in names)
