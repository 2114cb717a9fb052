"""The network under the load balancers: VPC, zones, subnets, security groups and addresses, drawn from their names."""

from edgeops.localaws import arns
from edgeops.localaws.world import Api, Hop


def vpc(api: Api) -> str:
    """The one VPC of an account and region."""
    return f"vpc-{arns.hexadecimal(f'{api.account_id} {api.region} vpc', 17)}"


def zones(api: Api) -> list[str]:
    """The availability zones in use."""
    return [f"{api.region}{letter}" for letter in "ab"]


def subnet(api: Api, zone: str) -> str:
    """The subnet of a zone."""
    return f"subnet-{arns.hexadecimal(f'{vpc(api)} {zone}', 17)}"


def security_group(api: Api, hop: Hop) -> str:
    """The security group of a load balancer."""
    return f"sg-{arns.hexadecimal(f'{api.account_id} {hop.name}', 17)}"


def address(hop: Hop, number: int) -> str:
    """The private address of one target."""
    digest = arns.hexadecimal(hop.name, 4)
    return f"10.{int(digest[:2], 16)}.{int(digest[-2:], 16)}.{10 + number}"
