"""Pins: which repositories, shops or topics an endpoint takes events of, checked against the event itself.

A header that nobody signs proves nothing, so a pin on the body is worth more than one on a header.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from edgeops.webhooks import expressions
from edgeops.webhooks.expressions import ExpressionError
from edgeops.webhooks.schemes.seam import ConfigError
from edgeops.webhooks.trying import Document

MAX_PINS, MAX_VALUES = 10, 100


def check(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Pins as stored: `at`, a JMESPath, and `one_of`, the texts it may find; raises ConfigError."""
    if len(given) > MAX_PINS:
        raise ConfigError(f"An endpoint has up to {MAX_PINS} pins.")
    return [_checked(pin) for pin in given]


def mismatch(pins: Sequence[Mapping[str, Any]], document: Document) -> str:
    """The first pin an event does not meet, in words; empty when it meets them all."""
    whole = {"headers": dict(document.headers), "body": document.body}
    for pin in pins:
        try:
            found = expressions.search(pin["at"], whole)
        except ExpressionError as error:
            return f"The pin on {pin['at']} cannot be checked: {error}"
        # A number is pinned as it is written: 186853002 for a repository's id.
        text = str(found) if isinstance(found, int) and not isinstance(found, bool) else found
        if text not in pin["one_of"]:
            return f"{pin['at']} is {_told(text)}; this endpoint takes {', '.join(pin['one_of'][:5])}."
    return ""


def _told(found: Any) -> str:
    """What stands there, for the log; of what holds more only its kind, as it may hold any amount."""
    if isinstance(found, list | dict):
        return "a list" if isinstance(found, list) else "an object"
    return repr(str(found)[:100])


def _checked(pin: Mapping[str, Any]) -> dict[str, Any]:
    at, one_of = pin.get("at"), pin.get("one_of")
    if not isinstance(at, str) or not isinstance(one_of, list) or set(pin) != {"at", "one_of"}:
        raise ConfigError("A pin says where (at) and what may stand there (one_of).")
    if not 1 <= len(one_of) <= MAX_VALUES or not all(isinstance(one, str) and one.strip() for one in one_of):
        raise ConfigError(f"A pin lists 1 to {MAX_VALUES} texts that may stand at {at}.")
    try:
        return {"at": expressions.check(at), "one_of": [one.strip() for one in one_of]}
    except ExpressionError as error:
        raise ConfigError(f"The pin on {at}: {error}") from error
