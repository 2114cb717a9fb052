"""EC2: the security groups in front of load balancers, CloudFront's prefix lists, and the regions of an account."""

from collections.abc import Callable, Sequence

from edgeops.localaws import arns, networks, paging
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api, Hop

LARGEST_PAGE = 1000
PREFIX_LISTS = ("com.amazonaws.global.cloudfront.origin-facing", "com.amazonaws.global.ipv6.cloudfront.origin-facing")
PREFIX_LIST_WEIGHT = 55
"""How many rules of a security group CloudFront's prefix list counts as."""
REGIONS = (
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
    "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip
"""The regions every account has; those it would have to enable are its disabled ones."""

type Place = tuple[Api, Hop]


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of EC2, by name."""
    ec2 = Ec2(simulation)
    return {
        "DescribeSecurityGroups": ec2.describe_security_groups,
        "DescribeSecurityGroupRules": ec2.describe_security_group_rules,
        "DescribeManagedPrefixLists": ec2.describe_managed_prefix_lists,
        "DescribeRegions": ec2.describe_regions,
    }


class Ec2:
    """Each method is one operation; a call sees the groups of its account and region."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def describe_security_groups(self, params: Params, context: Context) -> Params:
        """The security groups of the load balancers."""
        found = [_group(*place) for place in self._places(context)]
        found = _picked(found, params.get("GroupIds"), "GroupId", "InvalidGroup.NotFound", "security group")
        kept = _filtered(found, params, {"group-id": "GroupId", "group-name": "GroupName", "vpc-id": "VpcId"})
        return _page("SecurityGroups", kept, params, lambda group: str(group["GroupId"]))

    def describe_security_group_rules(self, params: Params, context: Context) -> Params:
        """The rules of those groups: what may come in, and that all may go out."""
        found = [rule for place in self._places(context) for rule in _rules(*place, context.region)]
        asked = params.get("SecurityGroupRuleIds")
        found = _picked(
            found, asked, "SecurityGroupRuleId", "InvalidSecurityGroupRuleId.NotFound", "security group rule"
        )
        kept = _filtered(found, params, {"group-id": "GroupId", "security-group-rule-id": "SecurityGroupRuleId"})
        return _page("SecurityGroupRules", kept, params, lambda rule: str(rule["SecurityGroupRuleId"]))

    def describe_managed_prefix_lists(self, params: Params, context: Context) -> Params:
        """The addresses from which CloudFront asks origins, as AWS keeps them."""
        found: list[Params] = [
            {
                "PrefixListId": prefix_list(context.region, name),
                "AddressFamily": "IPv6" if "ipv6" in name else "IPv4",
                "State": "create-complete",
                "PrefixListArn": f"arn:aws:ec2:{context.region}:aws:prefix-list/{prefix_list(context.region, name)}",
                "PrefixListName": name,
                "MaxEntries": PREFIX_LIST_WEIGHT,
                "OwnerId": "AWS",
            }
            for name in PREFIX_LISTS
        ]
        asked = params.get("PrefixListIds")
        found = _picked(found, asked, "PrefixListId", "InvalidPrefixListID.NotFound", "prefix list")
        known = {"prefix-list-id": "PrefixListId", "prefix-list-name": "PrefixListName", "owner-id": "OwnerId"}
        kept = _filtered(found, params, known)
        return _page("PrefixLists", kept, params, lambda entry: str(entry["PrefixListId"]))

    def describe_regions(self, params: Params, context: Context) -> Params:
        """The regions the account may use; with AllRegions also those it has not enabled."""
        statuses = dict.fromkeys(REGIONS, "opt-in-not-required")
        if params.get("AllRegions"):
            statuses |= dict.fromkeys(context.account.disabled_regions, "not-opted-in")
        found: list[Params] = [
            {"RegionName": region, "Endpoint": f"ec2.{region}.amazonaws.com", "OptInStatus": status}
            for region, status in sorted(statuses.items())
        ]
        found = _picked(found, params.get("RegionNames"), "RegionName", "InvalidParameterValue", "region")
        return {"Regions": _filtered(found, params, {"region-name": "RegionName", "opt-in-status": "OptInStatus"})}

    def _places(self, context: Context) -> list[Place]:
        return self._simulation.world.hops_of(context.account, context.region, "alb")


def prefix_list(region: str, name: str) -> str:
    """The id of a managed prefix list; each region has its own."""
    return f"pl-{arns.hexadecimal(f'{region} {name}', 8)}"


def _group(api: Api, hop: Hop) -> Params:
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    source = {"PrefixListIds": [{"PrefixListId": prefix_list(api.region, PREFIX_LISTS[0])}]}
    group_id = networks.security_group(api, hop)
    return {
        "GroupId": group_id,
        "GroupName": hop.name,
        "Description": f"In front of {hop.name}",
        "OwnerId": api.account_id,
        "VpcId": networks.vpc(api),
        "SecurityGroupArn": f"arn:aws:ec2:{api.region}:{api.account_id}:security-group/{group_id}",
        "IpPermissions": [{**permission, **source}],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        "Tags": [{"Key": key, "Value": value} for key, value in api.tags.items()],
    }


def _rules(api: Api, hop: Hop, region: str) -> list[Params]:
    group_id = networks.security_group(api, hop)
    common = {"GroupId": group_id, "GroupOwnerId": api.account_id}
    inward = {"IsEgress": False, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    outward = {"IsEgress": True, "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"}
    return [
        {**common, **inward, "SecurityGroupRuleId": _rule(group_id, "in"), "PrefixListId": _origin_facing(region)},
        {**common, **outward, "SecurityGroupRuleId": _rule(group_id, "out")},
    ]


def _origin_facing(region: str) -> str:
    return prefix_list(region, PREFIX_LISTS[0])


def _rule(group_id: str, direction: str) -> str:
    return f"sgr-{arns.hexadecimal(f'{group_id} {direction}', 17)}"


def _picked(found: list[Params], wanted: Sequence[str] | None, key: str, error: str, word: str) -> list[Params]:
    """Those of the ids asked for, all where none is; raises `error` when one does not exist."""
    if not wanted:
        return found
    by_id = {str(entry[key]): entry for entry in found}
    for name in wanted:
        if name not in by_id:
            raise AwsError(error, f"The {word} '{name}' does not exist")
    return [by_id[name] for name in wanted]


def _filtered(found: list[Params], params: Params, known: dict[str, str]) -> list[Params]:
    """What passes every filter; a filter that is not simulated is refused rather than passed over."""
    for wanted in params.get("Filters") or ():
        if wanted.get("Name") not in known:
            raise AwsError("InvalidParameterValue", f"The filter '{wanted.get('Name')}' is invalid")
        found = [entry for entry in found if entry[known[wanted["Name"]]] in (wanted.get("Values") or ())]
    return found


def _page(name: str, entries: Sequence[Params], params: Params, id_of: Callable[[Params], str]) -> Params:
    error = "InvalidParameterValue"
    size = paging.size_of(params.get("MaxResults"), largest=LARGEST_PAGE, error=error)
    page = paging.page(entries, after=params.get("NextToken"), size=size, id_of=id_of, error=error)
    return {name: page.items, "NextToken": page.next or None}
