"""One cheap call for each IAM action EdgeOps uses, to learn whether it is allowed before it is needed.

IAM decides before a service looks, so that a call for something that does not exist answers too: not found is allowed.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from edgeops.aws import cloudwatch
from edgeops.aws.apigateway import shared_pacer
from edgeops.aws.clients import Access, Meter
from edgeops.aws.cloudwatch import Query
from edgeops.aws.errors import AwsError, NotFoundError
from edgeops.aws.gateway import Gateway
from edgeops.aws.xray import XRay

NOBODY = "edgeops-access-test"
ELB = "arn:aws:elasticloadbalancing:{region}:{account}"
FUNCTION = f"arn:aws:lambda:{{region}}:{{account}}:function:{NOBODY}"
TRACE = "1-5759e988-bd862e3fe1be46a994272793"
ZONE = "Z00000000EDGEOPSTEST"
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who tries, where, and the distribution of the account that is asked for where there is one."""

    region: str
    account_id: str
    meter: Meter
    access: Access
    now: datetime
    distribution_id: str = "E00EDGEOPSTEST"


@dataclass(frozen=True, slots=True)
class Trial:
    """An action and the call that tries it."""

    action: str
    needed_for: str
    call: Callable[[Caller], object]


def refusal(trial: Trial, caller: Caller) -> AwsError | None:
    """What AWS refuses it with; None: it is allowed."""
    try:
        trial.call(caller)
    except NotFoundError:
        return None
    except AwsError as error:
        return error
    return None


def _asks(service: str, operation: str, *, prefix: str = "", **parameters: Any) -> Callable[[Caller], object]:
    def call(caller: Caller) -> object:
        pacer = shared_pacer(caller.access) if service == "apigateway" else None
        gateway = Gateway(service, caller.region, caller.meter, caller.access, prefix=prefix, pacer=pacer)
        action = "GET" if service == "apigateway" else ""
        return gateway.ask(operation, action=action, **{name: _filled(one, caller) for name, one in parameters.items()})

    return call


def _elb(operation: str, **parameters: Any) -> Callable[[Caller], object]:
    return _asks("elbv2", operation, prefix="elasticloadbalancing", **parameters)


def _filled(value: Any, caller: Caller) -> Any:
    if not isinstance(value, str):
        return value
    return value.format(region=caller.region, account=caller.account_id, distribution=caller.distribution_id)


def _metric_data(caller: Caller) -> object:
    """The one call here that costs something: a thousandth of a cent."""
    query = Query("q0", "AWS/CloudFront", "Requests", "Sum", {"DistributionId": NOBODY, "Region": "Global"})
    start = caller.now - timedelta(minutes=1)
    return cloudwatch.get_metric_data(
        caller.region, [query], period=60, start=start, end=caller.now, meter=caller.meter, access=caller.access
    )


def _summaries(caller: Caller) -> object:
    gateway = XRay(caller.region, caller.meter, caller.access)
    return gateway.summaries(caller.now - SECOND, caller.now, f'service("{NOBODY}")')


def _traces(caller: Caller) -> object:
    return XRay(caller.region, caller.meter, caller.access).traces([TRACE])


