"""EC2's security groups: who may reach a load balancer.

Reference: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupRules.html
"""

from collections.abc import Sequence

from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.gateway import Gateway

EVERYBODY = {"0.0.0.0/0", "::/0"}


class SecurityGroups:
    """The security groups of one region. Every verb raises AwsError."""

    def __init__(self, region: str, meter: Meter, access: Access = OWN) -> None:
        self._gateway = Gateway("ec2", region, meter, access)

    def are_open(self, group_ids: Sequence[str]) -> bool:
        """Whether one of the groups lets every address in."""
        filters = [{"Name": "group-id", "Values": list(group_ids)}]
        pages = self._gateway.pages(
            "DescribeSecurityGroupRules", after="NextToken", following="NextToken", Filters=filters
        )
        return any(
            not rule["IsEgress"] and not EVERYBODY.isdisjoint((rule.get("CidrIpv4"), rule.get("CidrIpv6")))
            for page in pages
            for rule in page["SecurityGroupRules"]
        )
