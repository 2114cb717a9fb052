"""What every scheme takes and gives: a post and live secrets in, a proof or a named refusal out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

type Config = Mapping[str, Any]

# An id is stored, shown and part of what is signed: printable ASCII, without spaces.
MESSAGE_ID = re.compile(r"[!-~]{1,200}")
SECONDS = re.compile(r"0|[1-9][0-9]{0,10}")
MILLISECONDS = re.compile(r"[1-9][0-9]{9,13}")
HEADER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
JSON_TYPES = ("application/json", "+json")


class SignatureError(Exception):
    """The post is not proven to come from the sender. The text is for the event log, never for the sender."""


class MalformedError(SignatureError):
    """The headers are not what the scheme asks for."""


class UnprovenError(SignatureError):
    """A header is missing, the time is outside the window, or no signature fits."""


class CannotVerifyError(Exception):
    """Neither proven nor refuted: what is needed cannot be had just now, so the sender has to come again."""


class ConfigError(Exception):
    """The scheme's settings cannot be used; the text says which and why, to the person who typed them."""


class SecretError(ValueError):
    """A secret the scheme cannot verify with; the text says what is asked for."""


@dataclass(frozen=True)
class Post:
    """One post as it came: header names in lower case, the raw bytes, and the path it was sent to with its query."""

    headers: Mapping[str, str]
    body: bytes
    path: str = ""


@dataclass(frozen=True)
class LiveSecret:
    """A secret that may sign now, and the label it is known by."""

    label: str
    secret: str


@dataclass(frozen=True)
class Proof:
    """What a good signature proves: by which secret, and which message this is.

    `is_id_signed` False: somebody who captured a post can send it again under another id. `is_control`: a message
    about the connection itself, as a ping; no rule is run on it.
    """

    label: str
    message_id: str | None
    is_id_signed: bool = True
    is_control: bool = False


@dataclass(frozen=True)
class Draft:
    """A post yet to be signed: for the snippets people copy, the demo and the tests."""

    message_id: str
    at: datetime
    body: bytes
    path: str = ""
    topic: str = ""


class Scheme(Protocol):
    """One way to sign. Its modules are stateless; an endpoint brings settings and secrets."""

    TITLE: str
    # How far the signed time may be from now unless the endpoint says otherwise; None: no time is signed.
    TOLERANCE_SECONDS: int | None
    # Media types the sender posts; one starting with + is a suffix.
    CONTENT_TYPES: Sequence[str]
    # Whether sender and endpoint share a secret.
    HAS_SECRET: bool

    def check_config(self, config: Config) -> dict[str, Any]:
        """The settings to store, in full; raises ConfigError."""

    def check_secret(self, secret: str) -> str:
        """The secret, when posts can be verified with it; raises SecretError."""

    def new_secret(self) -> str:
        """A secret to hand to a sender, once."""

    def verify(
        self, post: Post, config: Config, live: Sequence[LiveSecret], *, now: datetime, tolerance_seconds: int | None
    ) -> Proof:
        """Check a post against every live secret; raises MalformedError, UnprovenError or CannotVerifyError."""

    def sign(self, secret: str, config: Config, draft: Draft) -> dict[str, str]:
        """The headers a sender adds."""


def required(post: Post, *names: str) -> list[str]:
    """The values of headers that must be there; raises UnprovenError naming them all when one is missing or empty."""
    found = [post.headers.get(name, "") for name in names]
    if not all(found):
        raise UnprovenError(f"Missing or empty: {', '.join(n for n, v in zip(names, found, strict=True) if not v)}.")
    return found


def message_id(text: str, name: str) -> str:
    """An id that can be stored and shown; raises MalformedError."""
    if not MESSAGE_ID.fullmatch(text):
        raise MalformedError(f"{name} holds a space or something outside ASCII, or is longer than 200 characters.")
    return text


def seconds(text: str, name: str, *, unit: str = "s") -> float:
    """A time as whole seconds or milliseconds since 1970, nothing that only looks like it; raises MalformedError."""
    pattern, divisor, word = (SECONDS, 1, "seconds") if unit == "s" else (MILLISECONDS, 1000, "milliseconds")
    if not pattern.fullmatch(text):
        raise MalformedError(f"{name} is not a whole number of {word} since 1970.")
    return int(text) / divisor


def refuse_stale(at: float, name: str, *, now: datetime, tolerance_seconds: int | None) -> None:
    """Raise UnprovenError when a signed time is further from now than allowed; None allows any."""
    # Whole seconds, as senders count them: 300 s and a half are still 300 s.
    if tolerance_seconds is not None and abs(int(now.timestamp()) - int(at)) > tolerance_seconds:
        raise UnprovenError(f"{name} is more than {tolerance_seconds} s from now; check the sender's clock.")


def no_config(config: Config, *, known: Sequence[str] = ()) -> None:
    """Raise ConfigError when there is a setting the scheme does not know."""
    if unknown := sorted(set(config) - set(known)):
        raise ConfigError(f"Unknown: {', '.join(unknown)}.")


def header_name(text: object, field: str, *, is_optional: bool = False) -> str:
    """A header's name in lower case; raises ConfigError naming the field."""
    name = text.strip().lower() if isinstance(text, str) else ""
    if is_optional and text == "":
        return ""
    if not HEADER_NAME.fullmatch(name):
        raise ConfigError(f"{field} is a header's name: letters, digits and hyphens.")
    return name


def header_text(text: object, field: str) -> str:
    """A short printable piece of a header's value; raises ConfigError naming the field."""
    if not isinstance(text, str) or not text.isascii() or not text.isprintable() or len(text) > 100:
        raise ConfigError(f"{field} is up to 100 printable ASCII characters.")
    return text


def optional_id(post: Post, name: str) -> str | None:
    """The message's id where the sender gives one in a header; raises MalformedError when it cannot be stored."""
    text = post.headers.get(name, "") if name else ""
    return message_id(text, name) if text else None
