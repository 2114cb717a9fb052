"""Reading a body nobody has promised anything about: strict JSON of bounded depth, or a named refusal."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

BOM = b"\xef\xbb\xbf"
MAX_DEPTH = 64
MAX_TYPE_LENGTH = 100


class PayloadError(Exception):
    """The body cannot be read; the text says why, for the event log."""


@dataclass(frozen=True)
class Payload:
    """An event in the shape Standard Webhooks recommends: a type, and data about what changed."""

    type: str
    data: dict[str, Any]


def event(body: bytes) -> Payload:
    """Parse a body; raises PayloadError for anything but one JSON object with a `type`."""
    found = read(body)
    if not isinstance(found, dict):
        raise PayloadError("The body is not a JSON object.")
    kind, data = found.get("type"), found.get("data", {})
    if not isinstance(kind, str) or not kind or len(kind) > MAX_TYPE_LENGTH or not kind.isprintable():
        raise PayloadError(f"The body has no `type` that is a text of up to {MAX_TYPE_LENGTH} printable characters.")
    if not isinstance(data, dict):
        raise PayloadError("The body's `data` is not a JSON object.")
    return Payload(kind, data)


def read(body: bytes) -> Any:
    """The JSON value a body holds, whatever it is; raises PayloadError."""
    try:
        found = json.loads(body.removeprefix(BOM).decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except RecursionError:
        raise PayloadError("The body is nested too deeply to be read.") from None
    except UnicodeDecodeError as error:
        raise PayloadError("The body is not UTF-8.") from error
    except ValueError as error:  # not JSON, or an integer of thousands of digits
        raise PayloadError(f"The body is not JSON: {error}"[:300]) from error
    if _is_deeper(found, MAX_DEPTH):
        raise PayloadError(f"The body is nested more than {MAX_DEPTH} deep.")
    return found


def _is_deeper(value: Any, depth: int) -> bool:
    """Level by level, so that the depth of the value never is the depth of the stack."""
    level = [value]
    for _ in range(depth + 1):
        level = [inner for one in level for inner in _children(one)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [one for one in inner if isinstance(one, dict | list)]


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise PayloadError(f"The body names {twice[:60]!r} twice in one object; EdgeOps does not guess which is meant.")
    return found
