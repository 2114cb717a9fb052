"""The paths of the demo's seven APIs, derived from local AWS over the wire."""

from datetime import UTC, datetime, timedelta

import pytest

from edgeops.aws import cloudwatch
from edgeops.aws.cloudwatch import Query
from edgeops.demo import seed
from edgeops.discovery import running
from edgeops.discovery.models import DiscoveryKind
from edgeops.estate import comparing, plain, yaml_text
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import Account, AwsUsage
from edgeops.metrics import catalogue
from tests.edgeops.discovery import wire

ROLE = "arn:aws:iam::345678901234:role/EdgeOpsReader"
GLOBAL, IRELAND, OREGON, FRANKFURT = "us-east-1", "eu-west-1", "us-west-2", "eu-central-1"


def distribution(aws_id):
    return ("cloudfront", aws_id, GLOBAL, 0, {"DistributionId": aws_id, "Region": "Global"})


def edge_acl(name, metric):
    return ("waf", name, GLOBAL, 0, {"WebACL": metric, "Rule": "ALL"})


def health_check(host, aws_id):
    return ("health_check", f"{host}/health", GLOBAL, 0, {"HealthCheckId": aws_id})


def function(name, region, position):
    return ("lambda", name, region, position, {"FunctionName": name})


def balancer(name, tail):
    return ("alb", name, IRELAND, 1, {"LoadBalancer": tail})


def target_group(balancer_tail, name, tail):
    return ("target_group", name, IRELAND, 2, {"LoadBalancer": balancer_tail, "TargetGroup": tail})


# What is never tried.
NOT_KNOWN = {"cloudfront:CreateInvalidation"}
TENANTS = "E8STOREFRONTS0"
CATALOG, MEDIA = "app/catalog-alb/50dc6c495c0c9188", "app/media-alb/6f1b7e20aa31c4d5"
PATHS = {
    "E1PRODUCTSDEMO": [
        distribution("E1PRODUCTSDEMO"),
        edge_acl("products-acl", "ProductsAcl"),
        (
            "edge_function",
            "products-normalize-uri",
            GLOBAL,
            0,
            {"FunctionName": "products-normalize-uri", "Region": "Global"},
        ),
        health_check("products.example.test", "0f5a4c1e-6f0b-4b7e-9d5e-2a9e6b1c7d01"),
        ("rest_api", "products-api", IRELAND, 1, {"ApiName": "products-api", "Stage": "prod"}),
        function("products-handler", IRELAND, 2),
    ],
    "E2CATALOGDEMO0": [
        distribution("E2CATALOGDEMO0"),
        edge_acl("catalog-acl", "CatalogAcl"),
        health_check("catalog.example.test", "1a6b5d2f-7a1c-4c8f-8e6f-3b0f7c2d8e02"),
        balancer("catalog-alb", CATALOG),
        (
            "waf",
            "catalog-origin-acl",
            IRELAND,
            1,
            {"WebACL": "CatalogOriginAcl", "Rule": "ALL", "Region": IRELAND},
        ),
        target_group(CATALOG, "catalog-search", "targetgroup/catalog-search/73e2d6bc24d8a067"),
        target_group(CATALOG, "catalog-browse", "targetgroup/catalog-browse/943f017f100becff"),
    ],
    "E3ORDERSDEMO00": [
        distribution("E3ORDERSDEMO00"),
        ("http_api", "orders-api", IRELAND, 1, {"ApiId": "f6g7h8i9j0", "Stage": "$default"}),
        function("orders-handler", IRELAND, 2),
    ],
    "E4PARTNERSDEMO": [
        distribution("E4PARTNERSDEMO"),
        edge_acl("partners-acl", "PartnersAcl"),
        ("rest_api", "partners-api", OREGON, 1, {"ApiName": "partners-api", "Stage": "live"}),
        function("partners-handler", OREGON, 2),
    ],
    "E5MEDIADEMO000": [
        distribution("E5MEDIADEMO000"),
        health_check("media.example.test", "2b7c6e3a-8b2d-4d9a-9f7a-4c1a8d3e9f03"),
        ("s3", "media-demo-objects", IRELAND, 1, {}),
        balancer("media-alb", MEDIA),
        target_group(MEDIA, "media-render", "targetgroup/media-render/2c8d9e0f1a2b3c4d"),
    ],
    "E6SEARCHDEMO00": [distribution("E6SEARCHDEMO00"), function("search-suggest", IRELAND, 1)],
    "E8STOREFRONTS0": [distribution("E8STOREFRONTS0"), ("s3", "storefront-demo-pages", IRELAND, 1, {})],
    "E7PAYMENTSDEMO": [
        distribution("E7PAYMENTSDEMO"),
        ("http_api", "payments-api", FRANKFURT, 1, {"ApiId": "p6q7r8s9t0", "Stage": "$default"}),
        function("payments-handler", FRANKFURT, 2),
    ],
}


