"""CloudFront's distributions: which there are, and how one is set up.

Reference: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetDistribution.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.errors import NotFoundError
from edgeops.aws.gateway import Gateway

REGION = "us-east-1"
PAGE = "100"  # the most CloudFront gives at once
EVERY_PATH = "*"
FOR_TENANTS = "tenant-only"
NO_SUBSCRIPTION = "NoSuchMonitoringSubscription"


@dataclass(frozen=True, slots=True)
class Listed:
    """A distribution as the list tells it; `comment` is what people call it, `origins` the hosts it fetches from."""

    id: str
    arn: str
    domain: str
    aliases: tuple[str, ...]
    comment: str
    is_enabled: bool
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where CloudFront fetches from. Its custom headers are left out: their values are secrets."""

    id: str
    host: str
    path: str = ""
    vpc_origin_id: str = ""


@dataclass(frozen=True, slots=True)
class OriginGroup:
    """Origins of which the second answers where the first fails."""

    id: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Behavior:
    """Which origin or group answers a path; ARNs of the functions that run on the way."""

    path_pattern: str
    target: str
    cache_policy_id: str = ""
    functions: tuple[str, ...] = ()
    edge_lambdas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setup:
    """How a distribution is set up; the first behavior is the default one. One for tenants answers at their hosts."""

    id: str
    arn: str
    domain: str
    aliases: tuple[str, ...]
    comment: str
    origins: tuple[Origin, ...]
    groups: tuple[OriginGroup, ...]
    behaviors: tuple[Behavior, ...]
    web_acl: str = ""
    is_enabled: bool = True
    is_for_tenants: bool = False


class Distributions:
    """What CloudFront's control plane says of distributions. Every verb raises AwsError."""

    def __init__(self, meter: Meter, access: Access = OWN) -> None:
        self._gateway = Gateway("cloudfront", REGION, meter, access)

    def listed(self) -> Iterator[Listed]:
        """Every distribution of the account, a page of 100 at a time."""
        pages = self._gateway.pages(
            "ListDistributions", after="Marker", following="NextMarker", inside="DistributionList", MaxItems=PAGE
        )
        for page in pages:
            yield from map(_listed, page.get("Items") or ())

    def setup(self, distribution_id: str) -> Setup:
        """How one distribution is set up."""
        return _setup(self._gateway.ask("GetDistribution", Id=distribution_id)["Distribution"])

    def has_additional_metrics(self, distribution_id: str) -> bool:
        """Whether CloudFront publishes its additional metrics; without a subscription it does not."""
        try:
            answer = self._gateway.ask("GetMonitoringSubscription", DistributionId=distribution_id)
        except NotFoundError as error:
            if error.code != NO_SUBSCRIPTION:
                raise
            return False
        config = answer["MonitoringSubscription"].get("RealtimeMetricsSubscriptionConfig", {})
        return bool(config.get("RealtimeMetricsSubscriptionStatus") == "Enabled")

    def behind_vpc_origin(self, vpc_origin_id: str) -> str:
        """The ARN of the private resource a VPC origin leads to."""
        answer = self._gateway.ask("GetVpcOrigin", Id=vpc_origin_id)
        return str(answer["VpcOrigin"]["VpcOriginEndpointConfig"]["Arn"])

    def cache_policy_name(self, policy_id: str) -> str:
        """What a cache policy is called."""
        return str(self._gateway.ask("GetCachePolicy", Id=policy_id)["CachePolicy"]["CachePolicyConfig"]["Name"])


def _listed(raw: dict[str, Any]) -> Listed:
    return Listed(
        id=raw["Id"],
        arn=raw["ARN"],
        domain=raw["DomainName"],
        aliases=_items(raw, "Aliases"),
        comment=raw.get("Comment", ""),
        is_enabled=raw["Enabled"],
        origins=tuple(origin["DomainName"].lower() for origin in _items(raw, "Origins")),
    )


def _setup(raw: dict[str, Any]) -> Setup:
    config = raw["DistributionConfig"]
    behaviors = [config["DefaultCacheBehavior"], *_items(config, "CacheBehaviors")]
    return Setup(
        id=raw["Id"],
        arn=raw["ARN"],
        domain=raw["DomainName"],
        aliases=_items(config, "Aliases"),
        comment=config.get("Comment", ""),
        origins=tuple(map(_origin, _items(config, "Origins"))),
        groups=tuple(map(_group, _items(config, "OriginGroups"))),
        behaviors=tuple(map(_behavior, behaviors)),
        web_acl=config.get("WebACLId", ""),
        is_enabled=config["Enabled"],
        is_for_tenants=config.get("ConnectionMode") == FOR_TENANTS,
    )


def _origin(raw: dict[str, Any]) -> Origin:
    return Origin(
        id=raw["Id"],
        host=raw["DomainName"].lower(),
        path=raw.get("OriginPath", ""),
        vpc_origin_id=raw.get("VpcOriginConfig", {}).get("VpcOriginId", ""),
    )


def _group(raw: dict[str, Any]) -> OriginGroup:
    return OriginGroup(raw["Id"], tuple(member["OriginId"] for member in _items(raw, "Members")))


def _behavior(raw: dict[str, Any]) -> Behavior:
    return Behavior(
        path_pattern=raw.get("PathPattern", EVERY_PATH),
        target=raw["TargetOriginId"],
        cache_policy_id=raw.get("CachePolicyId", ""),
        functions=tuple(one["FunctionARN"] for one in _items(raw, "FunctionAssociations")),
        edge_lambdas=tuple(one["LambdaFunctionARN"] for one in _items(raw, "LambdaFunctionAssociations")),
    )


def _items(raw: dict[str, Any], name: str) -> tuple[Any, ...]:
    """CloudFront tells a list with its length beside it, and leaves an empty one out."""
    return tuple(raw.get(name, {}).get("Items") or ())
