"""Reading a body nobody has promised anything about: strict JSON of bounded depth, or a named refusal."""

import json
from collections import Counter
from typing import Any

BOM = b"\xef\xbb\xbf"
MAX_DEPTH = 64


class PayloadError(Exception):
    """The body cannot be read; the text says why, for the event log."""


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
