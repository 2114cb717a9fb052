import pytest

from edgeops.aws.apigateway import Behind as RestBehind
from edgeops.aws.apigateway import RestApi, RestStage
from edgeops.aws.apigatewayv2 import Behind as HttpBehind
from edgeops.aws.apigatewayv2 import HttpApi, HttpStage, Mapping
from edgeops.aws.distributions import Behavior, Origin, OriginGroup
from edgeops.aws.elbv2 import LoadBalancer, TargetGroup
from edgeops.aws.errors import CredentialsError, DeniedError, InvalidError, ThrottledError, UnknownCredentialsError
from edgeops.aws.lambda_ import Function
from edgeops.aws.route53 import HealthCheck, Record
from edgeops.aws.wafv2 import WebAcl
from edgeops.discovery import deriving
from edgeops.discovery.survey import OtherAccountError, Survey
from edgeops.estate import plain

HOME = "eu-west-1"
API_HOST = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
ELB_HOST = "shop-1234567890.eu-west-1.elb.amazonaws.com"
LB = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2"
NLB = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/gate/0123456789abcdef"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
PAY = "arn:aws:lambda:eu-west-1:123456789012:function:pay"
OTHERS = "arn:aws:lambda:eu-west-1:999999999999:function:pay"
URL = "abc123.lambda-url.eu-west-1.on.aws"
DENIED = DeniedError("elasticloadbalancing:DescribeLoadBalancers", "AccessDenied", "no")
EXPIRED = CredentialsError("apigateway:GET", "ExpiredTokenException", "expired")


def stage(name="prod", **more):
    fields = {"cache_size": None, "has_method_metrics": False, "is_traced": False, "web_acl": ""} | more
    return RestStage(name, **fields)


def rest(aws, api_id="a1b2c3d4e5", name="products-api", region=HOME, stages=("prod",), endpoint="REGIONAL", behind=()):
    gateway = aws.rest_apis(region)
    gateway.held.append(RestApi(api_id, name, endpoint))
    gateway.of_stage[api_id] = [one if isinstance(one, RestStage) else stage(one) for one in stages]
    functions = tuple(one for one in behind if one.startswith("arn:"))
    gateway.reached[api_id] = RestBehind(functions, tuple(one for one in behind if one not in functions))


def http(aws, api_id="a1b2c3d4e5", name="orders-api", stages=("$default",), protocol="HTTP", **behind):
    gateway = aws.http_apis(HOME)
    gateway.held[api_id] = HttpApi(api_id, name, protocol)
    gateway.of_stage[api_id] = [HttpStage(one, has_route_metrics=False) for one in stages]
    empty = {"functions": (), "listeners": (), "others": ()}
    gateway.reached[api_id] = HttpBehind(**(empty | behind))


def balancer(aws, arn=LB, host=ELB_HOST, kind="application", groups=(), **more):
    gateway = aws.load_balancing(HOME)
    fields = {"is_internal": False, "security_groups": ("sg-1",)} | more
    gateway.held.append(LoadBalancer(arn, arn.split("/")[2], host, kind, **fields))
    gateway.groups[arn] = list(groups)


def derived(survey, aws_id="E1"):
    """The API that is proposed, as it survives being stored."""
    return plain.check_api(deriving.derive(survey, aws_id))


def path(survey, aws_id="E1"):
    return [(hop.kind, hop.name, hop.position) for hop in derived(survey, aws_id).hops[1:]]


def hops(survey, kind):
    return [hop for hop in derived(survey).hops if hop.kind == kind]


def words(survey):
    return " ".join(survey.notes)


def test_a_rest_api_by_its_own_host_and_the_stage_of_the_origin_path(fake_aws, survey):
    rest(fake_aws, stages=["dev", "prod"], behind=[f"{PAY}:live"])
    fake_aws.distribution(Origin("o", API_HOST, "/prod"))
    assert path(survey) == [("rest_api", "products-api", 1), ("lambda", "pay", 2)]
    (gateway,) = hops(survey, "rest_api")
    (function,) = hops(survey, "lambda")
    assert gateway.dimensions == {"ApiName": "products-api", "Stage": "prod"}
    assert (function.dimensions, function.details["qualifier"]) == ({"FunctionName": "pay"}, "live")
    assert (survey.notes, survey.problems) == ([], [])


