import dataclasses

import pytest

from edgeops.localaws import distributions, worldfile
from tests.edgeops.localaws.conftest import code_of, make_simulation, serving

PRODUCTS, ORDERS, PARTNERS = "E1PRODUCTSDEMO", "E3ORDERSDEMO00", "E4PARTNERSDEMO"
MEDIA, SEARCH = "E5MEDIADEMO000", "E6SEARCHDEMO00"


@pytest.fixture
def cloudfront(served):
    return served.client("cloudfront", "us-east-1")


def config_of(cloudfront, distribution):
    return cloudfront.get_distribution_config(Id=distribution)["DistributionConfig"]


def origins_of(cloudfront, distribution):
    return config_of(cloudfront, distribution)["Origins"]["Items"]


@pytest.fixture
def many(clock):
    """A world of 250 distributions beside its APIs."""
    simulation = make_simulation(clock)
    simulation.world = worldfile.with_bare_distributions(simulation.world, 250)
    with serving(simulation) as running:
        yield running.client("cloudfront", "us-east-1")


def test_a_custom_domain_is_the_origin_with_its_base_path(cloudfront):
    (origin,) = origins_of(cloudfront, PARTNERS)

    assert (origin["DomainName"], origin["OriginPath"]) == ("partners-origin.example.test", "/v1")


def test_an_origin_group_has_the_bucket_first_and_the_private_load_balancer_second(cloudfront):
    config = config_of(cloudfront, MEDIA)
    bucket, balancer = config["Origins"]["Items"]
    (group,) = config["OriginGroups"]["Items"]

    assert bucket["DomainName"] == "media-demo-objects.s3.eu-west-1.amazonaws.com"
    assert bucket["S3OriginConfig"]["OriginAccessIdentity"] == ""
    assert bucket["OriginAccessControlId"]
    assert balancer["VpcOriginConfig"]["VpcOriginId"] == "vo_M3d1a0r1g1nDemo0000001"
    assert balancer["DomainName"].startswith("internal-media-alb-")
    assert [member["OriginId"] for member in group["Members"]["Items"]] == [bucket["Id"], balancer["Id"]]
    assert config["DefaultCacheBehavior"]["TargetOriginId"] == group["Id"]


def test_a_function_url_and_a_default_stage_are_origins(cloudfront):
    (function,) = origins_of(cloudfront, SEARCH)
    (gateway,) = origins_of(cloudfront, ORDERS)

    assert function["DomainName"] == "s3archsugg3std3m0furl0000000abcd.lambda-url.eu-west-1.on.aws"
    assert (gateway["DomainName"], gateway["OriginPath"]) == ("f6g7h8i9j0.execute-api.eu-west-1.amazonaws.com", "")


def test_a_public_load_balancer_is_pinned_by_a_secret_header(cloudfront):
    (origin,) = origins_of(cloudfront, "E2CATALOGDEMO0")

    assert origin["CustomHeaders"]["Items"][0]["HeaderName"] == "X-Origin-Secret"


def test_the_web_acl_and_the_edge_function_are_told(cloudfront):
    guarded, open_ = config_of(cloudfront, PRODUCTS), config_of(cloudfront, ORDERS)

    assert guarded["WebACLId"].startswith("arn:aws:wafv2:us-east-1:123456789012:global/webacl/products-acl/")
    assert open_["WebACLId"] == ""
    (function,) = guarded["DefaultCacheBehavior"]["FunctionAssociations"]["Items"]
    (listed,) = cloudfront.list_functions()["FunctionList"]["Items"]
    assert function["FunctionARN"] == listed["FunctionMetadata"]["FunctionARN"]
    assert cloudfront.list_functions(Stage="DEVELOPMENT")["FunctionList"]["Quantity"] == 0


def test_the_pages_of_a_big_account_joined_are_the_whole_list(many):
    pages = list(many.get_paginator("list_distributions").paginate())
    found = [item["Id"] for page in pages for item in page["DistributionList"]["Items"]]

    assert [page["DistributionList"]["Quantity"] for page in pages] == [100, 100, 57]
    assert found[:2] == [PRODUCTS, "E2CATALOGDEMO0"]
    assert found[7:] == [f"EBULK{n:09}" for n in range(1, 251)]


def test_a_bare_distribution_has_an_origin_and_no_subscription(many):
    config = config_of(many, "EBULK000000250")

    assert config["Origins"]["Items"][0]["DomainName"] == "bulk-00250.origin.example.test"
    assert code_of(lambda: many.get_monitoring_subscription(DistributionId="EBULK000000250"))[1] == 404


def test_additional_metrics_are_switched_on_and_off(cloudfront, served):
    orders = served.simulation.world.api("orders")
    asked = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Enabled"}}

    def status():
        told = cloudfront.get_monitoring_subscription(DistributionId=ORDERS)["MonitoringSubscription"]
        return told["RealtimeMetricsSubscriptionConfig"]["RealtimeMetricsSubscriptionStatus"]

    off = code_of(status)
    cloudfront.create_monitoring_subscription(DistributionId=ORDERS, MonitoringSubscription=asked)
    on = (status(), served.simulation.has_additional_metrics(orders))
    kept = served.control("state")["monitoring"]
    twice = code_of(
        lambda: cloudfront.create_monitoring_subscription(DistributionId=ORDERS, MonitoringSubscription=asked)
    )
    cloudfront.delete_monitoring_subscription(DistributionId=ORDERS)

    assert off == code_of(status) == ("NoSuchMonitoringSubscription", 404)
    assert on == ("Enabled", True)
    assert kept == {ORDERS: "Enabled"}
    assert twice == ("MonitoringSubscriptionAlreadyExists", 409)
    assert code_of(lambda: cloudfront.delete_monitoring_subscription(DistributionId=ORDERS))[1] == 404
    assert served.simulation.has_additional_metrics(orders) is False


