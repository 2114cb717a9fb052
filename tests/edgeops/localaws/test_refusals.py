"""What AWS refuses, asked of every simulated service by an unmodified client."""

import pytest
from botocore.exceptions import ClientError

from edgeops.localaws.wire import models
from tests.edgeops.localaws.conftest import code_of

ROLE = "arn:aws:sts::123456789012:assumed-role/EdgeOps/local"
WINDOW = {"StartTime": 0, "EndTime": 60}
METRIC = {"Namespace": "AWS/Lambda", "MetricName": "Errors"}
QUERY = {"Id": "errors", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum"}}
CALLS = {
    "apigateway": lambda client: client.get_rest_apis(),
    "apigatewayv2": lambda client: client.get_apis(),
    "cloudfront": lambda client: client.list_distributions(),
    "cloudwatch": lambda client: client.get_metric_data(MetricDataQueries=[QUERY], **WINDOW),
    "ec2": lambda client: client.describe_security_groups(),
    "elbv2": lambda client: client.describe_load_balancers(),
    "lambda": lambda client: client.list_functions(),
    "resourcegroupstaggingapi": lambda client: client.get_resources(),
    "route53": lambda client: client.list_hosted_zones(),
    "sts": lambda client: client.get_caller_identity(),
    "wafv2": lambda client: client.list_web_acls(Scope="REGIONAL"),
    "xray": lambda client: client.get_trace_summaries(**WINDOW),
}
GLOBAL = ("cloudfront", "route53")


def test_every_simulated_service_is_asked_here():
    assert set(CALLS) == set(models.SERVICES)


@pytest.mark.parametrize("service", CALLS)
def test_credentials_that_have_ended_are_refused_by_every_service(served, clock, service):
    client = served.client(service, "eu-west-1", **served.assumed(seconds=900))
    assert CALLS[service](client)
    clock.pass_seconds(900)

    code, _ = code_of(lambda: CALLS[service](client))

    expected = {"ec2": "RequestExpired"}.get(service)
    assert code == expected or (expected is None and code in ("ExpiredToken", "ExpiredTokenException"))


@pytest.mark.parametrize("service", [service for service in CALLS if service not in GLOBAL])
def test_a_region_that_is_not_enabled_is_refused_by_every_regional_service(served, service):
    code, status = code_of(lambda: CALLS[service](served.client(service, "ap-east-1")))

    assert (code, status) in (
        ("InvalidClientTokenId", 403),
        ("UnrecognizedClientException", 403),
        ("AuthFailure", 401),
    )


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("apigateway", ("TooManyRequestsException", 429)),
        ("apigatewayv2", ("TooManyRequestsException", 429)),
        ("cloudfront", ("Throttling", 400)),
        ("cloudwatch", ("ThrottlingException", 400)),
        ("ec2", ("RequestLimitExceeded", 503)),
        ("elbv2", ("Throttling", 400)),
        ("lambda", ("TooManyRequestsException", 429)),
        ("resourcegroupstaggingapi", ("ThrottledException", 400)),
        ("route53", ("Throttling", 400)),
        ("sts", ("Throttling", 400)),
        ("wafv2", ("ThrottlingException", 400)),
        ("xray", ("ThrottledException", 429)),
    ],
)
def test_a_throttled_call_is_refused_in_the_services_words(served, service, expected):
    served.control("faults", {"kind": "throttle", "service": service, "calls": 1})

    assert code_of(lambda: CALLS[service](served.client(service))) == expected


@pytest.mark.parametrize(
    ("service", "code", "action"),
    [
        ("apigateway", "AccessDeniedException", "apigateway:GET on resource: arn:aws:apigateway:eu-west-1::/restapis "),
        ("apigatewayv2", "AccessDeniedException", "apigateway:GET on resource: arn:aws:apigateway:eu-west-1::/apis "),
        ("cloudfront", "AccessDenied", "cloudfront:ListDistributions "),
        ("cloudwatch", "AccessDenied", "cloudwatch:GetMetricData "),
        ("ec2", "UnauthorizedOperation", "ec2:DescribeSecurityGroups "),
        ("elbv2", "AccessDenied", "elasticloadbalancing:DescribeLoadBalancers "),
        ("lambda", "AccessDeniedException", "lambda:ListFunctions on resource: * "),
        ("resourcegroupstaggingapi", "AccessDeniedException", "tag:GetResources "),
        ("route53", "AccessDenied", "route53:ListHostedZones "),
        ("wafv2", "AccessDeniedException", "wafv2:ListWebACLs "),
        ("xray", "AccessDeniedException", "xray:GetTraceSummaries "),
    ],
)
def test_a_denied_call_names_the_action_in_the_services_words(served, service, code, action):
    served.control("faults", {"kind": "access_denied", "service": service})

    with pytest.raises(ClientError) as denied:
        CALLS[service](served.client(service))

    error = denied.value.response["Error"]
    assert error["Code"] == code
    assert f"User: {ROLE} is not authorized to perform: {action}" in error["Message"]


def test_a_denied_call_of_api_gateway_names_the_path_it_asked_for(served):
    served.control("faults", {"kind": "access_denied", "service": "apigateway", "operation": "GetStages"})
    served.control("faults", {"kind": "access_denied", "service": "apigatewayv2", "operation": "GetApiMappings"})
    rest, http = served.client("apigateway"), served.client("apigatewayv2")

    with pytest.raises(ClientError, match="arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5/stages because"):
        rest.get_stages(restApiId="a1b2c3d4e5")
    with pytest.raises(ClientError, match=r"arn:aws:apigateway:eu-west-1::/domainnames/a\.test/apimappings because"):
        http.get_api_mappings(DomainName="a.test")
    assert rest.get_rest_apis()["items"]


def test_a_denied_call_names_the_role_that_was_assumed(served):
    credentials = served.assumed()
    served.control("faults", {"kind": "access_denied", "service": "cloudfront"})
    client = served.client("cloudfront", "us-east-1", **credentials)

    with pytest.raises(ClientError, match="sts::345678901234:assumed-role/edgeops-reader/edgeops is not authorized"):
        client.list_distributions()


def test_a_denied_assume_role_names_the_action(served):
    served.control("faults", {"kind": "access_denied", "service": "sts", "operation": "AssumeRole"})

    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::3456"):
        served.client("sts").assume_role(RoleArn="arn:aws:iam::345678901234:role/reader", RoleSessionName="edgeops")


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("elbv2", lambda client: client.describe_target_health()),
        ("wafv2", lambda client: client.list_web_acls()),
        ("sts", lambda client: client.assume_role(RoleSessionName="edgeops")),
    ],
)
def test_a_client_that_leaves_out_what_is_required_is_told(served, service, call):
    client = served.client(service, parameter_validation=False)

    with pytest.raises(ClientError, match="must contain the parameter"):
        call(client)


def test_what_ec2_does_not_do_is_refused_in_its_own_form(served):
    with pytest.raises(ClientError, match="Local AWS does not answer ec2:DescribeInstances") as refused:
        served.client("ec2").describe_instances()

    assert refused.value.response["Error"]["Code"] == "UnknownOperationException"
