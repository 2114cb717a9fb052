import pytest

from tests.edgeops.localaws.conftest import make_simulation, trouble
from tests.edgeops.localaws.test_cloudwatch import BALANCER, BROWSE, FUNCTION, PRODUCTS, STAGE, ask, query, values

ACL = {"WebACL": "ProductsAcl"}
EDGE_FUNCTION = {"FunctionName": "products-normalize-uri", "Region": "Global"}
CHECK = {"HealthCheckId": "0f5a4c1e-6f0b-4b7e-9d5e-2a9e6b1c7d01"}


def of(simulation, region, namespace, name, dimensions, stat="Sum", **more):
    """Minute → value of one series, wherever it is published."""
    result = ask(simulation, query(namespace, name, dimensions, stat), region=region, **more)["MetricDataResults"][0]
    return dict(zip(result["Timestamps"], result["Values"], strict=True))


def test_the_rates_of_single_statuses_are_parts_of_their_families(clock):
    simulation = make_simulation(clock, scenarios=[trouble("gateway_504", "products", minutes=None, intensity=0.3)])
    rates = {
        name: values(simulation, "AWS/CloudFront", f"{name}ErrorRate", PRODUCTS, "Average")
        for name in ("4xx", "5xx", "401", "403", "404", "502", "503", "504")
    }

    for at, whole in rates["4xx"].items():
        assert rates["401"][at] + rates["403"][at] + rates["404"][at] == pytest.approx(whole)
        assert rates["502"][at] + rates["503"][at] + rates["504"][at] == pytest.approx(rates["5xx"][at])
    assert min(rates["504"].values()) > 1


def test_the_answers_of_a_load_balancer_add_up_to_its_requests(clock):
    stricken = trouble("unhealthy_targets", "catalog", minutes=None, intensity=1.0, target="catalog-browse")
    simulation = make_simulation(clock, scenarios=[stricken])
    counts = {
        name: values(simulation, "AWS/ApplicationELB", name, BALANCER)
        for name in (
            "RequestCount",
            *(f"HTTPCode_Target_{family}XX_Count" for family in (2, 3, 4, 5)),
            *(f"HTTPCode_ELB_{status}_Count" for status in ("5XX", 500, 502, 503, 504)),
        )
    }

    for at, total in counts["RequestCount"].items():
        answered = sum(counts[f"HTTPCode_Target_{family}XX_Count"][at] for family in (2, 3, 4, 5))
        assert answered + counts["HTTPCode_ELB_5XX_Count"][at] == total
    assert counts["HTTPCode_ELB_502_Count"] == counts["HTTPCode_ELB_5XX_Count"]
    assert counts["HTTPCode_ELB_500_Count"] == counts["HTTPCode_ELB_503_Count"] == {}


@pytest.mark.parametrize("name", ["RequestCount", "HTTPCode_Target_2XX_Count", "ProcessedBytes"])
def test_the_availability_zones_add_up_to_the_whole(simulation, name):
    zones = [
        values(simulation, "AWS/ApplicationELB", name, {**BALANCER, "AvailabilityZone": f"eu-west-1{letter}"})
        for letter in "ab"
    ]

    for at, total in values(simulation, "AWS/ApplicationELB", name, BALANCER).items():
        assert sum(zone[at] for zone in zones) == total


def test_a_group_that_fails_open_says_so(clock):
    stricken = trouble("unhealthy_targets", "catalog", minutes=None, intensity=1.0, target="catalog-browse")
    simulation = make_simulation(clock, scenarios=[stricken])

    state = values(simulation, "AWS/ApplicationELB", "UnhealthyStateRouting", BROWSE, "Minimum")
    sent = values(simulation, "AWS/ApplicationELB", "UnhealthyRoutingRequestCount", BROWSE)

    assert set(state.values()) == {1}
    assert sent == values(simulation, "AWS/ApplicationELB", "RequestCount", BROWSE)


def test_requests_per_target_is_a_sum_that_is_an_average(simulation):
    alone = {"TargetGroup": BROWSE["TargetGroup"]}
    each = values(simulation, "AWS/ApplicationELB", "RequestCountPerTarget", alone)
    total = values(simulation, "AWS/ApplicationELB", "RequestCount", BROWSE)

    assert all(each[at] == pytest.approx(total[at] / 3) for at in total)
    assert values(simulation, "AWS/ApplicationELB", "RequestCountPerTarget", alone, "Average") == {}