def test_a_disabled_subscription_is_one_without_metrics(cloudfront, served):
    asked = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Disabled"}}

    cloudfront.create_monitoring_subscription(DistributionId=ORDERS, MonitoringSubscription=asked)

    assert cloudfront.get_monitoring_subscription(DistributionId=ORDERS)["MonitoringSubscription"] == asked
    assert served.simulation.has_additional_metrics(served.simulation.world.api("orders")) is False


def test_the_policies_of_a_behavior_are_found_by_id_and_in_the_lists(cloudfront):
    behavior = config_of(cloudfront, "E2CATALOGDEMO0")["DefaultCacheBehavior"]

    cache = cloudfront.get_cache_policy(Id=behavior["CachePolicyId"])["CachePolicy"]
    request = cloudfront.get_origin_request_policy(Id=behavior["OriginRequestPolicyId"])["OriginRequestPolicy"]
    custom = cloudfront.list_cache_policies(Type="custom")["CachePolicyList"]
    managed = cloudfront.list_cache_policies(Type="managed")["CachePolicyList"]

    assert cache["CachePolicyConfig"]["Name"] == "catalog-cache"
    assert cache["CachePolicyConfig"]["DefaultTTL"] == 120
    assert request["OriginRequestPolicyConfig"]["Name"] == "Managed-AllViewerExceptHostHeader"
    assert behavior["CachePolicyId"] in [item["CachePolicy"]["Id"] for item in custom["Items"]]
    assert "Managed-CachingOptimized" in [item["CachePolicy"]["CachePolicyConfig"]["Name"] for item in managed["Items"]]
    assert code_of(lambda: cloudfront.get_cache_policy(Id="none"))[0] == "NoSuchCachePolicy"
    assert code_of(lambda: cloudfront.get_origin_request_policy(Id="none"))[0] == "NoSuchOriginRequestPolicy"


@pytest.mark.parametrize(
    ("operation", "outer", "inner"),
    [
        ("list_cache_policies", "CachePolicyList", "CachePolicy"),
        ("list_origin_request_policies", "OriginRequestPolicyList", "OriginRequestPolicy"),
    ],
)
def test_policies_a_page_at_a_time_are_the_whole_list(cloudfront, operation, outer, inner):
    listed = getattr(cloudfront, operation)
    found, marker = [], {}
    while True:
        told = listed(MaxItems="2", **marker)[outer]
        found += [item[inner]["Id"] for item in told["Items"]]
        if "NextMarker" not in told:
            break
        marker = {"Marker": told["NextMarker"]}

    assert found == [item[inner]["Id"] for item in listed()[outer]["Items"]]
    assert len(found) == len(set(found)) > 2


def test_a_vpc_origin_leads_to_its_load_balancer(cloudfront):
    (listed,) = cloudfront.list_vpc_origins()["VpcOriginList"]["Items"]
    told = cloudfront.get_vpc_origin(Id=listed["Id"])["VpcOrigin"]

    balancer = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/media-alb/6f1b7e20aa31c4d5"
    assert listed["OriginEndpointArn"] == told["VpcOriginEndpointConfig"]["Arn"] == balancer
    assert code_of(lambda: cloudfront.get_vpc_origin(Id="vo_nothing")) == ("EntityNotFound", 404)


def test_a_distribution_tells_its_tags(cloudfront):
    arn = "arn:aws:cloudfront::123456789012:distribution/"

    tags = cloudfront.list_tags_for_resource(Resource=arn + PRODUCTS)["Tags"]["Items"]

    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "shop", "environment": "production"}
    assert code_of(lambda: cloudfront.list_tags_for_resource(Resource=arn + "E0NOBODY"))[0] == "NoSuchResource"


def test_another_account_sees_none_of_it(served):
    other = served.client("cloudfront", "us-east-1", **served.assumed())

    assert other.list_vpc_origins()["VpcOriginList"]["Quantity"] == 0
    assert other.list_functions()["FunctionList"]["Quantity"] == 0
    assert code_of(lambda: other.get_monitoring_subscription(DistributionId=PRODUCTS))[0] == "NoSuchDistribution"
    names = [
        item["CachePolicy"]["CachePolicyConfig"]["Name"]
        for item in other.list_cache_policies(Type="custom")["CachePolicyList"]["Items"]
    ]
    assert names == ["payments-cache"]


def test_a_changed_configuration_has_another_etag(simulation):
    api = simulation.world.api("orders")
    changed = dataclasses.replace(api, distribution=dataclasses.replace(api.distribution, ttl_seconds=31))

    assert distributions.etag(changed) != distributions.etag(api)
