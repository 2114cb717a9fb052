"""What an account lets EdgeOps read, one gateway for each service and region, made when it is first needed."""

from collections.abc import Callable
from functools import cache, cached_property

from edgeops.aws.apigateway import RestApis
from edgeops.aws.apigatewayv2 import HttpApis
from edgeops.aws.clients import Access, Meter
from edgeops.aws.distributions import Distributions
from edgeops.aws.ec2 import SecurityGroups
from edgeops.aws.elbv2 import LoadBalancing
from edgeops.aws.lambda_ import Functions
from edgeops.aws.route53 import Dns
from edgeops.aws.tagging import Tags
from edgeops.aws.wafv2 import Waf

GLOBAL_REGION = "us-east-1"


class Gateways:
    """The gateways of one access; what a gateway has read once it keeps, so these live as long as one question."""

    def __init__(self, meter_of: Callable[[str], Meter], access: Access) -> None:
        self.meter_of = meter_of
        self.access = access
        self.load_balancing = cache(lambda region: LoadBalancing(region, meter_of(region), access))
        self.rest_apis = cache(lambda region: RestApis(region, meter_of(region), access))
        self.http_apis = cache(lambda region: HttpApis(region, meter_of(region), access))
        self.functions = cache(lambda region: Functions(region, meter_of(region), access))
        self.waf = cache(lambda region: Waf(region, meter_of(region), access))
        self.security_groups = cache(lambda region: SecurityGroups(region, meter_of(region), access))

    @cached_property
    def distributions(self) -> Distributions:
        """CloudFront."""
        return Distributions(self.meter_of(GLOBAL_REGION), self.access)

    @cached_property
    def tags(self) -> Tags:
        """The tagging API, where CloudFront's tags are told."""
        return Tags(self.meter_of(GLOBAL_REGION), self.access)

    @cached_property
    def dns(self) -> Dns:
        """Route 53."""
        return Dns(self.meter_of(GLOBAL_REGION), self.access)
