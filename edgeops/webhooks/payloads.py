"""Reading a body nobody has promised anything about: strict JSON, or a named refusal."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

MAX_TYPE_LENGTH = 100
BOM = b"\xef\xbb\xbf"


class PayloadError(Exception):
    """The body cannot be used by a rule; the text says why, for the event log."""


@dataclass(frozen=True)
class Payload:
    """An event in the shape Standard Webhooks recommends: a type, and data about what changed."""

    type: str
    data: dict[str, Any]


def read(body: bytes) -> Payload:
    """Parse a body; raises PayloadError for anything but one JSON object with a `type`."""
    try:
        found = json.loads(body.removeprefix(BOM).decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except RecursionError:
        raise PayloadError("The body is nested too deeply to be read.") from None
    except UnicodeDecodeError as error:
        raise PayloadError("The body is not UTF-8.") from error
    except ValueError as error:  # not JSON, or an integer of thousands of digits
        raise PayloadError(f"The body is not JSON: {error}"[:300]) from error
    if not isinstance(found, dict):
        raise PayloadError("The body is not a JSON object.")
    kind, data = found.get("type"), found.get("data", {})
    if not isinstance(kind, str) or not kind or len(kind) > MAX_TYPE_LENGTH or not kind.isprintable():
        raise PayloadError(f"The body has no `type` that is a text of up to {MAX_TYPE_LENGTH} printable characters.")
    if not isinstance(data, dict):
        raise PayloadError("The body's `data` is not a JSON object.")
    return Payload(kind, data)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise PayloadError(f"The body names {twice[:60]!r} twice in one object; EdgeOps does not guess which is meant.")
    return found
