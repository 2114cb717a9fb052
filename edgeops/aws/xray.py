"""X-Ray: trace summaries of a window, and the segment documents of single traces.

Reference: https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html and API_BatchGetTraces.html
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore import xform_name

from edgeops.aws.clients import OWN, Access, Meter, client
from edgeops.aws.errors import InvalidError, translated

MAX_SUMMARIES = 1_000
# X-Ray may answer pages without a match, so the number of pages needs a limit of its own.
MAX_PAGES = 100
TRACES_PER_CALL = 5


@dataclass(frozen=True, slots=True)
class Summary:
    """One trace as GetTraceSummaries tells it; times in seconds, None where X-Ray says nothing."""

    trace_id: str
    started_at: datetime
    duration_seconds: float | None
    response_seconds: float | None
    has_fault: bool
    has_error: bool
    has_throttle: bool
    is_partial: bool
    url: str
    method: str
    status: int | None
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """The summaries of a window, newest first; `is_capped` when X-Ray had more than were read."""

    summaries: tuple[Summary, ...]
    traces_processed: int
    is_capped: bool


@dataclass(frozen=True, slots=True)
class TraceData:
    """The segments of one trace, parsed; `limit_exceeded` when X-Ray itself holds only a part of them."""

    trace_id: str
    segments: tuple[dict[str, Any], ...]
    limit_exceeded: bool


class XRay:
    """X-Ray in one region. Every verb raises AwsError; `meter` hears of each request with what it is billed by."""

    def __init__(self, region: str, meter: Meter, access: Access = OWN) -> None:
        self._boto = client("xray", region, access)
        self._meter = meter

    def summaries(self, start: datetime, end: datetime, filter_expression: str) -> SummaryPage:
        """Traces that started in [start, end) and match, all pages up to the newest 1,000."""
        found: list[Summary] = []
        processed, token = 0, ""
        for _ in range(MAX_PAGES):
            more = {"NextToken": token} if token else {}
            answer = self._call(
                "GetTraceSummaries",
                _processed,
                StartTime=start,
                EndTime=end,
                FilterExpression=filter_expression,
                **more,
            )
            found.extend(_summary(raw) for raw in answer.get("TraceSummaries", []))
            processed += _processed(answer)
            token = answer.get("NextToken") or ""
            if not token or len(found) >= MAX_SUMMARIES:
                break
        is_capped = bool(token) or len(found) > MAX_SUMMARIES
        return SummaryPage(tuple(found[:MAX_SUMMARIES]), processed, is_capped)

    def traces(self, trace_ids: Sequence[str]) -> list[TraceData]:
        """The segments of these traces; an id X-Ray does not hold is left out."""
        found: list[TraceData] = []
        for first in range(0, len(trace_ids), TRACES_PER_CALL):
            found.extend(self._batch(list(trace_ids[first : first + TRACES_PER_CALL])))
        return found

    def _batch(self, trace_ids: list[str]) -> list[TraceData]:
        parts: dict[str, TraceData] = {}
        token = ""
        for _ in range(MAX_PAGES):
            more = {"NextToken": token} if token else {}
            answer = self._call("BatchGetTraces", _retrieved, TraceIds=trace_ids, **more)
            for raw in answer.get("Traces", []):
                part = _trace(raw)
                parts[part.trace_id] = _joined(parts[part.trace_id], part) if part.trace_id in parts else part
            token = answer.get("NextToken") or ""
            if not token:
                break
        return list(parts.values())

    def _call(self, operation: str, billed: Callable[[dict[str, Any]], int], **parameters: Any) -> dict[str, Any]:
        units = 0
        try:
            with translated(f"xray:{operation}"):
                answer: dict[str, Any] = getattr(self._boto, xform_name(operation))(**parameters)
            units = billed(answer)
            return answer
        finally:
            self._meter("xray", operation, units)


def _processed(answer: dict[str, Any]) -> int:
    return int(answer.get("TracesProcessedCount") or 0)


def _retrieved(answer: dict[str, Any]) -> int:
    return len(answer.get("Traces", []))


def _summary(raw: dict[str, Any]) -> Summary:
    http = raw.get("Http", {})
    services = (service for service in raw.get("ServiceIds", []) if service.get("Type") != "client")
    return Summary(
        trace_id=raw["Id"],
        started_at=raw["StartTime"].astimezone(UTC) if "StartTime" in raw else started_at(raw["Id"]),
        duration_seconds=raw.get("Duration"),
        response_seconds=raw.get("ResponseTime"),
        has_fault=raw.get("HasFault", False),
        has_error=raw.get("HasError", False),
        has_throttle=raw.get("HasThrottle", False),
        is_partial=raw.get("IsPartial", False),
        url=http.get("HttpURL", ""),
        method=http.get("HttpMethod", ""),
        status=http.get("HttpStatus"),
        services=tuple(dict.fromkeys(service["Name"] for service in services if service.get("Name"))),
    )


def started_at(trace_id: str) -> datetime:
    """The second a trace began, which its id carries.

    https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html
    """
    return datetime.fromtimestamp(int(trace_id.split("-")[1], 16), UTC)


def _trace(raw: dict[str, Any]) -> TraceData:
    segments = tuple(_document(segment["Document"]) for segment in raw.get("Segments", []))
    return TraceData(raw["Id"], segments, raw.get("LimitExceeded", False))


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise InvalidError("xray:BatchGetTraces", "MalformedDocument", f"a segment is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidError("xray:BatchGetTraces", "MalformedDocument", "a segment is not a JSON object")
    return document


def _refuse(constant: str) -> None:
    """Python reads NaN and Infinity; JSON, and the database, know neither."""
    raise ValueError(f"{constant} is not a JSON number")


def _joined(one: TraceData, other: TraceData) -> TraceData:
    return TraceData(one.trace_id, one.segments + other.segments, one.limit_exceeded or other.limit_exceeded)