@pytest.fixture(scope="module")
def pointed(shared_local_aws):
    with wire.pointed_at(shared_local_aws) as local:
        yield local


@pytest.fixture(autouse=True)
def local(pointed):
    yield pointed
    pointed.control("faults", method="DELETE")


@pytest.fixture
def account(db):
    return Account.objects.create(
        name="demo", aws_account_id="123456789012", region=IRELAND, other_regions=[OREGON, "ap-east-1"]
    )


@pytest.fixture
def payments(db):
    return Account.objects.create(name="payments", aws_account_id="345678901234", region=FRANKFURT, role_arn=ROLE)


def discover(account, kind, subject, now):
    row = running.ask(account, kind, subject, requested_by="alice", now=now)
    running.run(row.pk, now=now)
    row.refresh_from_db()
    return row


def checks(account, now):
    return discover(account, DiscoveryKind.ACCESS, "", now).result["checks"]


def path(row):
    return [
        (hop["kind"], hop["name"], hop["region"], hop["position"], hop.get("dimensions", {}))
        for hop in row.result["api"]["hops"]
    ]


def test_the_paths_of_all_apis_are_found_with_the_dimensions_of_their_metrics(local, account, payments, now):
    local.control("trust", {"role_arn": ROLE, "external_id": payments.external_id})
    for aws_id, expected in PATHS.items():
        owner = payments if aws_id == "E7PAYMENTSDEMO" else account
        row = discover(owner, DiscoveryKind.PATH, aws_id, now)
        assert (row.state, row.last_error, row.problems) == (FetchState.DONE, "", [])
        assert bool(row.result["notes"]) == (aws_id == TENANTS)
        assert path(row) == expected
    assert AwsUsage.objects.filter(account=payments, service="apigatewayv2", region=FRANKFURT).exists()


def test_the_demo_starts_with_the_paths_that_discovery_finds(account, now):
    for operated in yaml_text.load(seed.OPERATED.read_text()).apis:
        row = discover(account, DiscoveryKind.PATH, operated.distribution.aws_id, now)
        found = plain.api_from_plain(row.result["api"])
        assert comparing.compare_hops(operated, found) == []
        told = ("aws_id", "domain", "aliases", "has_additional_metrics")
        assert [getattr(operated.distribution, name) for name in told] == [
            getattr(found.distribution, name) for name in told
        ]


def test_cloudwatch_has_datapoints_under_the_dimensions_of_every_hop(local, account, payments):
    """Nothing else can tell whether dimensions are right: a wrong one answers an empty series, never an error."""
    local.control("trust", {"role_arn": ROLE, "external_id": payments.external_id})
    now = datetime.now(UTC)
    for aws_id in PATHS:
        owner = payments if aws_id == "E7PAYMENTSDEMO" else account
        for hop in discover(owner, DiscoveryKind.PATH, aws_id, now).result["api"]["hops"]:
            if hop.get("dimensions"):
                assert datapoints(owner, hop, now) > 30, hop


def datapoints(account, hop, now):
    """How many there are in the last hour of the metric of a hop that has most."""
    queries = [
        Query(f"q{n}", one.namespace, one.name, one.statistic, hop["dimensions"])
        for n, one in enumerate(catalogue.offered(hop["kind"]))
        if one.dimensions is None
    ]
    start = now - timedelta(hours=1)
    answer = cloudwatch.get_metric_data(
        hop["region"], queries, period=60, start=start, end=now, meter=lambda *_: None, access=account.access
    )
    return max(len(result.values) for result in answer.results)


def test_what_is_learned_beside_the_dimensions(account, now):
    api = discover(account, DiscoveryKind.PATH, "E4PARTNERSDEMO", now).result["api"]
    assert (api["slug"], api["name"], api["region"]) == ("partners-api", "Partners API", OREGON)
    gateway = next(hop for hop in api["hops"] if hop["kind"] == "rest_api")
    assert gateway["details"] == {
        "stage": "live",
        "endpoint": "REGIONAL",
        "traced": True,
        "paths": ["*"],
        "origin_path": "/v1",
        "custom_domain": "partners-origin.example.test",
        "mapping": "v1",
    }


def test_a_distribution_for_tenants_is_called_that(account, now):
    row = discover(account, DiscoveryKind.PATH, TENANTS, now)
    assert [f"{TENANTS} is for tenants only" in note for note in row.result["notes"]] == [True]


def test_an_origin_that_stands_in_for_another_is_told_apart(account, now):
    api = discover(account, DiscoveryKind.PATH, "E5MEDIADEMO000", now).result["api"]
    details = {hop["kind"]: hop.get("details", {}) for hop in api["hops"]}
    assert api["distribution"]["has_additional_metrics"] is True
    assert details["s3"]["failover"] == "primary"
    assert details["alb"] == {
        "internal": True,
        "paths": ["*"],
        "failover": "secondary",
        "vpc_origin": "vo_M3d1a0r1g1nDemo0000001",
    }


