"""The X-Ray filter expression that finds the traces of an API.

Of a request path X-Ray sees REST API stages, Lambda functions and whatever is instrumented behind a load balancer.
CloudFront, HTTP APIs and the load balancer itself are never in a trace.
https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html
"""

from collections.abc import Iterable

from edgeops.estate.models import Hop, HopKind


def expression(hops: Iterable[Hop]) -> str | None:
    """Traces through the outermost traced hops; None when no hop of the path is ever traced.

    A service behind a target group is expected to report under the target group's name.
    """
    path = list(hops)
    names = [_stage(hop) for hop in path if hop.kind == HopKind.REST_API and hop.dimensions.get("Stage")]
    names = names or [hop.name for hop in path if hop.kind in {HopKind.TARGET_GROUP, HopKind.LAMBDA}]
    return " OR ".join(f"service({_quoted(name)})" for name in names) or None


def _stage(hop: Hop) -> str:
    """The name X-Ray gives to a stage of a REST API."""
    return f"{hop.dimensions.get('ApiName', hop.name)}/{hop.dimensions['Stage']}"


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
