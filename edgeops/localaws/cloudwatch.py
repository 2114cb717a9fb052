"""CloudWatch: GetMetricData over the simulated traffic."""

import base64
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

from edgeops.localaws import metrics, queries, statistics
from edgeops.localaws.metrics import Key, Sample, Series
from edgeops.localaws.queries import Query, Window
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.traffic import Traffic
from edgeops.localaws.wire.messages import AwsError, Params

HISTORY_SECONDS = 15 * 86_400
CLOUDFRONT_DELAY_FACTOR = 1.5

type Points = list[tuple[int, float]]


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


@dataclass(frozen=True, slots=True)
class Reading:
    """The estate as it is known at one moment, epoch seconds; `additional` are the APIs with additional metrics."""

    catalogue: Mapping[Key, Series]
    additional: Collection[str]
    traffic: Traffic
    now: float
    delay_seconds: float

    def points(self, query: Query, window: Window) -> Points:
        """The datapoints of one query, oldest first; empty where AWS has none, whatever the reason."""
        series = self.catalogue.get(query.key)
        if series is None or (series.is_additional and series.api not in self.additional):
            return []
        if not statistics.is_valid(query.statistic, series.statistics):
            return []
        if query.period < window.finest_period or query.period % window.finest_period:
            return []
        found: Points = []
        for start in _buckets(window, query.period, self.now):
            minutes = range(start // 60, (start + query.period) // 60)
            samples = [sample for minute in minutes if (sample := self._sample(series, minute)) is not None]
            value = statistics.compute(query.statistic, samples)
            if value is not None:
                found.append((start, value))
        return found

    def _sample(self, series: Series, minute: int) -> Sample | None:
        """What is known of one minute; CloudFront's minutes settle later than the others."""
        since = self.now - 60 * (minute + 1)
        if since < 0:
            return None
        sample = series.read(self.traffic.flow(series.api, minute))
        factor = CLOUDFRONT_DELAY_FACTOR if series.namespace == "AWS/CloudFront" else 1
        delay = self.delay_seconds * factor
        if sample is None or since >= delay:
            return sample
        return statistics.arrived(sample, seconds_since=since, delay_seconds=delay)


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of CloudWatch, by name."""
    world = simulation.world
    catalogues = {account.id: metrics.catalogue(world.apis_of(account)) for account in world.accounts}

    def get_metric_data(params: Params, context: Context) -> Params:
        bookmark = _bookmark(params, context.now)
        window = queries.window(params, now=bookmark.now)
        asked = queries.queries(params, region=context.region)
        if not params.get("NextToken"):
            simulation.meter.metrics(len(asked))
        additional = [api.slug for api in world.apis_of(context.account) if simulation.has_additional_metrics(api)]
        catalogue, delay = catalogues[context.account.id], simulation.settings.delay_seconds
        reading = Reading(catalogue, additional, simulation.traffic, bookmark.now, delay)
        page, following = _page(reading, params, asked, window, bookmark)
        result: Params = {"MetricDataResults": page, "Messages": []}
        return result if following is None else {**result, "NextToken": following.token()}

    return {"GetMetricData": get_metric_data}


def _page(
    reading: Reading, params: Params, asked: Sequence[Query], window: Window, bookmark: Bookmark
) -> tuple[list[Params], Bookmark | None]:
    """As many results as a page holds, series after series, and where the next page begins."""
    room = queries.most_datapoints(params)
    newest_first = queries.is_descending(params)
    results: list[Params] = []
    offset = bookmark.offset
    for position in range(bookmark.query, len(asked)):
        if room == 0:
            return results, replace(bookmark, query=position, offset=0)
        points = reading.points(asked[position], window)
        ordered = points[::-1] if newest_first else points
        part = ordered[offset : offset + room]
        offset += len(part)
        room -= len(part)
        results.append(_result(asked[position], part, whole=offset == len(points)))
        if offset < len(points):
            return results, replace(bookmark, query=position, offset=offset)
        offset = 0
    return results, None


def _result(query: Query, points: Points, *, whole: bool) -> Params:
    return {
        "Id": query.id,
        "Label": query.label,
        "Timestamps": [at for at, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete" if whole else "PartialData",
    }


def _buckets(window: Window, period: int, now: float) -> range:
    """The starts of the periods asked for; nothing is older than the estate or newer than now."""
    skipped = max(0, math.ceil((now - HISTORY_SECONDS - window.start) / period))
    return range(window.start + skipped * period, math.ceil(min(window.end, now)), period)


def _bookmark(params: Params, now: float) -> Bookmark:
    """Begin, or go on where the token says; a token of another request is refused."""
    request = _fingerprint(params)
    token = params.get("NextToken")
    if not token:
        return Bookmark(now, 0, 0, request)
    try:
        bookmark = Bookmark.of(token)
    except (ValueError, TypeError) as error:
        raise AwsError("InvalidNextToken", "The next token specified is invalid.") from error
    if bookmark.request != request:
        raise AwsError("InvalidNextToken", "The next token belongs to a request with other parameters.")
    return bookmark


def _fingerprint(params: Params) -> int:
    asked = {key: value for key, value in params.items() if key != "NextToken"}
    return crc32(json.dumps(asked, sort_keys=True, default=str).encode())
