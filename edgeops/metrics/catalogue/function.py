"""Lambda's metrics.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from functools import partial

from edgeops.estate.models import HopKind
from edgeops.metrics.catalogue.entries import PERCENTILES, Entry, Unit, expand

NAMESPACE = "AWS/Lambda"

_count = partial(Entry, read=("Sum",))
_of_region = partial(Entry, also=("Maximum",), dimensions=())

FUNCTION = (
    _count(
        name="Invocations",
        title="Invocations",
        meaning="Times the function ran.",
        trap="Throttled calls are not counted.",
    ),
    _count(
        name="Errors",
        title="Errors",
        headline="Sum",
        meaning="Invocations that failed.",
        trap="An answer with status 500 is not a failure.",
    ),
    _count(
        name="Throttles",
        title="Throttles",
        meaning="Calls refused for lack of concurrency.",
        trap="They are neither invocations nor errors.",
    ),
    Entry(
        name="Duration",
        title="Duration",
        read=("Average", "p95"),
        also=(*PERCENTILES, "Maximum"),
        unit=Unit.MILLISECONDS,
        meaning="Time the function's code ran.",
        trap="Cold starts are left out, and it is stamped with the start of the invocation: long ones arrive late.",
    ),
    Entry(
        name="ConcurrentExecutions",
        title="Concurrent executions",
        also=("Maximum",),
        meaning="Instances of the function at work at once.",
    ),
    _of_region(
        name="UnreservedConcurrentExecutions",
        title="Unreserved concurrent executions",
        meaning="Instances at work of all functions of the region without reserved concurrency.",
        trap="Of the whole account and region, not of this function.",
    ),
    _of_region(
        name="ClaimedAccountConcurrency",
        title="Claimed account concurrency",
        meaning="Concurrency of the account in the region that is in use or reserved, so that others cannot have it.",
        trap="Of the whole account and region, not of this function.",
    ),
)

METRICS = expand(HopKind.LAMBDA, NAMESPACE, FUNCTION)
