"""CloudFront's metrics, read in us-east-1 with Region=Global. Each has exactly one valid statistic.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/programming-cloudwatch-metrics.html
"""

from functools import partial

from edgeops.estate.models import HopKind
from edgeops.metrics.catalogue.entries import Entry, Needs, Unit, expand

NAMESPACE = "AWS/CloudFront"
# AWS publishes no delay; minutes are seen to move for some five minutes.
DELAY_SECONDS = 300

_count = partial(Entry, read=("Sum",))
_percent = partial(Entry, read=("Average",), unit=Unit.PERCENT)
_asked_count = partial(Entry, also=("Sum",))
_asked_status = partial(Entry, also=("Average",), unit=Unit.PERCENT, needs=Needs.ADDITIONAL_METRICS)

DISTRIBUTION = (
    _count(name="Requests", title="Requests", headline="Sum", meaning="Viewer requests of every method."),
    _count(
        name="BytesDownloaded",
        title="Bytes downloaded",
        unit=Unit.BYTES,
        meaning="Bytes viewers received for GET and HEAD.",
    ),
    _asked_count(
        name="BytesUploaded",
        title="Bytes uploaded",
        unit=Unit.BYTES,
        meaning="Bytes viewers sent with POST and PUT.",
    ),
    _percent(
        name="TotalErrorRate",
        title="Error rate",
        headline="Average",
        meaning="Share of viewer requests answered 4xx or 5xx.",
        trap="A rate of 0 to 100, not a count.",
    ),
    _percent(
        name="4xxErrorRate",
        title="4xx rate",
        headline="Average",
        meaning="Share of viewer requests answered 4xx.",
        trap="A rate of 0 to 100, not a count. Requests the web ACL blocks are in it as 403.",
    ),
    _percent(
        name="5xxErrorRate",
        title="5xx rate",
        headline="Average",
        meaning="Share of viewer requests answered 5xx.",
        trap="A rate of 0 to 100, not a count. Cached errors count again each time they are served.",
    ),
    _percent(
        name="CacheHitRate",
        title="Cache hit rate",
        headline="Average",
        needs=Needs.ADDITIONAL_METRICS,
        meaning="Share of cacheable requests served from the cache.",
        trap="POST, PUT and errors are left out of what it is a share of.",
    ),
    Entry(
        name="OriginLatency",
        title="Origin latency",
        read=("p50", "p95"),
        also=("p90", "p99"),
        headline="p95",
        unit=Unit.MILLISECONDS,
        needs=Needs.ADDITIONAL_METRICS,
        meaning="Time to the origin's first byte, for requests the cache could not answer.",
        trap="Percentiles only: an average is not available.",
    ),
    *(
        _asked_status(
            name=f"{status}ErrorRate",
            title=f"{status} rate",
            meaning=f"Share of viewer requests answered {status}.",
            trap="A rate of 0 to 100, not a count.",
        )
        for status in (401, 403, 404, 502, 503, 504)
    ),
)

FUNCTION = (
    _count(
        name="FunctionInvocations",
        title="Function invocations",
        meaning="Times the function ran at an edge location.",
        trap="Only its LIVE stage reports.",
    ),
    _count(
        name="FunctionExecutionErrors",
        title="Function execution errors",
        headline="Sum",
        meaning="Runs that ended in an error; the viewer gets a 503.",
        trap="Older guides call it ExecutionErrors, a name that answers empty.",
    ),
    _asked_count(
        name="FunctionValidationErrors",
        title="Function validation errors",
        meaning="Runs whose answer was not a valid event; the viewer gets a 503.",
    ),
    _asked_count(
        name="FunctionThrottles",
        title="Function throttles",
        meaning="Runs stopped for taking more compute time than is allowed.",
    ),
    Entry(
        name="FunctionComputeUtilization",
        title="Function compute utilisation",
        also=("Average",),
        unit=Unit.PERCENT,
        meaning="How much of the compute time it is allowed the function takes.",
        trap="From 80 on AWS advises to make the function shorter: past 100 it is throttled.",
    ),
    _asked_count(
        name="KvsReadRequests",
        is_always_published=False,
        title="Key value store reads",
        meaning="Reads of the key value store by the function.",
    ),
    _asked_count(
        name="KvsReadErrors",
        is_always_published=False,
        title="Key value store read errors",
        meaning="Reads of the key value store that failed.",
    ),
)

METRICS = (
    *expand(HopKind.CLOUDFRONT, NAMESPACE, DISTRIBUTION, delay_seconds=DELAY_SECONDS),
    *expand(HopKind.EDGE_FUNCTION, NAMESPACE, FUNCTION, delay_seconds=DELAY_SECONDS),
)
