"""API Gateway's and Lambda's metrics."""

import math
from collections.abc import Callable, Iterator

from edgeops.localaws.flows import Flow, FunctionFlow, StageFlow
from edgeops.localaws.metrics.samples import Sample, counter, indicator, latency, level, volume
from edgeops.localaws.metrics.series import Entry, Read, Series
from edgeops.localaws.world import Api, Hop

ANSWER_BYTES = 3_100


def rest_api(api: Api, hop: Hop, region: str) -> Iterator[Entry]:
    """REST metrics are known by the API's name, with and without the stage."""
    reads: dict[str, Read] = {
        **_stage_reads(),
        "4XXError": _of_stage(lambda stage: indicator(stage.errors_4xx, stage.count)),
        "5XXError": _of_stage(lambda stage: indicator(stage.errors_5xx, stage.count)),
    }
    if hop.cache:
        reads["CacheHitCount"] = _of_stage(lambda stage: indicator(stage.cache_hits, stage.count))
        reads["CacheMissCount"] = _of_stage(lambda stage: indicator(stage.cache_misses, stage.count))
    for dimensions in ({"ApiName": hop.name, "Stage": hop.stage}, {"ApiName": hop.name}):
        for name, read in reads.items():
            yield region, dimensions, Series(api.slug, "AWS/ApiGateway", name, read)


def http_api(api: Api, hop: Hop, region: str) -> Iterator[Entry]:
    """HTTP APIs have names of their own for errors, are known by their id, and have no cache."""
    reads: dict[str, Read] = {
        **_stage_reads(),
        "4xx": _of_stage(lambda stage: indicator(stage.errors_4xx, stage.count)),
        "5xx": _of_stage(lambda stage: indicator(stage.errors_5xx, stage.count)),
        "DataProcessed": _of_stage(lambda stage: volume(stage.count * ANSWER_BYTES, stage.count)),
    }
    for dimensions in ({"ApiId": hop.id, "Stage": hop.stage}, {"ApiId": hop.id}):
        for name, read in reads.items():
            yield region, dimensions, Series(api.slug, "AWS/ApiGateway", name, read)


def _stage_reads() -> dict[str, Read]:
    """What REST and HTTP stages publish under the same names; a cached answer has no integration."""
    return {
        "Count": _of_stage(lambda stage: counter(stage.count)),
        "Latency": _of_stage(lambda stage: latency((stage.count, stage.latency))),
        "IntegrationLatency": _of_stage(lambda stage: latency((stage.cache_misses, stage.integration_latency))),
    }


def _of_stage(read: Callable[[StageFlow], Sample | None]) -> Read:
    return lambda flow: None if flow.stage is None else read(flow.stage)


def function(api: Api, hop: Hop, region: str) -> Iterator[Entry]:
    """A function publishes nothing while nobody invokes it."""
    reads: dict[str, tuple[str | None, Callable[[FunctionFlow], Sample | None]]] = {
        "Invocations": (None, lambda function: counter(function.invocations)),
        "Errors": (None, lambda function: indicator(function.errors, function.invocations)),
        "Throttles": (None, lambda function: indicator(0, function.invocations)),
        "Duration": (None, lambda function: latency((function.invocations, function.duration))),
        "ConcurrentExecutions": ("Maximum", _concurrency),
    }
    for name, (statistics, read) in reads.items():
        series = Series(api.slug, "AWS/Lambda", name, _of_function(read), statistics)
        yield region, {"FunctionName": hop.name}, series


def _of_function(read: Callable[[FunctionFlow], Sample | None]) -> Read:
    def read_flow(flow: Flow) -> Sample | None:
        return read(flow.function) if flow.function is not None and flow.function.invocations else None

    return read_flow


def _concurrency(function: FunctionFlow) -> Sample:
    """As many as run at once on average, and half as many again at the peak."""
    return level(math.ceil(1.5 * function.invocations * function.duration.mean / 60_000))
