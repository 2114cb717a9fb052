"""Elastic Load Balancing: which load balancer answers to a host name, and what stands behind it.

There is no filter by DNS name, so all load balancers of a region are listed, once for each of these gateways.
Reference: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.gateway import Gateway

PAGE = 400
APPLICATION, LAMBDA_TARGET = "application", "lambda"


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """A load balancer; `kind` is application, network or gateway."""

    arn: str
    name: str
    host: str
    kind: str
    is_internal: bool
    security_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group; `target_type` is instance, ip, lambda or alb."""

    arn: str
    name: str
    target_type: str


class LoadBalancing:
    """The load balancers of one region. Every verb raises AwsError."""

    def __init__(self, region: str, meter: Meter, access: Access = OWN) -> None:
        self._gateway = Gateway("elbv2", region, meter, access, prefix="elasticloadbalancing")

    @cached_property
    def load_balancers(self) -> tuple[LoadBalancer, ...]:
        """All of the region."""
        return tuple(map(_balancer, self._paged("DescribeLoadBalancers", "LoadBalancers")))

    def target_groups(self, load_balancer_arn: str) -> tuple[TargetGroup, ...]:
        """The target groups a load balancer forwards to."""
        found = self._paged("DescribeTargetGroups", "TargetGroups", LoadBalancerArn=load_balancer_arn)
        return tuple(TargetGroup(raw["TargetGroupArn"], raw["TargetGroupName"], raw["TargetType"]) for raw in found)

    def paths(self, load_balancer_arn: str) -> Mapping[str, tuple[str, ...]]:
        """The path patterns of the rules that lead to each target group, by its ARN; none: it gets every other path.

        Rules can hold the secret header CloudFront sends; their other conditions stay here.
        """
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for listener in self._paged("DescribeListeners", "Listeners", LoadBalancerArn=load_balancer_arn):
            for rule in self._paged("DescribeRules", "Rules", ListenerArn=listener["ListenerArn"]):
                for group in _targets(rule):
                    found[group] |= dict.fromkeys(_paths(rule))
        return {group: tuple(paths) for group, paths in found.items()}

    def functions(self, target_group_arn: str) -> tuple[str, ...]:
        """The ARNs of the functions that are the targets of a group."""
        answer = self._gateway.ask("DescribeTargetHealth", TargetGroupArn=target_group_arn)
        return tuple(one["Target"]["Id"] for one in answer["TargetHealthDescriptions"])

    def _paged(self, operation: str, name: str, **parameters: str) -> Iterator[dict[str, Any]]:
        for page in self._gateway.pages(operation, after="Marker", following="NextMarker", PageSize=PAGE, **parameters):
            yield from page[name]


def _balancer(raw: dict[str, Any]) -> LoadBalancer:
    return LoadBalancer(
        arn=raw["LoadBalancerArn"],
        name=raw["LoadBalancerName"],
        host=raw.get("DNSName", "").lower(),
        kind=raw["Type"],
        is_internal=raw.get("Scheme") == "internal",
        security_groups=tuple(raw.get("SecurityGroups") or ()),
    )


def _targets(rule: dict[str, Any]) -> Iterator[str]:
    for action in rule["Actions"]:
        if action["Type"] != "forward":
            continue
        weighed = [group["TargetGroupArn"] for group in action.get("ForwardConfig", {}).get("TargetGroups", ())]
        yield from weighed or [action["TargetGroupArn"]]


def _paths(rule: dict[str, Any]) -> Iterator[str]:
    for condition in rule.get("Conditions", ()):
        if condition.get("Field") == "path-pattern":
            yield from condition.get("PathPatternConfig", {}).get("Values") or condition.get("Values") or ()
