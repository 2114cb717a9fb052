"""Faults: what the AWS API itself does wrong, for some calls, some seconds, or until it is told to stop.

Most refuse or delay a whole call. Four spoil single results of GetMetricData while the others answer: `partial_data`
(the newest third of the points is missing and nothing more can be fetched), `internal_error` and `forbidden` (the
result says so and is empty) strike the queries whose namespace or metric name contains `match`, or all of them;
`small_pages` answers a few points a page, so that every longer result is PartialData until its last page.
`clock_skew` puts the Date header of the answers off by `delay_seconds`, backwards when it is negative.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from edgeops.localaws import refusals
from edgeops.localaws.wire import models
from edgeops.localaws.wire.messages import AwsError

OF_QUERIES = ("partial_data", "internal_error", "forbidden")
INSIDE = (*OF_QUERIES, "small_pages")
SPOILING = (*INSIDE, "clock_skew")
KINDS = ("throttle", "error_5xx", "access_denied", "delay", "expired_token", *SPOILING)
LONGEST_SKEW_SECONDS = 86_400
SERVICES = models.SERVICES


class FaultError(ValueError):
    """A fault that cannot be; the message says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a service, or of one operation of it; `calls` counts down, `until` is epoch seconds."""

    id: str
    kind: str
    service: str
    operation: str | None = None
    calls: int | None = None
    until: float | None = None
    delay_seconds: float = 0.0
    match: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultError(f"{self.kind!r} is not a fault; known are {', '.join(KINDS)}")
        if self.service not in SERVICES:
            raise FaultError(f"{self.service!r} is not a simulated service; known are {', '.join(SERVICES)}")
        if self.calls is not None and self.calls < 0:
            raise FaultError("calls must not be negative")
        if self.kind == "delay" and not 0 < self.delay_seconds <= 120:
            raise FaultError("a delay needs delay_seconds, above 0 and at most 120")
        if self.kind == "clock_skew" and not 0 < abs(self.delay_seconds) <= LONGEST_SKEW_SECONDS:
            raise FaultError(f"clock_skew needs delay_seconds, not 0 and at most {LONGEST_SKEW_SECONDS} either way")
        if self.kind in INSIDE and self.service != "cloudwatch":
            raise FaultError(f"{self.kind} spoils results of GetMetricData: its service is cloudwatch")
        if self.match is not None and self.kind not in OF_QUERIES:
            raise FaultError(f"match picks queries, for {', '.join(OF_QUERIES)} only")

    def strikes(self, service: str, operation: str) -> bool:
        """Whether a call of this operation meets it."""
        concerned = self.kind not in INSIDE or operation == "GetMetricData"
        return self.service == service and self.operation in (None, operation) and concerned

    def spoils(self, namespace: str, metric: str) -> bool:
        """Whether a query for this metric gets a spoilt result."""
        if self.kind not in OF_QUERIES:
            return False
        wanted = (self.match or "").lower()
        return wanted in namespace.lower() or wanted in metric.lower()

    def is_spent(self, now: float) -> bool:
        """Whether its calls or its time have run out."""
        return self.calls == 0 or (self.until is not None and now >= self.until)

    def after_one_call(self) -> "Fault":
        """The fault after it struck once."""
        return self if self.calls is None else replace(self, calls=self.calls - 1)


def error(fault: Fault, denied: Callable[[], AwsError]) -> AwsError:
    """The error AWS would answer; the codes differ by service as AWS's do, and `denied` knows who asked for what."""
    match fault.kind:
        case "throttle":
            return refusals.throttled(fault.service)
        case "error_5xx":
            return AwsError(
                "InternalFailure",
                "The request processing has failed because of an unknown error, exception or failure.",
                status=500,
            )
        case "expired_token":
            return refusals.expired(fault.service)
        case _:
            return denied()
