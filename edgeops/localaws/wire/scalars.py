"""Scalars on the wire: text to Python values and back, in the form each protocol uses."""

import base64
import math
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from botocore.model import Shape

SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def from_wire(shape: Shape, raw: object) -> object:
    """Read one scalar of a request; raises ValueError when it is not of its type."""
    match shape.type_name:
        case "timestamp":
            return instant(raw)
        case "blob":
            return base64.b64decode(str(raw))
        case "boolean":
            return raw if isinstance(raw, bool) else str(raw).lower() == "true"
        case "integer" | "long":
            return int(str(raw))
        case "float" | "double":
            return SPECIAL_FLOATS[raw] if isinstance(raw, str) and raw in SPECIAL_FLOATS else float(str(raw))
        case _:
            return raw


def to_text(shape: Shape, value: object, *, timestamp_format: str = "iso8601") -> str:
    """Write one scalar as text, for XML, query strings and headers."""
    match shape.type_name:
        case "timestamp":
            return str(timestamp(value, shape.serialization.get("timestampFormat", timestamp_format)))
        case "blob":
            return base64.b64encode(_bytes(value)).decode()
        case "boolean":
            return "true" if value else "false"
        case "float" | "double":
            return str(_float_to_json(value))
        case _:
            return str(value)


def to_json(shape: Shape, value: object) -> object:
    """Write one scalar as a JSON value."""
    match shape.type_name:
        case "timestamp":
            return timestamp(value, shape.serialization.get("timestampFormat", "unixtimestamp"))
        case "blob":
            return base64.b64encode(_bytes(value)).decode()
        case "float" | "double":
            return _float_to_json(value)
        case _:
            return value


def instant(raw: object) -> datetime:
    """Read a timestamp in any of AWS's three forms: epoch seconds, ISO 8601, RFC 822."""
    if isinstance(raw, datetime):
        return raw
    text = str(raw)
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        pass
    if text[:1].isalpha():
        return parsedate_to_datetime(text)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def timestamp(value: object, form: str) -> float | str:
    """Write a timestamp; epoch numbers pass through where the protocol speaks epochs."""
    if form.lower() == "unixtimestamp":
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, int | float):
            return value
    moment = value if isinstance(value, datetime) else datetime.fromtimestamp(float(str(value)), UTC)
    if form.lower() == "rfc822":
        return format_datetime(moment.astimezone(UTC), usegmt=True)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _float_to_json(value: object) -> float | str:
    number = float(str(value))
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
