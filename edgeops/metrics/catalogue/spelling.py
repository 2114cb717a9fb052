"""Names metrics are called by in articles, older guides and elsewhere in AWS, and the names CloudWatch answers to.

A wrong name is never an error in CloudWatch: it answers with an empty series, which looks like a quiet API.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgeops.estate.models import HopKind


@dataclass(frozen=True, slots=True)
class RealName:
    """The name CloudWatch knows, and why it is not the one that was written."""

    name: str
    reason: str


EXACT = "CloudWatch's names are exact, underscores and capitals included; another spelling answers with an empty series"
_IN_SECONDS = "a load balancer has no Latency: its time is TargetResponseTime, in seconds and not in milliseconds"
_CLASSIC = "that is the name of the classic load balancer"
_OLD_GUIDE = "older guides leave out the word Function"
_A_RATE = "CloudFront publishes rates of 0 to 100 and no counts"
_HTTP_ERRORS = "HTTP APIs call their errors 4xx and 5xx, under the dimension ApiId; the other name is that of REST APIs"
_REST_ERRORS = "REST APIs call their errors 4XXError and 5XXError; the other name is that of HTTP APIs"

_BALANCER = {
    "latency": RealName("TargetResponseTime", _IN_SECONDS),
    "responsetime": RealName("TargetResponseTime", _IN_SECONDS),
    "requests": RealName("RequestCount", "Requests is CloudFront's name"),
    "count": RealName("RequestCount", "Count is API Gateway's name"),
    "httpcodebackend4xx": RealName("HTTPCode_Target_4XX_Count", _CLASSIC),
    "httpcodebackend5xx": RealName("HTTPCode_Target_5XX_Count", _CLASSIC),
    "backendconnectionerrors": RealName("TargetConnectionErrorCount", _CLASSIC),
    "spillovercount": RealName("RejectedConnectionCount", _CLASSIC),
}
_GATEWAY = {
    "requests": RealName("Count", "Requests is CloudFront's name; API Gateway counts with the SampleCount of Count"),
    "requestcount": RealName("Count", "RequestCount is the load balancer's name"),
    "duration": RealName("Latency", "Duration is Lambda's name"),
}

# By kind of hop: a name that is right for one is wrong for the next.
ARTICLE_NAMES: Mapping[str, Mapping[str, RealName]] = {
    HopKind.CLOUDFRONT: {
        "requestcount": RealName("Requests", "RequestCount is the load balancer's name"),
        "count": RealName("Requests", "Count is API Gateway's name"),
        "errorrate": RealName("TotalErrorRate", "CloudFront calls the rate of all errors TotalErrorRate"),
        "errors": RealName("TotalErrorRate", _A_RATE),
        "4xxerror": RealName("4xxErrorRate", _A_RATE),
        "4xx": RealName("4xxErrorRate", _A_RATE),
        "5xxerror": RealName("5xxErrorRate", _A_RATE),
        "5xx": RealName("5xxErrorRate", _A_RATE),
        "cachehitratio": RealName("CacheHitRate", "it is published as CacheHitRate, and only with additional metrics"),
        "cachehitcount": RealName("CacheHitRate", "the count is that of API Gateway's stage cache"),
        "latency": RealName("OriginLatency", "CloudFront measures the origin's, and only with additional metrics"),
    },
    HopKind.REST_API: {
        **_GATEWAY,
        "4xx": RealName("4XXError", _REST_ERRORS),
        "5xx": RealName("5XXError", _REST_ERRORS),
        "cachehitrate": RealName("CacheHitCount", "the average of CacheHitCount is the rate, from 0 to 1"),
    },
    HopKind.HTTP_API: {
        **_GATEWAY,
        "4xxerror": RealName("4xx", _HTTP_ERRORS),
        "5xxerror": RealName("5xx", _HTTP_ERRORS),
    },
    HopKind.ALB: _BALANCER,
    HopKind.TARGET_GROUP: {name: real for name, real in _BALANCER.items() if name != "spillovercount"},
    HopKind.LAMBDA: {
        "requests": RealName("Invocations", "Lambda counts invocations"),
        "count": RealName("Invocations", "Lambda counts invocations"),
        "latency": RealName("Duration", "the time the code ran is Duration; cold starts are not in it"),
        "5xxerror": RealName("Errors", "Lambda knows no status; an answer with status 500 is no error to it"),
    },
    HopKind.EDGE_FUNCTION: {
        "invocations": RealName("FunctionInvocations", _OLD_GUIDE),
        "validationerrors": RealName("FunctionValidationErrors", _OLD_GUIDE),
        "executionerrors": RealName("FunctionExecutionErrors", _OLD_GUIDE),
        "throttles": RealName("FunctionThrottles", _OLD_GUIDE),
        "executiontime": RealName("FunctionComputeUtilization", "it is published as a share of what is allowed"),
    },
    HopKind.WAF: {"requests": RealName("AllowedRequests", "a web ACL counts what it allowed and blocked apart")},
    HopKind.HEALTH_CHECK: {"latency": RealName("TimeToFirstByte", "the checkers' times are measured apart")},
}


def correct(text: str, kind: str, names: Iterable[str]) -> RealName | None:
    """What `text` is called in CloudWatch at a kind of hop with these metrics; None when it is right, or unknown."""
    known = set(names)
    if text in known:
        return None
    plain = _plain(text)
    by_plain = {_plain(name): name for name in known}
    found = by_plain.get(plain) or by_plain.get(f"{plain}count")
    return RealName(found, EXACT) if found else ARTICLE_NAMES.get(kind, {}).get(plain)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