METRICS = Trial("cloudwatch:GetMetricData", "reading metrics", _metric_data)
WEB_ACL = "arn:aws:wafv2:{region}:{account}:%s/webacl/" + f"{NOBODY}/00000000-0000-0000-0000-000000000000"
TENANT = "dt_EdgeOpsAccessTest0000000"
TENANTS = "invalidating for tenants of a distribution"
FINDING = "finding the request path"
GLOBAL = (
    Trial(
        "cloudfront:ListDistributions",
        "choosing a distribution",
        _asks("cloudfront", "ListDistributions", MaxItems="1"),
    ),
    Trial("cloudfront:GetDistribution", FINDING, _asks("cloudfront", "GetDistribution", Id="{distribution}")),
    Trial(
        "cloudfront:GetMonitoringSubscription",
        "knowing whether additional metrics are on",
        _asks("cloudfront", "GetMonitoringSubscription", DistributionId="{distribution}"),
    ),
    Trial("cloudfront:GetVpcOrigin", FINDING, _asks("cloudfront", "GetVpcOrigin", Id="vo_EdgeOpsAccessTest00000")),
    Trial(
        "cloudfront:GetCachePolicy",
        "naming cache policies",
        _asks("cloudfront", "GetCachePolicy", Id="00000000-0000-0000-0000-000000000000"),
    ),
    Trial(
        "cloudfront:GetInvalidation",
        "following invalidations",
        _asks("cloudfront", "GetInvalidation", DistributionId="{distribution}", Id="I00EDGEOPSTEST"),
    ),
    Trial(
        "cloudfront:ListInvalidations",
        "counting invalidations made elsewhere",
        _asks("cloudfront", "ListInvalidations", DistributionId="{distribution}", MaxItems="1"),
    ),
    Trial(
        "cloudfront:GetDistributionConfig",
        "knowing whether cache tags can be invalidated",
        _asks("cloudfront", "GetDistributionConfig", Id="{distribution}"),
    ),
    Trial(
        "cloudfront:ListDistributionTenants",
        TENANTS,
        _asks("cloudfront", "ListDistributionTenants", AssociationFilter={"DistributionId": NOBODY}, MaxItems=1),
    ),
    Trial(
        "cloudfront:ListInvalidationsForDistributionTenant",
        TENANTS,
        _asks("cloudfront", "ListInvalidationsForDistributionTenant", Id=TENANT, MaxItems=1),
    ),
    Trial(
        "cloudfront:GetInvalidationForDistributionTenant",
        TENANTS,
        _asks("cloudfront", "GetInvalidationForDistributionTenant", DistributionTenantId=TENANT, Id="I00EDGEOPSTEST"),
    ),
    METRICS,
    Trial("wafv2:GetWebACL", "finding web ACLs", _asks("wafv2", "GetWebACL", ARN=WEB_ACL % "global")),
    Trial(
        "tag:GetResources",
        "choosing a distribution by its tags",
        _asks("resourcegroupstaggingapi", "GetResources", prefix="tag", ResourcesPerPage=1),
    ),
    Trial("route53:ListHealthChecks", "finding health checks", _asks("route53", "ListHealthChecks", MaxItems="1")),
    Trial("route53:ListHostedZones", "following host names", _asks("route53", "ListHostedZones", MaxItems="1")),
    Trial(
        "route53:ListResourceRecordSets",
        "following host names",
        _asks("route53", "ListResourceRecordSets", HostedZoneId=ZONE, MaxItems="1"),
    ),
)
"""Of services that are asked in us-east-1, wherever an API is."""
REGIONAL = (
    METRICS,
    Trial("apigateway:GET", FINDING, _asks("apigateway", "GetRestApis", limit=1)),
    Trial("elasticloadbalancing:DescribeLoadBalancers", FINDING, _elb("DescribeLoadBalancers", PageSize=1)),
    Trial(
        "elasticloadbalancing:DescribeTargetGroups",
        FINDING,
        _elb("DescribeTargetGroups", LoadBalancerArn=f"{ELB}:loadbalancer/app/{NOBODY}/0123456789abcdef"),
    ),
    Trial(
        "elasticloadbalancing:DescribeListeners",
        "telling which paths lead where",
        _elb("DescribeListeners", LoadBalancerArn=f"{ELB}:loadbalancer/app/{NOBODY}/0123456789abcdef"),
    ),
    Trial(
        "elasticloadbalancing:DescribeRules",
        "telling which paths lead where",
        _elb("DescribeRules", ListenerArn=f"{ELB}:listener/app/{NOBODY}/0123456789abcdef/0123456789abcdef"),
    ),
    Trial(
        "elasticloadbalancing:DescribeTargetHealth",
        FINDING,
        _elb("DescribeTargetHealth", TargetGroupArn=f"{ELB}:targetgroup/{NOBODY}/0123456789abcdef"),
    ),
    Trial(
        "ec2:DescribeSecurityGroupRules",
        "telling whether viewers can go past CloudFront",
        _asks("ec2", "DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": ["sg-00000000"]}]),
    ),
    Trial("lambda:ListFunctions", "finding the function behind a URL", _asks("lambda", "ListFunctions", MaxItems=1)),
    Trial(
        "lambda:ListFunctionUrlConfigs",
        "finding the function behind a URL",
        _asks("lambda", "ListFunctionUrlConfigs", FunctionName=FUNCTION),
    ),
    Trial(
        "lambda:GetFunctionConfiguration",
        "describing functions",
        _asks("lambda", "GetFunctionConfiguration", FunctionName=FUNCTION),
    ),
    Trial("wafv2:GetWebACL", "finding web ACLs", _asks("wafv2", "GetWebACL", ARN=WEB_ACL % "regional")),
    Trial(
        "wafv2:GetWebACLForResource",
        "finding web ACLs",
        _asks("wafv2", "GetWebACLForResource", ResourceArn=f"{ELB}:loadbalancer/app/{NOBODY}/0123456789abcdef"),
    ),
    Trial("xray:GetTraceSummaries", "listing traces", _summaries),
    Trial("xray:BatchGetTraces", "showing a trace", _traces),
)
"""Of services that are asked in each region of an account."""