def test_without_an_origin_path_the_viewers_path_names_the_stage(fake_aws, survey):
    rest(fake_aws, stages=["dev", "prod"])
    fake_aws.distribution(API_HOST, behaviors=[Behavior("/prod/*", "origin-0")])
    assert path(survey) == [("rest_api", "products-api", 1)]


def test_two_stages_of_one_api_are_told_apart_by_name(fake_aws, survey):
    rest(fake_aws, stages=["dev", "prod"])
    fake_aws.distribution(API_HOST)
    assert path(survey) == [("rest_api", "products-api (dev)", 1), ("rest_api", "products-api (prod)", 1)]


def test_a_stage_that_does_not_exist_is_told_with_those_that_do(fake_aws, survey):
    rest(fake_aws, stages=["dev"])
    fake_aws.distribution(Origin("o", API_HOST, "/prod"))
    assert path(survey) == []
    assert "products-api has no stage at the paths CloudFront asks for; it has dev." in words(survey)


@pytest.mark.parametrize(
    ("origin_path", "stages", "expected"),
    [("", ["$default", "dev"], "$default"), ("/dev", ["$default", "dev"], "dev"), ("/x", ["$default"], "$default")],
)
def test_an_http_api_answers_at_its_default_stage_what_names_no_other(fake_aws, survey, origin_path, stages, expected):
    http(fake_aws, stages=stages)
    fake_aws.distribution(Origin("o", API_HOST, origin_path))
    (gateway,) = hops(survey, "http_api")
    assert gateway.dimensions == {"ApiId": "a1b2c3d4e5", "Stage": expected}


def test_an_http_api_before_a_private_load_balancer_before_a_function(fake_aws, survey):
    http(fake_aws, listeners=(LISTENER,))
    balancer(fake_aws, is_internal=True, groups=[TargetGroup(GROUP, "web", "lambda")])
    fake_aws.load_balancing(HOME).targets[GROUP] = [PAY]
    fake_aws.distribution(API_HOST)
    assert path(survey) == [
        ("http_api", "orders-api", 1),
        ("alb", "shop", 2),
        ("target_group", "web", 3),
        ("lambda", "pay", 4),
    ]
    assert survey.notes == []


def test_a_rest_api_before_a_load_balancer_a_host_and_a_service_of_aws(fake_aws, survey):
    rest(fake_aws, behind=[ELB_HOST, "stock.example.test", "AWS"])
    balancer(fake_aws)
    fake_aws.distribution(Origin("o", API_HOST, "/prod"))
    assert path(survey) == [
        ("rest_api", "products-api", 1),
        ("alb", "shop", 2),
        ("custom_origin", "stock.example.test", 2),
    ]
    assert survey.notes == [
        "products-api also has integrations that lead to no host or function (AWS); EdgeOps leaves them out."
    ]


def test_the_longest_mapping_of_a_custom_domain_that_fits_is_followed(fake_aws, survey):
    rest(fake_aws, "aaa", "old", region="us-west-2", stages=["live"])
    rest(fake_aws, "bbb", "new", region="us-west-2", stages=["live", "beta"])
    fake_aws.rest_apis("us-west-2").custom.add("api.example.test")
    fake_aws.http_apis("us-west-2").mapped["api.example.test"] = [
        Mapping("", "aaa", "live"),
        Mapping("v2", "bbb", "live"),
        Mapping("v3", "bbb", "beta"),
    ]
    fake_aws.distribution(Origin("o", "api.example.test", "/v2"))
    assert path(survey) == [("rest_api", "new", 1)]
    (gateway,) = hops(survey, "rest_api")
    assert (gateway.region, gateway.details["custom_domain"], gateway.details["mapping"]) == (
        "us-west-2",
        "api.example.test",
        "v2",
    )
    assert derived(survey).region == "us-west-2"


