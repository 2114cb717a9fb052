"""The names AWS gives the resources of a world: ARNs, and the host names under which they are reached."""

from hashlib import sha256
from uuid import NAMESPACE_DNS, uuid5

from edgeops.localaws.world import Api, Hop, Tenant, WebAcl


def distribution(api: Api) -> str:
    """The ARN of the distribution."""
    return f"arn:aws:cloudfront::{api.account_id}:distribution/{api.distribution.id}"


def tenant(api: Api, tenant: Tenant) -> str:
    """The ARN of a tenant of the distribution."""
    return f"arn:aws:cloudfront::{api.account_id}:distribution-tenant/{tenant.id}"


def edge_function(api: Api) -> str:
    """The ARN of the CloudFront function at the distribution's default behavior."""
    return f"arn:aws:cloudfront::{api.account_id}:function/{api.edge_function}"


def vpc_origin(api: Api, hop: Hop) -> str:
    """The ARN of the VPC origin through which CloudFront reaches a private load balancer."""
    return f"arn:aws:cloudfront::{api.account_id}:vpcorigin/{hop.vpc_origin}"


def load_balancer(api: Api, hop: Hop) -> str:
    """The ARN of a load balancer; its tail is what CloudWatch calls it."""
    return f"arn:aws:elasticloadbalancing:{api.region}:{api.account_id}:loadbalancer/app/{hop.name}/{hop.id}"


def load_balancer_host(api: Api, hop: Hop) -> str:
    """The DNS name of a load balancer; a private one's begins with `internal-`."""
    scheme = "internal-" if hop.vpc_origin else ""
    return f"{scheme}{hop.name}-1234567890.{api.region}.elb.amazonaws.com"


def listener(api: Api, hop: Hop) -> str:
    """The ARN of the HTTPS listener of a load balancer."""
    arn = load_balancer(api, hop).replace(":loadbalancer/", ":listener/")
    return f"{arn}/{hexadecimal(arn, 16)}"


def target_group(api: Api, hop: Hop) -> str:
    """The ARN of a target group; its tail is what CloudWatch calls it."""
    return f"arn:aws:elasticloadbalancing:{api.region}:{api.account_id}:targetgroup/{hop.name}/{hop.id}"


def function(api: Api, hop: Hop) -> str:
    """The ARN of a Lambda function."""
    return f"arn:aws:lambda:{api.region}:{api.account_id}:function:{hop.name}"


def function_host(api: Api, hop: Hop) -> str:
    """The host of a function's own URL."""
    return f"{hop.url_id}.lambda-url.{api.region}.on.aws"


def gateway_host(api: Api, hop: Hop) -> str:
    """The default host of an API of API Gateway."""
    return f"{hop.id}.execute-api.{api.region}.amazonaws.com"


def stage(api: Api, hop: Hop) -> str:
    """The ARN of a stage, REST or HTTP."""
    kind = "restapis" if hop.kind == "rest_api" else "apis"
    return f"arn:aws:apigateway:{api.region}::/{kind}/{hop.id}/stages/{hop.stage}"


def bucket_host(api: Api, hop: Hop) -> str:
    """The regional host of a bucket."""
    return f"{hop.name}.s3.{api.region}.amazonaws.com"


def web_acl(api: Api, acl: WebAcl, *, regional: bool) -> str:
    """The ARN of a web ACL: CloudFront's are global and live in us-east-1."""
    place, scope = (api.region, "regional") if regional else ("us-east-1", "global")
    return f"arn:aws:wafv2:{place}:{api.account_id}:{scope}/webacl/{acl.name}/{acl.id}"


def hexadecimal(text: str, length: int) -> str:
    """A fixed id drawn from a text, as AWS draws its own at random."""
    return sha256(text.encode()).hexdigest()[:length]


def identifier(text: str) -> str:
    """A fixed UUID drawn from a text."""
    return str(uuid5(NAMESPACE_DNS, text))
