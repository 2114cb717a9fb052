"""X-Ray: summaries of the traces of a window, and the documents of single traces."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from edgeops.localaws import filters, segments
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.traces import Trace, Tracer
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api

MAX_WINDOW_SECONDS = 86_400
PAGE = 200
MAX_TRACES_A_CALL = 5
INGESTION_SECONDS = 5
TRACE_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of X-Ray, by name."""
    xray = XRay(simulation)
    return {"GetTraceSummaries": xray.get_trace_summaries, "BatchGetTraces": xray.batch_get_traces}


class XRay:
    """Each method is one operation; a trace lives in the account and region of its API only."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._tracer = Tracer(simulation.traffic)

    def get_trace_summaries(self, params: Params, context: Context) -> Params:
        """The traces that began in [StartTime, EndTime) and match, newest first, a page at a time."""
        now, begin = _bookmark(params.get("NextToken"), context.now)
        start, end = _window(params)
        matches = filters.parse(params.get("FilterExpression") or "")
        scanned = list(self._between(start, min(end, now), now, context))
        found = [trace for trace in scanned if matches(trace)]
        page = found[begin : begin + PAGE]
        answer: Params = {
            "TraceSummaries": [_summary(trace) for trace in page],
            "ApproximateTime": datetime.fromtimestamp(now, UTC),
            "TracesProcessedCount": len(scanned) if begin == 0 else 0,
        }
        if begin + PAGE < len(found):
            answer["NextToken"] = base64.urlsafe_b64encode(json.dumps([now, begin + PAGE]).encode()).decode()
        return answer

    def batch_get_traces(self, params: Params, context: Context) -> Params:
        """The segment documents of up to five traces; ids nobody has are told as unprocessed."""
        ids = params.get("TraceIds") or []
        if not 1 <= len(ids) <= MAX_TRACES_A_CALL:
            raise _invalid(f"TraceIds must name 1 to {MAX_TRACES_A_CALL} traces.")
        for trace_id in ids:
            if not TRACE_ID.fullmatch(trace_id):
                raise _invalid(f"Invalid trace id: {trace_id!r}")
        found, unknown = [], []
        for trace_id in ids:
            trace = self._current_tracer().find(trace_id)
            if trace is None or not self._is_here(trace.api, context) or not _is_ingested(trace, context.now):
                unknown.append(trace_id)
            else:
                found.append(_document(trace))
        return {"Traces": found, "UnprocessedTraceIds": unknown}

    def _between(self, start: float, end: float, now: float, context: Context) -> Iterator[Trace]:
        tracer = self._current_tracer()
        apis = self._simulation.world.apis_of(context.account, context.region)
        for minute in range(int(end // 60), int(start // 60) - 1, -1):
            of_minute = [
                trace
                for api in apis
                for trace in tracer.of_minute(api.slug, minute)
                if start <= trace.started_at < end and _is_ingested(trace, now)
            ]
            yield from sorted(of_minute, key=lambda trace: -trace.started_at)

    def _current_tracer(self) -> Tracer:
        traffic = self._simulation.traffic
        if self._tracer.traffic is not traffic:
            self._tracer = Tracer(traffic)
        return self._tracer

    def _is_here(self, api: Api, context: Context) -> bool:
        return (api.account_id, api.region) == (context.account.id, context.region)


def _is_ingested(trace: Trace, now: float) -> bool:
    """X-Ray knows a trace some seconds after its last segment ended."""
    return trace.started_at + trace.duration_seconds + INGESTION_SECONDS <= now


def _window(params: Params) -> tuple[float, float]:
    start, end = params.get("StartTime"), params.get("EndTime")
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise _invalid("StartTime and EndTime are required.")
    if start >= end:
        raise _invalid("StartTime must be before EndTime.")
    if (end - start).total_seconds() > MAX_WINDOW_SECONDS:
        raise _invalid("Time range cannot be longer than 24 hours")
    return start.timestamp(), end.timestamp()


def _bookmark(token: str | None, now: float) -> tuple[float, int]:
    """The moment of the first page and where this one begins."""
    if not token:
        return now, 0
    try:
        first, begin = json.loads(base64.urlsafe_b64decode(token))
        return float(first), int(begin)
    except (ValueError, TypeError) as error:
        raise _invalid("Invalid NextToken.") from error


def _summary(trace: Trace) -> Params:
    services = [
        {"Name": name, "Names": [name], "AccountId": trace.api.account_id, "Type": kind}
        for name, kind in trace.services
    ]
    http: Params = {"HttpStatus": trace.status}
    if trace.url is not None:
        http |= {"HttpURL": trace.url, "HttpMethod": "GET", "UserAgent": segments.USER_AGENT}
    return {
        "Id": trace.id,
        "StartTime": datetime.fromtimestamp(trace.started_at, UTC),
        "Duration": round(trace.duration_seconds, 3),
        "ResponseTime": round(trace.response_seconds, 3),
        "HasFault": trace.is_fault,
        "HasError": trace.is_error,
        "HasThrottle": False,
        "IsPartial": False,
        "Http": http,
        "Annotations": {
            key: [{"AnnotationValue": {"StringValue": value}, "ServiceIds": services[:1]}]
            for key, value in trace.annotations.items()
        },
        "ServiceIds": [*services, {"Name": "client", "Names": [], "Type": "client"}],
        "EntryPoint": services[0],
        "Revision": 1,
    }


def _document(trace: Trace) -> Params:
    documents = segments.of(trace)
    return {
        "Id": trace.id,
        "Duration": round(trace.duration_seconds, 3),
        "LimitExceeded": False,
        "Segments": [{"Id": entry["id"], "Document": json.dumps(entry)} for entry in documents],
    }


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)
