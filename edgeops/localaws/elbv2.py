"""Elastic Load Balancing: Application Load Balancers, their listeners and rules, target groups and target health."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from edgeops.localaws import arns, networks, origins, paging
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api, Hop

LARGEST_PAGE = 400
HEALTH_PATH = "/health"

type Place = tuple[Api, Hop]


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of Elastic Load Balancing, by name."""
    balancing = LoadBalancing(simulation)
    return {
        "DescribeLoadBalancers": balancing.describe_load_balancers,
        "DescribeListeners": balancing.describe_listeners,
        "DescribeRules": balancing.describe_rules,
        "DescribeTargetGroups": balancing.describe_target_groups,
        "DescribeTargetHealth": balancing.describe_target_health,
        "DescribeTags": balancing.describe_tags,
    }


class LoadBalancing:
    """Each method is one operation; a call sees the load balancers of its account and region."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def describe_load_balancers(self, params: Params, context: Context) -> Params:
        """All load balancers, or those named or given by ARN."""
        found = self._places(context, "alb")
        found = _picked(found, params.get("LoadBalancerArns"), _arn, "LoadBalancerNotFound")
        found = _picked(found, params.get("Names"), _name, "LoadBalancerNotFound")
        return _page(found, params, _arn, "LoadBalancers", self._load_balancer)

    def describe_listeners(self, params: Params, context: Context) -> Params:
        """The HTTPS listener of each load balancer asked for."""
        found = self._places(context, "alb")
        wanted = params.get("LoadBalancerArn")
        found = _picked(found, [wanted] if wanted else None, _arn, "LoadBalancerNotFound")
        found = _picked(found, params.get("ListenerArns"), _listener, "ListenerNotFound")
        return _page(found, params, _listener, "Listeners", _listener_told)

    def describe_rules(self, params: Params, context: Context) -> Params:
        """The rules of a listener: one for each target group, and the default."""
        found = self._places(context, "alb")
        wanted = params.get("ListenerArn")
        if not wanted and not params.get("RuleArns"):
            raise AwsError("ValidationError", "You must specify either a listener or one or more rules.")
        found = _picked(found, [wanted] if wanted else None, _listener, "ListenerNotFound")
        rules = [rule for api, hop in found for rule in _rules(api, hop)]
        asked = params.get("RuleArns")
        if asked and not {rule["RuleArn"] for rule in rules}.issuperset(asked):
            raise AwsError("RuleNotFound", "One or more rules not found")
        kept = [rule for rule in rules if not asked or rule["RuleArn"] in asked]
        page = paging.page(
            kept, after=params.get("Marker"), size=_size(params), id_of=lambda rule: str(rule["RuleArn"])
        )
        return {"Rules": page.items, "NextMarker": page.next or None}

    def describe_target_groups(self, params: Params, context: Context) -> Params:
        """All target groups, or those of a load balancer, named, or given by ARN."""
        found = self._places(context, "target_group")
        balancer = params.get("LoadBalancerArn")
        if balancer:
            behind = _picked(self._places(context, "alb"), [balancer], _arn, "LoadBalancerNotFound")
            found = [place for place in found if place[0] in [api for api, _ in behind]]
        found = _picked(found, params.get("TargetGroupArns"), _arn, "TargetGroupNotFound")
        found = _picked(found, params.get("Names"), _name, "TargetGroupNotFound")
        return _page(found, params, _arn, "TargetGroups", _target_group)

    def describe_target_health(self, params: Params, context: Context) -> Params:
        """The health of each target now, as the simulated traffic of this minute has it."""
        places = self._places(context, "target_group")
        ((api, hop),) = _picked(places, [params["TargetGroupArn"]], _arn, "TargetGroupNotFound")
        flow = self._simulation.traffic.flow(api.slug, int(context.now // 60))
        unhealthy = flow.groups[api.target_groups.index(hop)].unhealthy
        healthy = hop.targets - unhealthy
        return {"TargetHealthDescriptions": [_target(api, hop, n, is_healthy=n < healthy) for n in range(hop.targets)]}

    def describe_tags(self, params: Params, context: Context) -> Params:
        """The tags of load balancers and target groups."""
        found = _picked(
            self._places(context, "alb", "target_group"), params["ResourceArns"], _arn, "LoadBalancerNotFound"
        )
        told = [
            {"ResourceArn": _arn(api, hop), "Tags": [{"Key": key, "Value": value} for key, value in api.tags.items()]}
            for api, hop in found
        ]
        return {"TagDescriptions": told}

    def _places(self, context: Context, *kinds: str) -> list[Place]:
        return self._simulation.world.hops_of(context.account, context.region, *kinds)

    def _load_balancer(self, api: Api, hop: Hop) -> Params:
        return {
            "LoadBalancerArn": arns.load_balancer(api, hop),
            "DNSName": arns.load_balancer_host(api, hop),
            "CanonicalHostedZoneId": "Z32O12XQLNTSW2",
            "CreatedTime": datetime.fromtimestamp(int(self._simulation.store.state.anchor), UTC),
            "LoadBalancerName": hop.name,
            "Scheme": "internal" if hop.vpc_origin else "internet-facing",
            "VpcId": networks.vpc(api),
            "State": {"Code": "active"},
            "Type": "application",
            "AvailabilityZones": [
                {"ZoneName": zone, "SubnetId": networks.subnet(api, zone)} for zone in networks.zones(api)
            ],
            "SecurityGroups": [networks.security_group(api, hop)],
            "IpAddressType": "ipv4",
        }


def _arn(api: Api, hop: Hop) -> str:
    return arns.load_balancer(api, hop) if hop.kind == "alb" else arns.target_group(api, hop)


def _name(_api: Api, hop: Hop) -> str:
    return hop.name


def _listener(api: Api, hop: Hop) -> str:
    return arns.listener(api, hop)


def _picked(
    places: list[Place], wanted: Iterable[str] | None, name_of: Callable[[Api, Hop], str], error: str
) -> list[Place]:
    """The places of these names, all where none is asked for; raises `error` when one does not exist."""
    if not wanted:
        return places
    by_name = {name_of(*place): place for place in places}
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        raise AwsError(error, f"One or more of '[{', '.join(unknown)}]' not found")
    return [by_name[name] for name in wanted]


def _page(
    places: Sequence[Place],
    params: Params,
    id_of: Callable[[Api, Hop], str],
    name: str,
    told: Callable[[Api, Hop], Params],
) -> Params:
    page = paging.page(places, after=params.get("Marker"), size=_size(params), id_of=lambda place: id_of(*place))
    return {name: [told(*place) for place in page.items], "NextMarker": page.next or None}


def _size(params: Params) -> int:
    return paging.size_of(params.get("PageSize"), largest=LARGEST_PAGE, error="ValidationError")


def _listener_told(api: Api, hop: Hop) -> Params:
    return {
        "ListenerArn": arns.listener(api, hop),
        "LoadBalancerArn": arns.load_balancer(api, hop),
        "Port": 443,
        "Protocol": "HTTPS",
        "Certificates": [{"CertificateArn": f"arn:aws:acm:{api.region}:{api.account_id}:certificate/{api.slug}"}],
        "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        "DefaultActions": [_default_action(api, hop)],
    }


def _default_action(api: Api, hop: Hop) -> Params:
    """A public load balancer turns away whoever does not know CloudFront's header; a private one need not."""
    if hop.vpc_origin:
        return _forward(api, api.target_groups[-1])
    refused = {"MessageBody": "Forbidden", "StatusCode": "403", "ContentType": "text/plain"}
    return {"Type": "fixed-response", "FixedResponseConfig": refused}