def test_a_custom_domain_that_maps_nothing_there_is_told(fake_aws, survey):
    fake_aws.rest_apis(HOME).custom.add("api.example.test")
    fake_aws.http_apis(HOME).mapped["api.example.test"] = [Mapping("v1", "aaa", "live")]
    fake_aws.distribution(Origin("o", "api.example.test", "/v2"))
    assert path(survey) == [("custom_origin", "api.example.test", 1)]
    assert "maps nothing" in words(survey)


def test_a_load_balancer_with_its_groups_paths_web_acl_and_open_doors(fake_aws, survey):
    balancer(fake_aws, groups=[TargetGroup(GROUP, "web", "ip")])
    fake_aws.load_balancing(HOME).rules[GROUP] = ("/web/*",)
    fake_aws.security_groups(HOME).opened.add("sg-1")
    fake_aws.waf(HOME).guarding[LB] = WebAcl("arn:acl", "regional-acl", "RegionalAcl")
    fake_aws.distribution(ELB_HOST)
    assert path(survey) == [("alb", "shop", 1), ("waf", "regional-acl", 1), ("target_group", "web", 2)]
    (alb,) = hops(survey, "alb")
    (group,) = hops(survey, "target_group")
    (acl,) = hops(survey, "waf")
    assert alb.dimensions == {"LoadBalancer": "app/shop/50dc6c495c0c9188"}
    assert alb.details["open_to_everybody"] is True
    assert group.dimensions == {
        "LoadBalancer": "app/shop/50dc6c495c0c9188",
        "TargetGroup": "targetgroup/web/73e2d6bc24d8a067",
    }
    assert group.details["paths"] == ["/web/*"]
    assert acl.dimensions == {"WebACL": "RegionalAcl", "Rule": "ALL", "Region": HOME}
    assert "can go past CloudFront" in words(survey)


def test_a_network_load_balancer_shows_where_it_stands_and_the_application_one_behind_it(fake_aws, survey):
    balancer(fake_aws, NLB, "gate-0123.elb.eu-west-1.amazonaws.com", "network", [TargetGroup(GROUP, "to-alb", "alb")])
    balancer(fake_aws)
    fake_aws.load_balancing(HOME).targets[GROUP] = [LB]
    fake_aws.distribution("gate-0123.elb.eu-west-1.amazonaws.com")
    assert path(survey) == [("custom_origin", "gate", 1), ("alb", "shop", 2)]
    (gate,) = hops(survey, "custom_origin")
    assert (gate.dimensions, gate.details["type"]) == ({}, "network load balancer")
    assert "none of an Application Load Balancer's metrics" in words(survey)


def test_a_vpc_origin_leads_to_the_private_load_balancer(fake_aws, survey):
    balancer(fake_aws, is_internal=True)
    fake_aws.distributions.vpc_origins["vo_1"] = LB
    fake_aws.distribution(Origin("o", "internal-anything.test", "", "vo_1"))
    (alb,) = hops(survey, "alb")
    assert (alb.details["internal"], alb.details["vpc_origin"]) == (True, "vo_1")


def test_a_vpc_origin_on_an_instance_is_shown_by_its_name(fake_aws, survey):
    fake_aws.distributions.vpc_origins["vo_1"] = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc"
    fake_aws.distribution(Origin("o", "ip-10-0-0-1.internal", "", "vo_1"))
    assert path(survey) == [("custom_origin", "instance/i-0abc", 1)]


def test_a_function_url_a_bucket_and_a_group_of_both(fake_aws, survey):
    fake_aws.functions(HOME).urls[URL] = Function("pay", PAY, "python3.13", 30, 512, is_traced=True)
    fake_aws.distribution(
        Origin("a", URL),
        Origin("b", "my.bucket.s3.eu-central-1.amazonaws.com"),
        groups=(OriginGroup("both", ("a", "b")),),
        behaviors=[Behavior("*", "both"), Behavior("/static/*", "b")],
    )
    assert sorted(path(survey)) == [("lambda", "pay", 1), ("s3", "my.bucket", 1)]
    (function,), (bucket,) = hops(survey, "lambda"), hops(survey, "s3")
    assert (function.details["failover"], function.details["paths"], function.details["url"]) == ("primary", ["*"], URL)
    assert (bucket.details["failover"], bucket.details["paths"]) == ("secondary", ["*", "/static/*"])
    assert (bucket.region, bucket.dimensions) == ("eu-central-1", {})


