"""What the gateways make of answers that local AWS never gives."""

from collections import Counter

import pytest
from botocore.stub import Stubber

from edgeops.aws.apigateway import RestApis, RestStage
from edgeops.aws.apigatewayv2 import HttpApis
from edgeops.aws.distributions import Behavior, Distributions, Origin, OriginGroup
from edgeops.aws.ec2 import SecurityGroups
from edgeops.aws.elbv2 import LoadBalancing
from edgeops.aws.errors import InvalidError, NotFoundError
from edgeops.aws.lambda_ import MAX_ASKED, Functions
from edgeops.aws.pacing import Pacer
from edgeops.aws.route53 import Dns
from edgeops.aws.wafv2 import Waf

REGION = "eu-west-1"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:pay"
INVOKE = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{}/invocations"
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
AT_ONCE = Pacer(0)


@pytest.fixture
def calls():
    return Counter()


@pytest.fixture
def meter(calls):
    return lambda service, operation, units: calls.update([(service, operation)])


@pytest.fixture
def stub():
    stubbers = []

    def begin(gateway):
        stubber = Stubber(gateway._gateway._boto)
        stubber.activate()
        stubbers.append(stubber)
        return stubber

    yield begin
    for stubber in stubbers:
        stubber.assert_no_pending_responses()
        stubber.deactivate()


def counted(*items):
    return {"Quantity": len(items), "Items": list(items)}


def origin(origin_id, host, **more):
    return {"Id": origin_id, "DomainName": host, **more}


def distribution(**config):
    behavior = {"TargetOriginId": "both", "ViewerProtocolPolicy": "https-only"}
    return {
        "Distribution": {
            "Id": "E1",
            "ARN": "arn:aws:cloudfront::123456789012:distribution/E1",
            "Status": "Deployed",
            "LastModifiedTime": "2026-11-24T00:00:00Z",
            "DomainName": "d1.cloudfront.net",
            "InProgressInvalidationBatches": 0,
            "DistributionConfig": {
                "CallerReference": "x",
                "Comment": "",
                "Enabled": True,
                "Origins": counted(origin("a", "A.example.test")),
                "DefaultCacheBehavior": behavior,
                **config,
            },
        }
    }


def test_a_setup_has_origins_groups_and_behaviors_with_the_default_one_first(meter, stub):
    gateway = Distributions(meter)
    secret = {"HeaderName": "X-Origin-Secret", "HeaderValue": "only-cloudfront-knows"}
    function = {"FunctionARN": "arn:aws:cloudfront::123456789012:function/rewrite", "EventType": "viewer-request"}
    stub(gateway).add_response(
        "get_distribution",
        distribution(
            Origins=counted(
                origin("a", "A.example.test", OriginPath="/v1", CustomHeaders=counted(secret)),
                origin("b", "b.test", VpcOriginConfig={"VpcOriginId": "vo_1"}),
            ),
            OriginGroups=counted(
                {
                    "Id": "both",
                    "FailoverCriteria": {"StatusCodes": {"Quantity": 1, "Items": [500]}},
                    "Members": counted({"OriginId": "a"}, {"OriginId": "b"}),
                }
            ),
            CacheBehaviors=counted(
                {
                    "PathPattern": "/img/*",
                    "TargetOriginId": "b",
                    "ViewerProtocolPolicy": "https-only",
                    "CachePolicyId": "p1",
                    "FunctionAssociations": counted(function),
                }
            ),
        ),
        {"Id": "E1"},
    )

    setup = gateway.setup("E1")

    assert setup.origins == (Origin("a", "a.example.test", "/v1"), Origin("b", "b.test", "", "vo_1"))
    assert setup.groups == (OriginGroup("both", ("a", "b")),)
    assert setup.behaviors == (
        Behavior("*", "both"),
        Behavior("/img/*", "b", "p1", ("arn:aws:cloudfront::123456789012:function/rewrite",)),
    )
    assert "only-cloudfront-knows" not in repr(setup)


@pytest.mark.parametrize(("status", "expected"), [("Enabled", True), ("Disabled", False)])
def test_a_subscription_says_whether_it_is_on(meter, stub, status, expected):
    gateway = Distributions(meter)
    config = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": status}}
    stub(gateway).add_response("get_monitoring_subscription", {"MonitoringSubscription": config})
    assert gateway.has_additional_metrics("E1") is expected


def test_no_subscription_is_no_error_but_no_distribution_is(meter, stub):
    gateway = Distributions(meter)
    aws = stub(gateway)
    aws.add_client_error("get_monitoring_subscription", "NoSuchMonitoringSubscription", "none", http_status_code=404)
    aws.add_client_error("get_monitoring_subscription", "NoSuchDistribution", "none", http_status_code=404)

    assert gateway.has_additional_metrics("E1") is False
    with pytest.raises(NotFoundError):
        gateway.has_additional_metrics("E1")


