"""CloudWatch: GetMetricData and ListMetrics over the simulated traffic."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zlib import crc32

from edgeops.localaws import listing, metrics, queries
from edgeops.localaws.faults import Fault
from edgeops.localaws.queries import Query, Window
from edgeops.localaws.readings import Memory, Points, Reading
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params

COMPLETE, PARTIAL = "Complete", "PartialData"
SMALL_PAGE = 4


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where the next page begins; it keeps the moment of the first page, so that late data moves nothing."""

    now: float
    query: int
    offset: int
    request: int

    def token(self) -> str:
        """The bookmark as an opaque token."""
        return base64.urlsafe_b64encode(json.dumps([self.now, self.query, self.offset, self.request]).encode()).decode()

    @classmethod
    def of(cls, token: str) -> "Bookmark":
        """Read a token; raises ValueError or TypeError when it is none of ours."""
        now, query, offset, request = json.loads(base64.urlsafe_b64decode(token))
        return cls(float(now), int(query), int(offset), int(request))


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of CloudWatch, by name."""
    world = simulation.world
    memory = Memory()
    catalogues = {account.id: metrics.catalogue(world.apis_of(account)) for account in world.accounts}

    def get_metric_data(params: Params, context: Context) -> Params:
        bookmark = _bookmark(params, context.now)
        window = queries.window(params, now=bookmark.now)
        asked = queries.queries(params, region=context.region)
        if not params.get("NextToken"):
            simulation.meter.metrics(len(asked))
        additional = {api.slug for api in world.apis_of(context.account) if simulation.has_additional_metrics(api)}
        catalogue, delay = catalogues[context.account.id], simulation.settings.delay_seconds
        traffic = simulation.traffic
        reading = Reading(catalogue, additional, traffic, bookmark.now, delay, memory.under(traffic))
        page, following = _page(reading, params, asked, window, bookmark, faults=context.faults)
        result: Params = {"MetricDataResults": page, "Messages": []}
        if following is None:
            return result
        return {**result, "NextToken": replace(following, request=_fingerprint(params)).token()}

    def list_metrics(params: Params, context: Context) -> Params:
        additional = {api.slug for api in world.apis_of(context.account) if simulation.has_additional_metrics(api)}
        return listing.list_metrics(
            params,
            catalogues[context.account.id],
            region=context.region,
            exists=lambda series: not series.is_additional or series.api in additional,
            activity=listing.Activity(simulation.traffic, context.now),
        )

    return {"GetMetricData": get_metric_data, "ListMetrics": list_metrics}


def _page(
    reading: Reading,
    params: Params,
    asked: Sequence[Query],
    window: Window,
    bookmark: Bookmark,
    *,
    faults: Sequence[Fault],
) -> tuple[list[Params], Bookmark | None]:
    """As many results as a page holds, series after series, and where the next page begins."""
    room = queries.most_datapoints(params)
    if any(fault.kind == "small_pages" for fault in faults):
        room = min(room, SMALL_PAGE * len(asked))
    newest_first = queries.is_descending(params)
    results: list[Params] = []
    offset = bookmark.offset
    for position in range(bookmark.query, len(asked)):
        if room == 0:
            return results, replace(bookmark, query=position, offset=0)
        points, spoilt = _spoilt(asked[position], faults, reading.points(asked[position], window))
        ordered = points[::-1] if newest_first else points
        part = ordered[offset : offset + room]
        offset += len(part)
        room -= len(part)
        results.append(_result(asked[position], part, spoilt or (COMPLETE if offset == len(points) else PARTIAL)))
        if offset < len(points):
            return results, replace(bookmark, query=position, offset=offset)
        offset = 0
    return results, None


def _spoilt(query: Query, faults: Sequence[Fault], points: Points) -> tuple[Points, str]:
    """What a fault leaves of a result, and the status it gives it; an empty one where nothing is wrong."""
    _, namespace, metric, _ = query.key
    fault = next((fault for fault in faults if fault.spoils(namespace, metric)), None)
    match fault.kind if fault else "":
        case "":
            return points, ""
        case "partial_data":
            return points[: len(points) - max(1, len(points) // 3)] if points else [], PARTIAL
        case kind:
            return [], {"internal_error": "InternalError", "forbidden": "Forbidden"}[kind]


def _result(query: Query, points: Points, status: str) -> Params:
    return {
        "Id": query.id,
        "Label": query.label,
        "Timestamps": [at for at, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": status,
    }


def _bookmark(params: Params, now: float) -> Bookmark:
    """Begin, or go on where the token says; a token of another request is refused."""
    token = params.get("NextToken")
    if not token:
        return Bookmark(now, 0, 0, 0)
    try:
        bookmark = Bookmark.of(token)
    except (ValueError, TypeError) as error:
        raise AwsError("InvalidNextToken", "The next token specified is invalid.") from error
    if bookmark.request != _fingerprint(params):
        raise AwsError("InvalidNextToken", "The next token belongs to a request with other parameters.")
    return bookmark


def _fingerprint(params: Params) -> int:
    asked = {key: value for key, value in params.items() if key != "NextToken"}
    return crc32(json.dumps(asked, sort_keys=True, default=str).encode())