def test_an_origin_nobody_asks_is_left_out(fake_aws, survey):
    fake_aws.distribution("one.example.test", "two.example.test")
    assert path(survey) == [("custom_origin", "one.example.test", 1)]
    assert "No behavior asks the origin origin-1 (two.example.test)" in words(survey)


def test_a_name_of_ones_own_is_followed_through_the_zones(fake_aws, survey):
    balancer(fake_aws)
    fake_aws.dns.leading = {
        "origin.example.test": [Record("origin.example.test", "lb.example.test", "")],
        "lb.example.test": [Record("lb.example.test", f"dualstack.{ELB_HOST}", "")],
    }
    fake_aws.distribution("origin.example.test")
    (alb,) = hops(survey, "alb")
    assert alb.details["named"] == "origin.example.test"


def test_names_that_lead_to_each_other_end_at_an_unknown_host(fake_aws, survey):
    fake_aws.dns.leading = {
        "a.example.test": [Record("a.example.test", "b.example.test", "")],
        "b.example.test": [Record("b.example.test", "a.example.test", "")],
    }
    fake_aws.distribution("a.example.test")
    assert path(survey) == [("custom_origin", "a.example.test", 1)]


def test_apis_that_call_each_other_in_a_ring_are_each_found_once(fake_aws, survey):
    other = "zzzzzzzzzz.execute-api.eu-west-1.amazonaws.com"
    rest(fake_aws, behind=[other])
    rest(fake_aws, "zzzzzzzzzz", "other-api", behind=[API_HOST])
    fake_aws.distribution(Origin("o", API_HOST, "/prod"))
    assert path(survey) == [("rest_api", "products-api", 1), ("rest_api", "other-api", 2)]


def test_health_checks_by_host_and_by_record_web_acl_and_edge_functions(fake_aws, survey):
    fake_aws.dns.health_checks = (
        HealthCheck("h1", "HTTPS", "www.example.test", "/up"),
        HealthCheck("h2", "CALCULATED", "", ""),
        HealthCheck("h3", "HTTPS", "elsewhere.test", "/"),
    )
    fake_aws.dns.leading["www.example.test"] = [Record("www.example.test", "d1.cloudfront.net", "h2")]
    fake_aws.waf("us-east-1").by_arn["arn:acl"] = WebAcl("arn:acl", "edge-acl", "EdgeAcl")
    rewrite = "arn:aws:cloudfront::123456789012:function/rewrite"
    auth = "arn:aws:lambda:us-east-1:123456789012:function:auth:7"
    fake_aws.distribution(
        "o.test",
        aliases=("WWW.example.test",),
        web_acl="arn:acl",
        behaviors=[
            Behavior("*", "origin-0", "p1", (rewrite,), (auth,)),
            Behavior("/a/*", "origin-0", "p1", (rewrite,)),
        ],
    )
    assert path(survey)[:-1] == [
        ("waf", "edge-acl", 0),
        ("edge_function", "rewrite", 0),
        ("edge_function", "auth", 0),
        ("health_check", "www.example.test/up", 0),
        ("health_check", "www.example.test", 0),
    ]
    own, lambda_edge = hops(survey, "edge_function")
    assert (own.dimensions, own.details["paths"]) == ({"FunctionName": "rewrite", "Region": "Global"}, ["*", "/a/*"])
    assert lambda_edge.dimensions == {}
    assert derived(survey).hops[0].details["cache_policies"] == ["policy p1"]
    assert "auth runs as Lambda@Edge" in words(survey)


