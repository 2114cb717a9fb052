"""Reading segment documents: the facts of one segment, whatever else is in it.

Documents come from whoever was instrumented, so every field may be missing or of another type than promised; what
cannot be read is left out, never guessed.
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

type Json = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
type Document = Mapping[str, Json]

STATES = ("fault", "throttle", "error")


@dataclass(frozen=True, slots=True)
class TraceException:
    """An exception a segment ended with; `frames` are "path:line label", innermost first."""

    kind: str
    message: str
    is_remote: bool
    frames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """What one segment or subsegment says of itself; times are epoch seconds."""

    name: str
    origin: str
    start: float | None
    end: float | None
    state: str
    is_in_progress: bool
    is_inferred: bool
    method: str
    url: str
    status: int | None
    exceptions: tuple[TraceException, ...]
    annotations: tuple[tuple[str, str], ...]
    raw: str


def read(document: Document, causes: Mapping[str, TraceException]) -> Span:
    """The facts of one document, its subsegments aside; `causes` are the exceptions others refer to by id."""
    http = _mapping(document.get("http"))
    request, response = _mapping(http.get("request")), _mapping(http.get("response"))
    start, end = number(document.get("start_time")), number(document.get("end_time"))
    return Span(
        name=text(document.get("name")) or "unnamed",
        origin=text(document.get("origin")) or text(document.get("namespace")),
        start=start,
        end=end if start is None or end is None or end >= start else start,
        state=next((state for state in STATES if document.get(state) is True), "ok"),
        is_in_progress=document.get("in_progress") is True or end is None,
        is_inferred=document.get("inferred") is True,
        method=text(request.get("method")),
        url=text(request.get("url")),
        status=_status(response.get("status")),
        exceptions=_exceptions(document.get("cause"), causes),
        annotations=tuple((key, _shown(value)) for key, value in _mapping(document.get("annotations")).items()),
        raw=json.dumps({key: value for key, value in document.items() if key != "subsegments"}, indent=2),
    )


def subsegments(document: Document) -> list[Document]:
    """The subsegments nested in a document."""
    return _mappings(document.get("subsegments"))


def causes(documents: Iterable[Document]) -> dict[str, TraceException]:
    """Every exception that has an id, for the segments that only refer to it."""
    found = (exception for document in documents for exception in _cause_exceptions(document.get("cause")))
    return {text(raw.get("id")): _exception(raw) for raw in found if text(raw.get("id"))}


def number(value: Json) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e12 else None  # also refuses NaN and infinity; 1e12 s is the year 33658


def text(value: Json) -> str:
    """A string, or nothing."""
    return value if isinstance(value, str) else ""


def _status(value: Json) -> int | None:
    status = number(value)
    return None if status is None else int(status)


def _exceptions(cause: Json, known: Mapping[str, TraceException]) -> tuple[TraceException, ...]:
    if isinstance(cause, str):
        return (known[cause],) if cause in known else ()
    return tuple(_exception(raw) for raw in _cause_exceptions(cause))


def _cause_exceptions(cause: Json) -> list[Document]:
    return _mappings(_mapping(cause).get("exceptions"))


def _exception(raw: Document) -> TraceException:
    return TraceException(
        kind=text(raw.get("type")) or "Exception",
        message=text(raw.get("message")),
        is_remote=raw.get("remote") is True,
        frames=tuple(_frame(frame) for frame in _mappings(raw.get("stack"))),
    )


def _frame(frame: Document) -> str:
    line = number(frame.get("line"))
    place = text(frame.get("path")) + ("" if line is None else f":{line:.0f}")
    return f"{place} {text(frame.get('label'))}".strip()


def _shown(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _mapping(value: Json) -> Document:
    return value if isinstance(value, dict) else {}


def _mappings(value: Json) -> list[Document]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
