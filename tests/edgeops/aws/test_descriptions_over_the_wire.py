"""Every gateway of descriptions against local AWS, over the wire."""

from collections import Counter

import pytest

from edgeops.aws import clients
from edgeops.aws.apigateway import RestApis
from edgeops.aws.apigatewayv2 import HttpApis, Mapping
from edgeops.aws.distributions import Distributions
from edgeops.aws.ec2 import SecurityGroups
from edgeops.aws.elbv2 import LoadBalancing
from edgeops.aws.errors import DeniedError
from edgeops.aws.lambda_ import Functions
from edgeops.aws.pacing import Pacer
from edgeops.aws.route53 import Dns
from edgeops.aws.tagging import Tags
from edgeops.aws.wafv2 import Waf

REGION = "eu-west-1"
AT_ONCE = Pacer(0.05)


@pytest.fixture(autouse=True)
def local(shared_local_aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", shared_local_aws.url)
    clients.forget()
    yield shared_local_aws
    clients.forget()


@pytest.fixture
def calls():
    return Counter()


@pytest.fixture
def meter(calls):
    return lambda service, operation, units: calls.update([(service, operation, units)])


def test_distributions(meter, calls):
    gateway = Distributions(meter)
    listed = {one.id: one for one in gateway.listed()}
    assert listed["E1PRODUCTSDEMO"].aliases == ("products.example.test",)
    assert listed["E1PRODUCTSDEMO"].comment == "Products API"
    assert "E7PAYMENTSDEMO" not in listed
    assert gateway.has_additional_metrics("E1PRODUCTSDEMO")
    assert not gateway.has_additional_metrics("E3ORDERSDEMO00")
    assert calls["cloudfront", "ListDistributions", 0] == 1


def test_the_setup_of_a_distribution_with_failover(meter):
    gateway = Distributions(meter)
    setup = gateway.setup("E5MEDIADEMO000")
    assert [origin.host.partition(".")[2] for origin in setup.origins] == [
        "s3.eu-west-1.amazonaws.com",
        "eu-west-1.elb.amazonaws.com",
    ]
    (group,) = setup.groups
    assert setup.behaviors[0].target == group.id
    assert gateway.behind_vpc_origin(setup.origins[1].vpc_origin_id).endswith(
        "loadbalancer/app/media-alb/6f1b7e20aa31c4d5"
    )
    assert gateway.cache_policy_name(setup.behaviors[0].cache_policy_id)


def test_no_header_of_an_origin_leaves_the_gateway(meter):
    assert "only-cloudfront-may-know-this" not in repr(Distributions(meter).setup("E2CATALOGDEMO0"))


def test_load_balancers_and_their_target_groups(meter):
    gateway = LoadBalancing(REGION, meter)
    balancer = next(one for one in gateway.load_balancers if one.name == "catalog-alb")
    search, browse = gateway.target_groups(balancer.arn)
    assert (balancer.kind, balancer.is_internal, search.target_type) == ("application", False, "ip")
    assert gateway.paths(balancer.arn) == {search.arn: ("/catalog-search/*",), browse.arn: ()}
    assert len(gateway.functions(search.arn)) == 4
    assert not SecurityGroups(REGION, meter).are_open(balancer.security_groups)


def test_rest_apis_with_their_stages_and_functions(meter):
    gateway = RestApis(REGION, meter, pace=AT_ONCE)
    (api,) = [one for one in gateway.apis if one.name == "products-api"]
    (stage,) = gateway.stages(api.id)
    assert (stage.name, stage.cache_size, stage.is_traced) == ("prod", "0.5", True)
    (function,) = gateway.behind(api.id, stage).functions
    assert function.endswith(":function:products-handler")


def test_http_apis_with_their_stages_and_functions(meter):
    gateway = HttpApis(REGION, meter, pace=AT_ONCE)
    assert gateway.api("f6g7h8i9j0").name == "orders-api"
    assert [stage.name for stage in gateway.stages("f6g7h8i9j0")] == ["$default"]
    assert gateway.behind("f6g7h8i9j0").functions[0].endswith(":function:orders-handler")


def test_custom_domains_and_where_they_lead(meter):
    assert RestApis("us-west-2", meter, pace=AT_ONCE).domains == {"partners-origin.example.test"}
    mappings = HttpApis("us-west-2", meter, pace=AT_ONCE).mappings("partners-origin.example.test")
    assert mappings == (Mapping("v1", "k1l2m3n4o5", "live"),)


def test_functions_by_url_and_without_their_environment(meter):
    gateway = Functions(REGION, meter, pace=AT_ONCE)
    found = gateway.at_url("s3archsugg3std3m0furl0000000abcd.lambda-url.eu-west-1.on.aws")
    assert found is not None
    assert found.name == "search-suggest"
    assert gateway.function(found.arn) == found
    assert "secret-of" not in repr(found)
    assert gateway.at_url("nobody.lambda-url.eu-west-1.on.aws") is None


def test_web_acls_of_distributions_and_of_what_stands_behind(meter):
    edge = Distributions(meter).setup("E1PRODUCTSDEMO").web_acl
    assert Waf("us-east-1", meter).web_acl(edge).metric == "ProductsAcl"
    balancer = next(one for one in LoadBalancing(REGION, meter).load_balancers if one.name == "catalog-alb")
    regional = Waf(REGION, meter).of_resource(balancer.arn)
    assert regional is not None
    assert regional.metric == "CatalogOriginAcl"
    private = next(one for one in LoadBalancing(REGION, meter).load_balancers if one.name == "media-alb")
    assert Waf(REGION, meter).of_resource(private.arn) is None


def test_health_checks_and_records(meter):
    gateway = Dns(meter, pace=AT_ONCE)
    assert {check.host for check in gateway.health_checks} >= {"products.example.test", "catalog.example.test"}
    assert {one.target for one in gateway.records("products.example.test")} == {"d1products00demo.cloudfront.net"}
    assert gateway.records("somewhere.else.test") == ()


def test_tags_of_distributions(meter):
    gateway = Tags(meter)
    everything = gateway.of_distributions()
    shop = gateway.of_distributions("team", "shop")
    assert {arn.rpartition("/")[2] for arn in shop} == {"E1PRODUCTSDEMO", "E3ORDERSDEMO00"}
    assert set(shop) < set(everything)
    assert all(tags["team"] == "shop" for tags in shop.values())


READS = [
    ("cloudfront", lambda m: list(Distributions(m).listed()), "cloudfront:ListDistributions"),
    ("cloudfront", lambda m: Distributions(m).setup("E1PRODUCTSDEMO"), "cloudfront:GetDistribution"),
    ("cloudfront", lambda m: Distributions(m).has_additional_metrics("E1"), "cloudfront:GetMonitoringSubscription"),
    ("cloudfront", lambda m: Distributions(m).behind_vpc_origin("vo"), "cloudfront:GetVpcOrigin"),
    ("cloudfront", lambda m: Distributions(m).cache_policy_name("p"), "cloudfront:GetCachePolicy"),
    ("elbv2", lambda m: LoadBalancing(REGION, m).load_balancers, "elasticloadbalancing:DescribeLoadBalancers"),
    ("elbv2", lambda m: LoadBalancing(REGION, m).target_groups("a"), "elasticloadbalancing:DescribeTargetGroups"),
    ("elbv2", lambda m: LoadBalancing(REGION, m).paths("a"), "elasticloadbalancing:DescribeListeners"),
    ("elbv2", lambda m: LoadBalancing(REGION, m).functions("a"), "elasticloadbalancing:DescribeTargetHealth"),
    ("apigateway", lambda m: RestApis(REGION, m, pace=AT_ONCE).apis, "apigateway:GET"),
    ("apigateway", lambda m: RestApis(REGION, m, pace=AT_ONCE).domains, "apigateway:GET"),
    ("apigatewayv2", lambda m: HttpApis(REGION, m, pace=AT_ONCE).api("a"), "apigateway:GET"),
    ("lambda", lambda m: Functions(REGION, m, pace=AT_ONCE).function("f"), "lambda:GetFunctionConfiguration"),
    ("lambda", lambda m: Functions(REGION, m, pace=AT_ONCE).at_url("h"), "lambda:ListFunctions"),
    ("wafv2", lambda m: Waf(REGION, m).web_acl("arn:aws:wafv2:acl-of-a-shop"), "wafv2:GetWebACL"),
    ("wafv2", lambda m: Waf(REGION, m).of_resource("arn:aws:wafv2:of-a-resource"), "wafv2:GetWebACLForResource"),
    ("route53", lambda m: Dns(m, pace=AT_ONCE).health_checks, "route53:ListHealthChecks"),
    ("route53", lambda m: Dns(m, pace=AT_ONCE).records("a.test"), "route53:ListHostedZones"),
    ("ec2", lambda m: SecurityGroups(REGION, m).are_open(["sg-1"]), "ec2:DescribeSecurityGroupRules"),
    ("resourcegroupstaggingapi", lambda m: Tags(m).of_distributions(), "tag:GetResources"),
]


@pytest.mark.parametrize(("service", "read", "action"), READS, ids=[action for _, _, action in READS])
def test_a_denied_read_names_the_iam_action_as_aws_does(local, meter, service, read, action):
    fault = local.control("faults", {"kind": "access_denied", "service": service})
    try:
        with pytest.raises(DeniedError) as denied:
            read(meter)
    finally:
        local.control(f"faults/{fault['id']}", method="DELETE")
    assert denied.value.action == action
    assert f"not authorized to perform: {action}" in denied.value.message