@pytest.mark.parametrize(
    ("service", "operation", "action", "lost"),
    [
        ("elbv2", None, "elasticloadbalancing:DescribeLoadBalancers", {"alb", "target_group", "waf"}),
        ("elbv2", "DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups", {"target_group"}),
        ("elbv2", "DescribeRules", "elasticloadbalancing:DescribeRules", set()),
        ("ec2", None, "ec2:DescribeSecurityGroupRules", set()),
        ("wafv2", None, "wafv2:GetWebACL", {"waf"}),
        ("route53", None, "route53:ListHostedZones", {"health_check"}),
        ("cloudfront", "GetMonitoringSubscription", "cloudfront:GetMonitoringSubscription", set()),
        ("cloudfront", "GetCachePolicy", "cloudfront:GetCachePolicy", set()),
    ],
)
def test_a_part_that_is_denied_is_named_and_the_rest_is_found(local, account, now, service, operation, action, lost):
    local.control("faults", {"kind": "access_denied", "service": service, "operation": operation})
    row = discover(account, DiscoveryKind.PATH, "E2CATALOGDEMO0", now)

    assert row.state == FetchState.DONE
    assert action in {problem["action"] for problem in row.problems}
    assert all(f"Allow the IAM action {problem['action']}" in problem["message"] for problem in row.problems)
    expected = [hop for hop in PATHS["E2CATALOGDEMO0"] if hop[0] not in lost]
    assert [hop for hop in path(row) if hop[0] != "waf"] == [hop for hop in expected if hop[0] != "waf"]


def test_everything_is_granted_in_an_account_that_grants_it(account, now):
    found = checks(account, now)
    assert {one["region"] for one in found} == {GLOBAL, IRELAND, OREGON, "ap-east-1"}
    here = [one for one in found if one["region"] != "ap-east-1" and one["action"] not in NOT_KNOWN]
    assert len(here) > 40
    assert {one["state"] for one in here} == {"granted"}
    assert "assumed-role/EdgeOps" in found[0]["message"]


def test_what_would_change_something_is_not_tried(local, account, now):
    (check,) = [one for one in checks(account, now) if one["action"] == "cloudfront:CreateInvalidation"]
    assert check["state"] == "unknown"
    assert "cloudfront:CreateInvalidation" not in local.control("state")["calls"]


def test_a_region_that_is_not_enabled_is_asked_once_and_called_that(local, account, now):
    before = local.control("state")["calls"].get("ec2:DescribeSecurityGroupRules", 0)
    off = [one for one in checks(account, now) if one["region"] == "ap-east-1"]
    assert {one["state"] for one in off} == {"unknown"}
    assert all("ap-east-1, so that region is not enabled" in one["message"] for one in off)
    assert local.control("state")["calls"]["ec2:DescribeSecurityGroupRules"] - before == 2  # the regions that are on


@pytest.mark.parametrize(
    ("service", "actions"),
    [
        ("apigateway", {"apigateway:GET"}),
        ("cloudwatch", {"cloudwatch:GetMetricData"}),
        ("xray", {"xray:GetTraceSummaries", "xray:BatchGetTraces"}),
        ("resourcegroupstaggingapi", {"tag:GetResources"}),
        ("ec2", {"ec2:DescribeSecurityGroupRules"}),
    ],
)
def test_a_denied_action_is_told_and_no_other(local, account, now, service, actions):
    local.control("faults", {"kind": "access_denied", "service": service})
    denied = [one for one in checks(account, now) if one["state"] == "denied"]
    assert {one["action"] for one in denied} == actions
    assert all(f"Allow the IAM action {one['action']}" in one["message"] for one in denied)


def test_a_role_that_trusts_somebody_else_is_told_with_what_its_trust_must_say(payments, now):
    first, *others = checks(payments, now)
    assert (first["action"], first["state"]) == ("sts:AssumeRole", "denied")
    assert "trust policy must allow sts:AssumeRole" in first["message"]
    assert "ExternalId" in first["message"]
    assert {one["state"] for one in others} == {"unknown"}


def test_a_role_in_another_account_is_told(local, payments, now):
    local.control("trust", {"role_arn": ROLE, "external_id": payments.external_id})
    payments.aws_account_id = "123456789012"
    payments.save()
    first, *others = checks(payments, now)
    assert first["state"] == "denied"
    assert "is of the account 345678901234 and not of 123456789012" in first["message"]
    assert {one["state"] for one in others} == {"unknown"}


def test_a_path_through_a_role_that_refuses_says_so_instead_of_blaming_the_call(payments, now):
    row = discover(payments, DiscoveryKind.PATH, "E7PAYMENTSDEMO", now)
    assert row.state == FetchState.FAILED
    assert row.last_error.startswith("sts:AssumeRole failed (AccessDenied). The account's role does not let EdgeOps in")