def test_load_balancers_are_listed_once_however_often_they_are_asked_for(meter, stub, calls):
    gateway = LoadBalancing(REGION, meter)
    found = {"LoadBalancerArn": "arn:1", "LoadBalancerName": "shop", "DNSName": "Shop-1.elb.test", "Type": "network"}
    stub(gateway).add_response("describe_load_balancers", {"LoadBalancers": [found]})

    assert gateway.load_balancers[0].host == "shop-1.elb.test"
    assert gateway.load_balancers[0].kind == "network"
    assert calls == {("elbv2", "DescribeLoadBalancers"): 1}


def test_the_paths_of_a_target_group_come_from_its_rules_without_their_secrets(meter, stub):
    gateway = LoadBalancing(REGION, meter)
    aws = stub(gateway)
    header = {"HttpHeaderName": "X-Origin-Secret", "Values": ["only-cloudfront-knows"]}
    conditions = [
        {"Field": "http-header", "HttpHeaderConfig": header},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a/*"]}},
    ]
    weighed = {"TargetGroups": [{"TargetGroupArn": "tg1", "Weight": 1}, {"TargetGroupArn": "tg2", "Weight": 1}]}
    rules = [
        {"Conditions": conditions, "Actions": [{"Type": "forward", "ForwardConfig": weighed}]},
        {"Conditions": [], "Actions": [{"Type": "forward", "TargetGroupArn": "tg3"}]},
        {"Conditions": [], "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}]},
    ]
    aws.add_response("describe_listeners", {"Listeners": [{"ListenerArn": "l1"}]})
    aws.add_response("describe_rules", {"Rules": rules})

    paths = gateway.paths("arn:1")

    assert paths == {"tg1": ("/a/*",), "tg2": ("/a/*",), "tg3": ()}
    assert "only-cloudfront-knows" not in repr(paths)


def test_a_function_named_by_a_stage_variable_is_found_and_its_value_is_not_shown(meter, stub):
    gateway = RestApis(REGION, meter, pace=AT_ONCE)
    aws = stub(gateway)
    integration = {"type": "AWS_PROXY", "uri": INVOKE.format(f"{FUNCTION}:${{stageVariables.alias}}")}
    aws.add_response("get_stages", {"item": [{"stageName": "prod", "variables": {"alias": "live", "key": "s3cr3t"}}]})
    aws.add_response(
        "get_resources",
        {"items": [{"path": "/", "resourceMethods": {"GET": {"methodIntegration": integration}}}]},
    )

    (stage,) = gateway.stages("a1")

    assert gateway.behind("a1", stage).functions == (f"{FUNCTION}:live",)
    assert "s3cr3t" not in repr(stage)


def test_what_methods_lead_to_besides_functions_is_told_without_what_an_address_may_hide(meter, stub):
    gateway = RestApis(REGION, meter, pace=AT_ONCE)
    methods = {
        "GET": {"methodIntegration": {"type": "HTTP_PROXY", "uri": "https://user:pw@stock.test:8443/a?token=t"}},
        "PUT": {"methodIntegration": {"type": "AWS", "uri": "arn:aws:apigateway:eu-west-1:sqs:path/1/queue"}},
        "OPTIONS": {"methodIntegration": {"type": "MOCK"}},
        "HEAD": {},
    }
    stub(gateway).add_response("get_resources", {"items": [{"path": "/", "resourceMethods": methods}]})

    behind = gateway.behind("a1", RestStage("prod", None, has_method_metrics=False, is_traced=False, web_acl=""))

    assert (behind.functions, behind.others) == ((), ("stock.test", "AWS"))


def test_a_stage_with_a_cache_says_its_size(meter, stub):
    gateway = RestApis(REGION, meter, pace=AT_ONCE)
    off = {"stageName": "dev", "cacheClusterEnabled": False, "cacheClusterSize": "0.5"}
    on = {
        "stageName": "prod",
        "cacheClusterEnabled": True,
        "cacheClusterSize": "6.1",
        "tracingEnabled": True,
        "methodSettings": {"*/*": {"metricsEnabled": True}},
        "webAclArn": "arn:acl",
    }
    stub(gateway).add_response("get_stages", {"item": [off, on]})

    dev, prod = gateway.stages("a1")

    assert (dev.cache_size, dev.is_traced, dev.web_acl) == (None, False, "")
    assert (prod.cache_size, prod.has_method_metrics, prod.is_traced, prod.web_acl) == ("6.1", True, True, "arn:acl")


