import pytest

from tests.edgeops.localaws.conftest import code_of, make_simulation, serving, trouble

CATALOG = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/catalog-alb/50dc6c495c0c9188"
BROWSE = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/catalog-browse/943f017f100becff"
SEARCH = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/catalog-search/73e2d6bc24d8a067"


@pytest.fixture
def elbv2(served):
    return served.client("elbv2")


def test_load_balancers_tell_the_dns_name_that_is_an_origin(elbv2):
    found = {item["LoadBalancerName"]: item for item in elbv2.describe_load_balancers()["LoadBalancers"]}

    assert set(found) == {"catalog-alb", "media-alb"}
    assert found["catalog-alb"]["LoadBalancerArn"] == CATALOG
    assert found["catalog-alb"]["DNSName"] == "catalog-alb-1234567890.eu-west-1.elb.amazonaws.com"
    assert [found[name]["Scheme"] for name in ("catalog-alb", "media-alb")] == ["internet-facing", "internal"]


def test_a_load_balancer_is_found_by_name_or_arn_and_an_unknown_one_is_not(elbv2):
    (by_name,) = elbv2.describe_load_balancers(Names=["catalog-alb"])["LoadBalancers"]
    (by_arn,) = elbv2.describe_load_balancers(LoadBalancerArns=[CATALOG])["LoadBalancers"]

    assert by_name == by_arn
    assert code_of(lambda: elbv2.describe_load_balancers(Names=["nobody"])) == ("LoadBalancerNotFound", 400)


@pytest.mark.parametrize(
    ("operation", "key", "arguments"),
    [
        ("describe_load_balancers", "LoadBalancers", {}),
        ("describe_target_groups", "TargetGroups", {}),
        ("describe_listeners", "Listeners", {"LoadBalancerArn": CATALOG}),
    ],
)
def test_the_pages_joined_are_the_whole_list(elbv2, operation, key, arguments):
    pages = elbv2.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": 1})

    joined = [item for page in pages for item in page[key]]

    assert joined == getattr(elbv2, operation)(**arguments)[key]


def test_a_public_listener_turns_away_who_does_not_know_the_header(elbv2):
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=CATALOG)["Listeners"]
    rules = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]

    assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
    assert listener["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "403"
    assert [rule["Actions"][0].get("TargetGroupArn") for rule in rules] == [SEARCH, BROWSE, None]
    assert {condition["Field"] for condition in rules[0]["Conditions"]} == {"http-header", "path-pattern"}
    assert [rule["IsDefault"] for rule in rules] == [False, False, True]


def test_a_private_listener_forwards_by_default(elbv2):
    (media,) = elbv2.describe_load_balancers(Names=["media-alb"])["LoadBalancers"]
    (listener,) = elbv2.describe_listeners(LoadBalancerArn=media["LoadBalancerArn"])["Listeners"]
    (rule,) = elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]

    assert listener["DefaultActions"] == rule["Actions"]
    assert ":targetgroup/media-render/" in rule["Actions"][0]["TargetGroupArn"]


def test_target_groups_are_those_of_the_load_balancer(elbv2):
    groups = elbv2.describe_target_groups(LoadBalancerArn=CATALOG)["TargetGroups"]

    assert [group["TargetGroupArn"] for group in groups] == [SEARCH, BROWSE]
    assert groups[0]["LoadBalancerArns"] == [CATALOG]
    assert len(elbv2.describe_target_groups()["TargetGroups"]) == 3
    assert code_of(lambda: elbv2.describe_target_groups(Names=["nobody"])) == ("TargetGroupNotFound", 400)


def test_target_health_is_what_the_metrics_say(clock):
    scenario = trouble(
        "unhealthy_targets", "catalog", minutes_ago=10, minutes=None, intensity=0.5, target="catalog-browse"
    )
    with serving(make_simulation(clock, scenarios=[scenario])) as running:
        elbv2 = running.client("elbv2")
        sick = elbv2.describe_target_health(TargetGroupArn=BROWSE)["TargetHealthDescriptions"]
        well = elbv2.describe_target_health(TargetGroupArn=SEARCH)["TargetHealthDescriptions"]

    assert [target["TargetHealth"]["State"] for target in sick] == ["healthy", "unhealthy", "unhealthy"]
    assert sick[2]["TargetHealth"]["Reason"] == "Target.Timeout"
    assert [target["TargetHealth"]["State"] for target in well] == ["healthy"] * 4
    assert len({target["Target"]["Id"] for target in sick + well}) == 7


def test_tags_are_those_of_the_api(elbv2):
    told = elbv2.describe_tags(ResourceArns=[CATALOG, BROWSE])["TagDescriptions"]

    assert [entry["ResourceArn"] for entry in told] == [CATALOG, BROWSE]
    assert {"Key": "team", "Value": "search"} in told[1]["Tags"]


def test_another_region_and_another_account_have_none(served):
    assert served.client("elbv2", "us-west-2").describe_load_balancers()["LoadBalancers"] == []
    assert served.client("elbv2", **served.assumed()).describe_load_balancers()["LoadBalancers"] == []


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda elbv2: elbv2.describe_rules(), "ValidationError"),
        (lambda elbv2: elbv2.describe_rules(ListenerArn=CATALOG), "ListenerNotFound"),
        (lambda elbv2: elbv2.describe_rules(RuleArns=["none"]), "RuleNotFound"),
        (lambda elbv2: elbv2.describe_target_health(TargetGroupArn="none"), "TargetGroupNotFound"),
        (lambda elbv2: elbv2.describe_listeners(LoadBalancerArn="none"), "LoadBalancerNotFound"),
    ],
)
def test_what_is_not_there_is_refused_in_the_services_words(elbv2, call, code):
    assert code_of(lambda: call(elbv2)) == (code, 400)
