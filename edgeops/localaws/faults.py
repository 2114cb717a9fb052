"""Faults: what the AWS API itself does wrong, for some calls, some seconds, or until it is told to stop."""

from dataclasses import dataclass, replace

from edgeops.localaws.wire.messages import AwsError, Params

KINDS = ("throttle", "error_5xx", "access_denied", "delay", "expired_token")
SERVICES = ("cloudwatch", "cloudfront", "xray", "sts")


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

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultError(f"{self.kind!r} is not a fault; known are {', '.join(KINDS)}")
        if self.service not in SERVICES:
            raise FaultError(f"{self.service!r} is not a simulated service; known are {', '.join(SERVICES)}")
        if self.calls is not None and self.calls < 0:
            raise FaultError("calls must not be negative")
        if self.kind == "delay" and not 0 < self.delay_seconds <= 120:
            raise FaultError("a delay needs delay_seconds, above 0 and at most 120")

    def strikes(self, service: str, operation: str) -> bool:
        """Whether a call of this operation meets it."""
        return self.service == service and self.operation in (None, operation)

    def is_spent(self, now: float) -> bool:
        """Whether its calls or its time have run out."""
        return self.calls == 0 or (self.until is not None and now >= self.until)

    def after_one_call(self) -> "Fault":
        """The fault after it struck once."""
        return self if self.calls is None else replace(self, calls=self.calls - 1)


def error(fault: Fault, *, operation: str, params: Params, account_id: str) -> AwsError:
    """The error AWS would answer; the codes differ by service as AWS's do."""
    match fault.kind:
        case "throttle":
            return _throttle(fault.service)
        case "error_5xx":
            return AwsError(
                "InternalFailure",
                "The request processing has failed because of an unknown error, exception or failure.",
                status=500,
            )
        case "expired_token":
            code = "ExpiredTokenException" if fault.service in ("cloudwatch", "xray") else "ExpiredToken"
            return AwsError(code, "The security token included in the request is expired", status=403)
        case _:
            return _denied(fault.service, operation, params, account_id)


def _throttle(service: str) -> AwsError:
    match service:
        case "cloudwatch":
            return AwsError("ThrottlingException", "Rate exceeded")
        case "xray":
            return AwsError("ThrottledException", "Rate exceeded", status=429)
        case _:
            return AwsError("Throttling", "Rate exceeded")


def _denied(service: str, operation: str, params: Params, account_id: str) -> AwsError:
    action = f"{service}:{operation}"
    user = f"arn:aws:sts::{account_id}:assumed-role/EdgeOps/local"
    distribution = params.get("DistributionId") or (params.get("Id") if service == "cloudfront" else None)
    resource = f" on resource: arn:aws:cloudfront::{account_id}:distribution/{distribution}" if distribution else ""
    code = "AccessDeniedException" if service == "xray" else "AccessDenied"
    return AwsError(
        code,
        f"User: {user} is not authorized to perform: {action}{resource} "
        f"because no identity-based policy allows the {action} action",
        status=403,
    )
