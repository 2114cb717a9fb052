"""API Gateway's metrics. REST and HTTP APIs differ in the names of their errors and in their dimensions.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
"""

from edgeops.estate.models import HopKind
from edgeops.metrics.catalogue.entries import PERCENTILES, Entry, Needs, Unit, expand

NAMESPACE = "AWS/ApiGateway"
ASKED_TIMES = (*PERCENTILES, "Maximum")


def _stage(name_4xx: str, name_5xx: str) -> tuple[Entry, ...]:
    return (
        Entry(
            name="Count",
            title="Requests",
            read=("SampleCount",),
            headline="SampleCount",
            meaning="Requests the API received.",
            trap="Its statistic is SampleCount.",
        ),
        Entry(
            name=name_4xx,
            title="4xx answers",
            read=("Sum",),
            also=("Average",),
            meaning="Client errors, modified gateway responses included.",
            trap="The sum is a count; the average is a share from 0 to 1, not to 100.",
        ),
        Entry(
            name=name_5xx,
            title="5xx answers",
            read=("Sum",),
            also=("Average",),
            headline="Sum",
            meaning="Server errors, made by the gateway or passed on from behind it.",
            trap="The sum is a count; the average is a share from 0 to 1, not to 100.",
        ),
        Entry(
            name="Latency",
            title="Latency",
            read=("Average", "p95"),
            also=ASKED_TIMES,
            headline="p95",
            unit=Unit.MILLISECONDS,
            meaning="Request in to answer out.",
        ),
        Entry(
            name="IntegrationLatency",
            title="Integration latency",
            read=("Average", "p95"),
            also=ASKED_TIMES,
            unit=Unit.MILLISECONDS,
            meaning="The part of the latency spent waiting for what is behind the gateway.",
            trap="Answers from the stage cache have none, so it may be of fewer requests than the latency.",
        ),
    )


# Only REST APIs have a cache; nothing is reported while it is off.
_CACHE = (
    Entry(
        name="CacheHitCount",
        title="Stage cache hits",
        read=("Sum",),
        also=("Average",),
        needs=Needs.STAGE_CACHE,
        meaning="Requests answered from the stage cache.",
    ),
    Entry(
        name="CacheMissCount",
        title="Stage cache misses",
        read=("Sum",),
        also=("Average",),
        needs=Needs.STAGE_CACHE,
        meaning="Requests the stage cache passed on.",
    ),
)
_BYTES = Entry(
    name="DataProcessed",
    title="Data processed",
    also=("Sum",),
    unit=Unit.BYTES,
    meaning="Bytes the API received and sent.",
)

METRICS = (
    *expand(HopKind.REST_API, NAMESPACE, (*_stage("4XXError", "5XXError"), *_CACHE)),
    *expand(HopKind.HTTP_API, NAMESPACE, (*_stage("4xx", "5xx"), _BYTES)),
)