TRAPS = [
    ("names CloudWatch strips", lambda aws: rest(aws, name="café-äpi"), "knows the REST API café-äpi as caf-pi"),
    ("names without anything left", lambda aws: rest(aws, name="产品"), "knows the REST API 产品 as a1b2c3d4e5"),
    (
        "two APIs of one name",
        lambda aws: (rest(aws), rest(aws, "zz", "products-api")),
        "more REST APIs called products-api (zz)",
    ),
    ("edge endpoints", lambda aws: rest(aws, endpoint="EDGE"), "has an EDGE endpoint"),
    ("WebSocket APIs", lambda aws: http(aws, protocol="WEBSOCKET"), "is a Websocket API"),
    ("APIs of others", lambda aws: None, "No API a1b2c3d4e5 is in this account and eu-west-1"),
]


@pytest.mark.parametrize(("arrange", "told"), [trap[1:] for trap in TRAPS], ids=[trap[0] for trap in TRAPS])
def test_a_trap_of_api_gateway_is_told(fake_aws, survey, arrange, told):
    arrange(fake_aws)
    fake_aws.distribution(Origin("o", API_HOST, "/prod"))
    derived(survey)
    assert told in words(survey)
    assert survey.problems == []


@pytest.mark.parametrize(
    ("host", "told"),
    [
        (ELB_HOST, f"No load balancer of this account in eu-west-1 is called {ELB_HOST}"),
        (URL, "No function of this account in eu-west-1 answers at"),
        ("shop.example.test", "shop.example.test is no name of AWS's"),
    ],
)
def test_a_host_that_nobody_here_answers_at_stays_on_the_path_by_its_name(fake_aws, survey, host, told):
    fake_aws.distribution(host)
    assert path(survey) == [("custom_origin", host, 1)]
    assert told in words(survey)


def test_a_disabled_distribution_is_told(fake_aws, survey):
    fake_aws.distribution("o.test", is_enabled=False)
    assert derived(survey).hops[0].details["disabled"] is True
    assert "E1 is disabled" in words(survey)


def test_a_distribution_for_tenants_is_told(fake_aws, survey):
    fake_aws.distribution("o.test", is_for_tenants=True)
    assert derived(survey).hops[0].details["tenants"] is True
    assert "E1 is for tenants only" in words(survey)


def test_an_alias_that_leads_elsewhere_is_told(fake_aws, survey):
    fake_aws.dns.leading["www.example.test"] = [Record("www.example.test", "old.cloudfront.net", "")]
    fake_aws.distribution("o.test", aliases=("www.example.test", "*.example.test"))
    derived(survey)
    assert "www.example.test leads to old.cloudfront.net as well, or instead of d1.cloudfront.net" in words(survey)


def test_web_acls_without_metrics_have_no_dimensions(fake_aws, survey):
    fake_aws.waf("us-east-1").by_arn["arn:acl"] = WebAcl("arn:acl", "silent-acl", None)
    fake_aws.distribution("o.test", web_acl="arn:acl")
    assert [hop.dimensions for hop in hops(survey, "waf")] == [{}]
    assert "silent-acl are switched off" in words(survey)


def test_a_web_acl_of_the_old_kind_is_told(fake_aws, survey):
    fake_aws.distribution("o.test", web_acl="473e64fd-f30b-4765-81a0-62ad96dd167a")
    assert hops(survey, "waf") == []
    assert "WAF Classic" in words(survey)


def test_a_function_of_another_account_has_no_metrics_here_and_is_not_asked_for(fake_aws, survey):
    rest(fake_aws, behind=[OTHERS])
    fake_aws.fail(HOME, "functions", "function", AssertionError("asked another account"))
    fake_aws.distribution(Origin("o", API_HOST, "/prod"))
    (function,) = hops(survey, "lambda")
    assert function.dimensions == {}
    assert "pay belongs to the account 999999999999" in words(survey)


