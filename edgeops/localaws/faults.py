"""Faults: what the AWS API itself does wrong, for some calls, some seconds, or until it is told to stop.

Most refuse or delay a whole call: `throttle`, `error_5xx` (500), `unavailable` (503), `access_denied`,
`expired_token` and `delay`. `lost_answer` accepts the call, and after `delay_seconds` the connection ends without a
word. `clock_skew` puts the Date header of the answers off by `delay_seconds`, backwards when it is negative.

Some are of invalidations. `too_many_in_progress` and `reference_taken` refuse to create one, `distribution_deleted`
refuses every call that names the distribution; `unknown_status`, `never_completes` and `older_create_time` (completed,
and created `delay_seconds` earlier) spoil what is told of it. At CloudFront `match` picks calls by the id of the
distribution or tenant they name.

Four spoil single results of GetMetricData while the others answer: `partial_data` (the newest third of the points is
missing and nothing more can be fetched), `internal_error` and `forbidden` (the result says so and is empty) strike the
queries whose namespace or metric name contains `match`, or all of them; `small_pages` answers a few points a page, so
that every longer result is PartialData until its last page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from edgeops.localaws import invalidation, refusals
from edgeops.localaws.wire import models
from edgeops.localaws.wire.messages import AwsError, Params

OF_QUERIES = ("partial_data", "internal_error", "forbidden")
OF_METRICS = (*OF_QUERIES, "small_pages")
OF_STATUS = ("unknown_status", "never_completes", "older_create_time")
OF_CREATING = ("too_many_in_progress", "reference_taken")
OF_INVALIDATIONS = (*OF_CREATING, "distribution_deleted", *OF_STATUS)
SPOILING = (*OF_METRICS, *OF_STATUS, "clock_skew", "lost_answer")
KINDS = (
    "throttle",
    "error_5xx",
    "unavailable",
    "access_denied",
    "delay",
    "expired_token",
    "lost_answer",
    "clock_skew",
    *OF_METRICS,
    *OF_INVALIDATIONS,
)
TELLING = (
    *invalidation.CREATING,
    "GetInvalidation",
    "GetInvalidationForDistributionTenant",
    "ListInvalidations",
    "ListInvalidationsForDistributionTenant",
)
OPERATIONS = {
    **dict.fromkeys(OF_METRICS, ("GetMetricData",)),
    **dict.fromkeys(OF_CREATING, invalidation.CREATING),
    **dict.fromkeys(OF_STATUS, TELLING),
    "distribution_deleted": (
        "GetDistribution",
        "GetDistributionConfig",
        "CreateInvalidation",
        "GetInvalidation",
        "ListInvalidations",
    ),
}
"""The operations a kind of fault concerns, where it does not concern all."""
SERVICE_OF = {**dict.fromkeys(OF_METRICS, "cloudwatch"), **dict.fromkeys(OF_INVALIDATIONS, "cloudfront")}
NAMING = ("DistributionId", "DistributionTenantId", "Id", "Identifier")
UNKNOWN_STATUS = "Deferred"
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
        if self.service != SERVICE_OF.get(self.kind, self.service):
            raise FaultError(f"{self.kind} is a fault of {SERVICE_OF[self.kind]} only")
        if self.calls is not None and self.calls < 0:
            raise FaultError("calls must not be negative")
        if self.match is not None and self.kind not in OF_QUERIES and self.service != "cloudfront":
            raise FaultError(f"match picks queries, for {', '.join(OF_QUERIES)}, or distributions, of cloudfront only")
        self._check_delay()

    def _check_delay(self) -> None:
        if self.kind == "delay" and not 0 < self.delay_seconds <= 120:
            raise FaultError("a delay needs delay_seconds, above 0 and at most 120")
        if self.kind == "lost_answer" and not 0 <= self.delay_seconds <= 120:
            raise FaultError("lost_answer takes delay_seconds from 0 to 120")
        if self.kind == "clock_skew" and not 0 < abs(self.delay_seconds) <= LONGEST_SKEW_SECONDS:
            raise FaultError(f"clock_skew needs delay_seconds, not 0 and at most {LONGEST_SKEW_SECONDS} either way")
        if self.kind == "older_create_time" and not 0 < self.delay_seconds <= LONGEST_SKEW_SECONDS:
            raise FaultError(f"older_create_time needs delay_seconds, above 0 and at most {LONGEST_SKEW_SECONDS}")

    def strikes(self, service: str, operation: str, params: Params) -> bool:
        """Whether a call of this operation meets it."""
        if self.service != service or self.operation not in (None, operation):
            return False
        if operation not in OPERATIONS.get(self.kind, (operation,)):
            return False
        if self.match is None or service != "cloudfront":
            return True
        return any(self.match in str(params.get(name, "")) for name in NAMING)

    def spoils(self, namespace: str, metric: str) -> bool:
        """Whether a query for this metric gets a spoilt result."""
        if self.kind not in OF_QUERIES:
            return False
        wanted = (self.match or "").lower()
        return wanted in namespace.lower() or wanted in metric.lower()

    def spoilt(self, status: str, created_at: float) -> tuple[str, float]:
        """What is told of an invalidation instead of its status and when it was created."""
        match self.kind:
            case "unknown_status":
                return UNKNOWN_STATUS, created_at
            case "never_completes":
                return "InProgress", created_at
            case "older_create_time":
                return "Completed", created_at - self.delay_seconds
        return status, created_at

    def is_spent(self, now: float) -> bool:
        """Whether its calls or its time have run out."""
        return self.calls == 0 or (self.until is not None and now >= self.until)

    def after_one_call(self) -> "Fault":
        """The fault after it struck once."""
        return self if self.calls is None else replace(self, calls=self.calls - 1)


ERRORS: Mapping[str, Callable[[str], AwsError]] = {
    "throttle": refusals.throttled,
    "error_5xx": refusals.failed,
    "unavailable": refusals.unavailable,
    "expired_token": refusals.expired,
    "too_many_in_progress": lambda _: refusals.too_many_in_progress("invalidation paths"),
    "reference_taken": lambda _: refusals.reference_taken(),
    "distribution_deleted": lambda _: refusals.no_such_distribution(),
}
"""Which error a kind answers; only `access_denied` must know who asked for what."""


def error(fault: Fault, denied: Callable[[], AwsError]) -> AwsError:
    """The error AWS would answer; the codes differ by service as AWS's do, and `denied` knows who asked for what."""
    refuse = ERRORS.get(fault.kind)
    return denied() if refuse is None else refuse(fault.service)