def _rules(api: Api, hop: Hop) -> list[Params]:
    arn = arns.listener(api, hop).replace(":listener/", ":listener-rule/")
    header = {"HttpHeaderName": origins.SECRET_HEADER["HeaderName"], "Values": [origins.SECRET_HEADER["HeaderValue"]]}
    secret = [] if hop.vpc_origin else [{"Field": "http-header", "HttpHeaderConfig": header}]
    rules = []
    for priority, group in enumerate(api.target_groups, 1):
        is_last = group is api.target_groups[-1]
        path = [f"/{group.name}/*"]
        by_path = [] if is_last else [{"Field": "path-pattern", "Values": path, "PathPatternConfig": {"Values": path}}]
        if conditions := [*secret, *by_path]:
            rules.append(_rule(arn, str(priority), conditions, _forward(api, group)))
    return [*rules, _rule(arn, "default", [], _default_action(api, hop))]


def _rule(arn: str, priority: str, conditions: list[Params], action: Params) -> Params:
    return {
        "RuleArn": f"{arn}/{arns.hexadecimal(f'{arn} {priority}', 16)}",
        "Priority": priority,
        "Conditions": conditions,
        "Actions": [action],
        "IsDefault": priority == "default",
    }


def _forward(api: Api, group: Hop) -> Params:
    arn = arns.target_group(api, group)
    weighed = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": 1}]}
    return {"Type": "forward", "TargetGroupArn": arn, "ForwardConfig": weighed}


def _target_group(api: Api, hop: Hop) -> Params:
    return {
        "TargetGroupArn": arns.target_group(api, hop),
        "TargetGroupName": hop.name,
        "Protocol": "HTTP",
        "Port": 8080,
        "VpcId": networks.vpc(api),
        "HealthCheckProtocol": "HTTP",
        "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "HealthCheckPath": HEALTH_PATH,
        "Matcher": {"HttpCode": "200"},
        "LoadBalancerArns": [arns.load_balancer(api, other) for other in api.hops if other.kind == "alb"],
        "TargetType": "ip",
        "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
    }


def _target(api: Api, hop: Hop, number: int, *, is_healthy: bool) -> Params:
    zones = networks.zones(api)
    trouble = {
        "State": "unhealthy",
        "Reason": "Target.Timeout",
        "Description": "Request timed out",
    }
    return {
        "Target": {
            "Id": networks.address(hop, number),
            "Port": 8080,
            "AvailabilityZone": zones[number % len(zones)],
        },
        "HealthCheckPort": "8080",
        "TargetHealth": {"State": "healthy"} if is_healthy else trouble,
    }