def test_a_part_that_is_denied_is_a_problem_and_the_rest_is_found(fake_aws, survey):
    balancer(fake_aws)
    rest(fake_aws, behind=[PAY, ELB_HOST])
    fake_aws.fail(HOME, "load_balancing", "load_balancers", DENIED)
    fake_aws.fail(HOME, "functions", "function", DeniedError("lambda:GetFunctionConfiguration", "AccessDenied", "no"))
    fake_aws.distribution(Origin("o", API_HOST, "/prod"))
    assert path(survey) == [("rest_api", "products-api", 1), ("lambda", "pay", 2)]
    assert {one["action"] for one in survey.problems} == {
        "elasticloadbalancing:DescribeLoadBalancers",
        "lambda:GetFunctionConfiguration",
    }
    what = next(one for one in survey.problems if one["action"].startswith("elastic"))
    assert what["what"] == f"the load balancer at {ELB_HOST}"
    assert "Allow the IAM action elasticloadbalancing:DescribeLoadBalancers" in what["message"]


def test_a_host_is_not_called_unknown_where_custom_domains_could_not_be_read(fake_aws, survey):
    fake_aws.fail("us-west-2", "rest_apis", "domains", DeniedError("apigateway:GET", "AccessDeniedException", "no"))
    fake_aws.distribution("api.example.test")
    assert path(survey) == []
    assert (len(survey.problems), survey.notes) == (1, [])


def test_a_region_that_is_off_is_a_problem_that_says_so(fake_aws, survey):
    unknown = UnknownCredentialsError("apigateway:GET", "UnrecognizedClientException", "invalid")
    fake_aws.fail("ap-east-1", "rest_apis", "domains", unknown)
    fake_aws.distribution("api.example.test")
    assert path(survey) == []
    (problem,) = survey.problems
    assert "ap-east-1, so that region is not enabled for the account" in problem["message"]


@pytest.mark.parametrize("error", [ThrottledError("apigateway:GET", "TooManyRequestsException", "slow"), EXPIRED])
def test_what_may_be_read_later_ends_the_look_until_the_last_try(fake_aws, survey, error):
    rest(fake_aws)
    fake_aws.fail(HOME, "rest_apis", "behind", error)
    fake_aws.distribution(Origin("o", API_HOST, "/prod"))
    with pytest.raises(type(error)):
        derived(survey)

    last = Survey(survey.account, fake_aws, gives_up=True)
    assert path(last) == [("rest_api", "products-api", 1)]
    assert [one["action"] for one in last.problems] == ["apigateway:GET"]


def test_too_many_functions_to_ask_is_a_problem(fake_aws, survey):
    fake_aws.fail(HOME, "functions", "at_url", InvalidError("lambda:ListFunctionUrlConfigs", "TooManyFunctions", "400"))
    fake_aws.distribution(URL)
    assert path(survey) == []
    assert [one["action"] for one in survey.problems] == ["lambda:ListFunctionUrlConfigs"]


def test_a_distribution_of_another_account_is_refused(fake_aws):
    fake_aws.distribution("o.test")
    account = plain.account_from_plain({"name": "x", "aws_account_id": "999999999999", "region": HOME})
    with pytest.raises(OtherAccountError, match="reach the account 123456789012"):
        deriving.derive(Survey(account, fake_aws), "E1")


@pytest.mark.parametrize(
    ("comment", "aliases", "taken", "expected"),
    [
        ("Products API", (), (), ("products-api", "Products API")),
        ("Products API", (), ("products-api",), ("products-api-e1", "Products API")),
        ("", ("shop.example.test",), (), ("shop", "shop")),
        ("", (), (), ("e1", "E1")),
        ("产品", (), (), ("e1", "产品")),
        ("Line\nbreak\t", (), (), ("linebreak", "Linebreak")),
        ("x" * 128, (), (), ("x" * 60, "x" * 100)),
        ("x" * 128, (), ("x" * 60,), ("x" * 57 + "-e1", "x" * 100)),
    ],
)
def test_what_an_api_is_called(fake_aws, survey, comment, aliases, taken, expected):
    fake_aws.distribution("o.test", comment=comment, aliases=aliases)
    api = plain.check_api(deriving.derive(survey, "E1", taken=taken))
    assert (api.slug, api.name) == expected
    assert api.distribution.name == api.slug