def test_an_http_api_counts_bytes_and_has_no_cache(simulation):
    stage = {"ApiId": "f6g7h8i9j0", "Stage": "$default"}

    assert min(values(simulation, "AWS/ApiGateway", "DataProcessed", stage).values()) > 10_000
    assert values(simulation, "AWS/ApiGateway", "CacheHitCount", stage) == {}
    assert values(simulation, "AWS/ApiGateway", "DataProcessed", STAGE) == {}


def test_concurrency_has_a_maximum_only(simulation):
    assert min(values(simulation, "AWS/Lambda", "ConcurrentExecutions", FUNCTION, "Maximum").values()) >= 1
    assert values(simulation, "AWS/Lambda", "ConcurrentExecutions", FUNCTION, "Sum") == {}


def test_a_web_acl_at_the_edge_is_read_without_a_region_and_its_rules_add_up(simulation):
    blocked = of(simulation, "us-east-1", "AWS/WAFV2", "BlockedRequests", {**ACL, "Rule": "ALL"})
    allowed = of(simulation, "us-east-1", "AWS/WAFV2", "AllowedRequests", {**ACL, "Rule": "Default_Action"})
    rules = [
        of(simulation, "us-east-1", "AWS/WAFV2", "BlockedRequests", {**ACL, "Rule": rule})
        for rule in ("ProductsRateLimit", "ProductsKnownBadInputs")
    ]
    requests = values(simulation, "AWS/CloudFront", "Requests", PRODUCTS)

    assert 0 < len(blocked) < 60
    assert len(allowed) == 60
    assert all(allowed[at] + blocked.get(at, 0) == requests[at] for at in requests)
    assert all(sum(rule.get(at, 0) for rule in rules) == count for at, count in blocked.items())
    assert of(simulation, "eu-west-1", "AWS/WAFV2", "AllowedRequests", {**ACL, "Rule": "ALL"}) == {}


def test_a_regional_web_acl_is_read_with_its_region(simulation):
    regional = {"WebACL": "CatalogOriginAcl", "Rule": "ALL"}
    there = {**regional, "Region": "eu-west-1"}

    allowed = of(simulation, "eu-west-1", "AWS/WAFV2", "AllowedRequests", there)

    assert allowed == values(simulation, "AWS/ApplicationELB", "RequestCount", BALANCER)
    assert of(simulation, "eu-west-1", "AWS/WAFV2", "AllowedRequests", regional) == {}
    assert of(simulation, "eu-west-1", "AWS/WAFV2", "BlockedRequests", there) == {}


def test_a_rule_that_only_counts_blocks_nothing(simulation):
    rule = {"WebACL": "CatalogAcl", "Rule": "CatalogBotControl"}

    assert len(of(simulation, "us-east-1", "AWS/WAFV2", "CountedRequests", rule)) == 60
    assert of(simulation, "us-east-1", "AWS/WAFV2", "BlockedRequests", rule) == {}


def test_an_edge_function_runs_for_every_viewer_request(simulation):
    invocations = values(simulation, "AWS/CloudFront", "FunctionInvocations", EDGE_FUNCTION)

    assert invocations == values(simulation, "AWS/CloudFront", "Requests", PRODUCTS)
    assert set(values(simulation, "AWS/CloudFront", "FunctionThrottles", EDGE_FUNCTION).values()) == {0}


def test_a_health_check_fails_when_most_of_the_origin_does(clock):
    well = make_simulation(clock)
    ill = make_simulation(clock, scenarios=[trouble("gateway_504", "products", minutes=None, intensity=1.0)])

    status = [of(each, "us-east-1", "AWS/Route53", "HealthCheckStatus", CHECK, "Minimum") for each in (well, ill)]

    assert [set(found.values()) for found in status] == [{1.0}, {0.0}]
    assert of(well, "eu-west-1", "AWS/Route53", "HealthCheckStatus", CHECK, "Minimum") == {}
    assert len(of(well, "us-east-1", "AWS/Route53", "TimeToFirstByte", CHECK, "p90")) == 60
