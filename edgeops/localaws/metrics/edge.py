"""The metrics of the edge: CloudFront's, its functions', the web ACL's and the health check's."""

from collections.abc import Callable, Iterator

from edgeops.localaws.flows import Flow
from edgeops.localaws.metrics.samples import Sample, counter, latency, level, percent, sparse, volume
from edgeops.localaws.metrics.series import GLOBAL_REGION, Entry, Read, Series
from edgeops.localaws.spread import Spread
from edgeops.localaws.world import Api, HealthCheck, WebAcl

CHECKERS = 16
FUNCTION_CPU_PERCENT = 18
COUNTED_OF = 40
"""A rule that only counts finds one request in so many."""


def distribution(api: Api) -> Iterator[Entry]:
    """The global metrics of a distribution; each has exactly one valid statistic."""
    reads: dict[str, tuple[str, Read]] = {
        "Requests": ("Sum", lambda flow: counter(flow.requests)),
        "BytesDownloaded": ("Sum", lambda flow: volume(flow.bytes_downloaded, flow.requests)),
        "BytesUploaded": ("Sum", lambda flow: volume(flow.bytes_uploaded, flow.requests)),
        "TotalErrorRate": ("Average", lambda flow: percent(flow.errors_4xx + flow.errors_5xx, flow.requests)),
        "4xxErrorRate": ("Average", lambda flow: percent(flow.errors_4xx, flow.requests)),
        "5xxErrorRate": ("Average", lambda flow: percent(flow.errors_5xx, flow.requests)),
    }
    additional: dict[str, tuple[str, Read]] = {
        "CacheHitRate": ("Average", lambda flow: percent(flow.requests - flow.origin_requests, flow.requests)),
        "OriginLatency": ("percentile", lambda flow: latency(*flow.origin_latency)),
        **{f"{status}ErrorRate": ("Average", _rate_of(status)) for status in (401, 403, 404, 502, 503, 504)},
    }
    dimensions = {"DistributionId": api.distribution.id, "Region": "Global"}
    for name, (statistics, read) in (reads | additional).items():
        series = Series(api.slug, "AWS/CloudFront", name, read, statistics, is_additional=name in additional)
        yield GLOBAL_REGION, dimensions, series


def _rate_of(status: int) -> Read:
    return lambda flow: percent(flow.errors_of(status), flow.requests)


def edge_function(api: Api) -> Iterator[Entry]:
    """The function at the distribution's default behavior sees every viewer request."""
    reads: dict[str, tuple[str, Read]] = {
        "FunctionInvocations": ("Sum", lambda flow: counter(flow.requests)),
        "FunctionValidationErrors": ("Sum", lambda _: counter(0)),
        "FunctionExecutionErrors": ("Sum", lambda _: counter(0)),
        "FunctionThrottles": ("Sum", lambda _: counter(0)),
        "FunctionComputeUtilization": ("Average", lambda flow: level(FUNCTION_CPU_PERCENT + flow.minute % 5)),
    }
    alone = {"FunctionName": api.edge_function, "Region": "Global"}
    for dimensions in (alone, {**alone, "DistributionId": api.distribution.id}):
        for name, (statistics, read) in reads.items():
            yield GLOBAL_REGION, dimensions, Series(api.slug, "AWS/CloudFront", name, read, statistics)


def web_acl(api: Api, acl: WebAcl, *, region: str | None) -> Iterator[Entry]:
    """A web ACL's counts, sparse and Sum only; `region` None guards the distribution and is no dimension."""
    for rule, name, read in _of_rules(acl, at_the_edge=region is None):
        dimensions = {"WebACL": acl.metric, "Rule": rule, **({} if region is None else {"Region": region})}
        yield region or GLOBAL_REGION, dimensions, Series(api.slug, "AWS/WAFV2", name, read, "Sum")


def _of_rules(acl: WebAcl, *, at_the_edge: bool) -> Iterator[tuple[str, str, Read]]:
    """Rule, metric and how it is read; an origin's web ACL has nothing left to block."""

    def asked(flow: Flow) -> int:
        return flow.requests if at_the_edge else flow.origin_requests

    def blocked(flow: Flow) -> int:
        return flow.blocked if at_the_edge else 0

    def allowed(flow: Flow) -> Sample | None:
        return sparse(asked(flow) - blocked(flow))

    def counted(flow: Flow) -> Sample | None:
        return sparse(asked(flow) // COUNTED_OF)

    counting = [rule for rule in acl.rules if rule.action == "Count"]
    blocking = [rule for rule in acl.rules if rule.action != "Count"]
    yield from ((rule, "AllowedRequests", allowed) for rule in ("ALL", "Default_Action"))
    yield "ALL", "BlockedRequests", lambda flow: sparse(blocked(flow))
    for position, rule in enumerate(blocking):
        yield rule.metric, "BlockedRequests", _share(blocked, position, len(blocking))
    yield from ((rule.metric, "CountedRequests", counted) for rule in counting)
    if counting:
        yield "ALL", "CountedRequests", lambda flow: sparse(len(counting) * (asked(flow) // COUNTED_OF))


def _share(count: Callable[[Flow], int], position: int, of: int) -> Read:
    """One rule's part of what all of them did: together they are the whole."""
    return lambda flow: sparse((count(flow) + of - 1 - position) // of)


def health_check(api: Api, check: HealthCheck) -> Iterator[Entry]:
    """A health check's state and times, as its checkers around the world see the API."""
    reads: dict[str, Read] = {
        "HealthCheckStatus": lambda flow: level(float(flow.is_up)),
        "HealthCheckPercentageHealthy": lambda flow: level(100.0 * flow.is_up),
        "ConnectionTime": lambda _: _time(28),
        "SSLHandshakeTime": lambda _: _time(57),
        "TimeToFirstByte": lambda _: _time(96),
    }
    for name, read in reads.items():
        yield GLOBAL_REGION, {"HealthCheckId": check.id}, Series(api.slug, "AWS/Route53", name, read)


def _time(median_ms: float) -> Sample | None:
    return latency((CHECKERS, Spread(median_ms, 0.4)))