def test_routes_of_an_http_api_lead_to_functions_load_balancers_and_hosts(meter, stub):
    gateway = HttpApis(REGION, meter, pace=AT_ONCE)
    found = [
        {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION},
        {"IntegrationType": "AWS_PROXY", "IntegrationUri": INVOKE.format(f"{FUNCTION}:live")},
        {"IntegrationType": "HTTP_PROXY", "IntegrationUri": LISTENER},
        {"IntegrationType": "HTTP_PROXY", "IntegrationUri": "https://stock.test/x"},
        {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage"},
    ]
    stub(gateway).add_response("get_integrations", {"Items": found})

    behind = gateway.behind("h1")

    assert behind.functions == (FUNCTION, f"{FUNCTION}:live")
    assert behind.listeners == (LISTENER,)
    assert behind.others == ("stock.test", "SQS-SendMessage")


def test_the_environment_of_a_function_goes_no_further(meter, stub):
    gateway = Functions(REGION, meter, pace=AT_ONCE)
    raw = {
        "FunctionName": "pay",
        "FunctionArn": FUNCTION,
        "Timeout": 30,
        "MemorySize": 512,
        "Environment": {"Variables": {"DATABASE_PASSWORD": "s3cr3t"}},
    }
    stub(gateway).add_response("get_function_configuration", raw)

    function = gateway.function(FUNCTION)

    assert (function.name, function.timeout_seconds) == ("pay", 30)
    assert "s3cr3t" not in repr(function)


def test_the_function_of_a_url_is_not_looked_for_without_end(meter, stub):
    gateway = Functions(REGION, meter, pace=AT_ONCE)
    aws = stub(gateway)
    many = [
        {"FunctionName": f"f{n}", "FunctionArn": f"{FUNCTION}{n}", "Timeout": 3, "MemorySize": 128}
        for n in range(MAX_ASKED + 1)
    ]
    aws.add_response("list_functions", {"Functions": many})
    for _ in range(MAX_ASKED):
        aws.add_response("list_function_url_configs", {"FunctionUrlConfigs": []})

    with pytest.raises(InvalidError, match=f"none of the first {MAX_ASKED} functions"):
        gateway.at_url("x.lambda-url.eu-west-1.on.aws")


def test_a_web_acl_whose_metrics_are_off_has_no_metric(meter, stub):
    gateway = Waf(REGION, meter)
    shown = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "Acl"}
    acl = {"Name": "acl", "Id": "1", "ARN": "arn:aws:wafv2:acl-of-a-shop", "DefaultAction": {}}
    stub(gateway).add_response("get_web_acl", {"WebACL": {**acl, "VisibilityConfig": shown}})
    assert gateway.web_acl("arn:aws:wafv2:acl-of-a-shop").metric is None


def test_a_name_leads_where_its_alias_and_its_cname_say(meter, stub):
    gateway = Dns(meter, pace=AT_ONCE)
    aws = stub(gateway)
    zone = {"CallerReference": "x"}
    aws.add_response(
        "list_hosted_zones",
        {
            "HostedZones": [
                {**zone, "Id": "/hostedzone/Z1", "Name": "shop.test."},
                {**zone, "Id": "/hostedzone/Z2", "Name": "notshop.test."},
            ],
            "Marker": "",
            "IsTruncated": False,
            "MaxItems": "100",
        },
    )
    alias = {"HostedZoneId": "Z3", "DNSName": "Shop-1.eu-west-1.elb.amazonaws.com.", "EvaluateTargetHealth": True}
    records = [
        {"Name": "api.shop.test.", "Type": "A", "AliasTarget": alias, "HealthCheckId": "check-1"},
        {"Name": "api.shop.test.", "Type": "CNAME", "ResourceRecords": [{"Value": "other.test"}]},
        {"Name": "api.shop.test.", "Type": "TXT", "ResourceRecords": [{"Value": '"words"'}]},
        {"Name": "b.shop.test.", "Type": "CNAME", "ResourceRecords": [{"Value": "not-this.test"}]},
    ]
    aws.add_response(
        "list_resource_record_sets",
        {"ResourceRecordSets": records, "IsTruncated": False, "MaxItems": "20"},
        {"HostedZoneId": "Z1", "StartRecordName": "api.shop.test", "MaxItems": "20"},
    )

    found = gateway.records("api.shop.test")

    assert [(one.target, one.health_check_id) for one in found] == [
        ("shop-1.eu-west-1.elb.amazonaws.com", "check-1"),
        ("other.test", ""),
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"IsEgress": False, "CidrIpv4": "0.0.0.0/0"}, True),
        ({"IsEgress": False, "CidrIpv6": "::/0"}, True),
        ({"IsEgress": False, "PrefixListId": "pl-1"}, False),
        ({"IsEgress": True, "CidrIpv4": "0.0.0.0/0"}, False),
    ],
    ids=["every IPv4", "every IPv6", "CloudFront only", "only outwards"],
)
def test_a_security_group_is_open_when_every_address_may_come_in(meter, stub, rule, expected):
    gateway = SecurityGroups(REGION, meter)
    stub(gateway).add_response("describe_security_group_rules", {"SecurityGroupRules": [rule]})
    assert gateway.are_open(["sg-1"]) is expected
