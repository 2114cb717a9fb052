import dataclasses
from datetime import timedelta

import pytest

from tests.edgeops.localaws.conftest import NOW, code_of, make_simulation, serving
from tests.edgeops.localaws.test_cloudwatch import FUNCTION, STAGE, values

PRODUCTS, ORDERS, PARTNERS = "a1b2c3d4e5", "f6g7h8i9j0", "k1l2m3n4o5"
HANDLER = "arn:aws:lambda:eu-west-1:123456789012:function:products-handler"
DOMAIN = "partners-origin.example.test"


@pytest.fixture
def rest(served):
    return served.client("apigateway")


@pytest.fixture
def http(served):
    return served.client("apigatewayv2")


@pytest.fixture
def many(clock):
    """A world with thirty REST APIs and thirty HTTP APIs more, as pages need them."""
    simulation = make_simulation(clock)
    apis = list(simulation.world.apis)
    for slug in ("products", "orders"):
        api = simulation.world.api(slug)
        for n in range(30):
            hops = (dataclasses.replace(api.gateway, id=f"{slug}{n:03}"),)
            apis.append(dataclasses.replace(api, slug=f"{slug}-{n}", hops=hops))
    simulation.world = dataclasses.replace(simulation.world, apis=tuple(apis))
    with serving(simulation) as running:
        yield running


def test_a_rest_api_and_its_stage_are_found(rest):
    (found,) = rest.get_rest_apis()["items"]
    stage = rest.get_stage(restApiId=found["id"], stageName="prod")

    assert (found["id"], found["name"]) == (PRODUCTS, "products-api")
    assert found["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert (stage["cacheClusterEnabled"], stage["cacheClusterSize"], stage["tracingEnabled"]) == (True, "0.5", True)
    assert stage["methodSettings"]["*/*"]["metricsEnabled"] is False
    assert [item["stageName"] for item in rest.get_stages(restApiId=PRODUCTS)["item"]] == ["prod"]
    assert rest.get_rest_api(restApiId=PRODUCTS)["rootResourceId"]


def test_the_function_behind_a_rest_api_is_in_its_integrations(rest):
    resources = rest.get_resources(restApiId=PRODUCTS, embed=["methods"])["items"]
    bare = rest.get_resources(restApiId=PRODUCTS)["items"]
    proxy = resources[1]
    integration = rest.get_integration(restApiId=PRODUCTS, resourceId=proxy["id"], httpMethod="ANY")

    embedded = proxy["resourceMethods"]["ANY"]["methodIntegration"]
    assert (embedded["type"], embedded["uri"]) == (integration["type"], integration["uri"])
    assert integration["uri"].endswith(f"functions/{HANDLER}/invocations")
    assert bare[1]["resourceMethods"] == {"ANY": {}}
    assert [item["path"] for item in bare] == ["/", "/{proxy+}"]


def test_a_custom_domain_leads_by_its_base_path_to_api_and_stage(served):
    west = served.client("apigateway", "us-west-2")

    (domain,) = west.get_domain_names()["items"]
    (mapping,) = west.get_base_path_mappings(domainName=DOMAIN)["items"]

    assert domain["domainName"] == west.get_domain_name(domainName=DOMAIN)["domainName"] == DOMAIN
    assert mapping == {"basePath": "v1", "restApiId": PARTNERS, "stage": "live"}
    assert west.get_rest_api(restApiId=PARTNERS)["disableExecuteApiEndpoint"] is True
    (told,) = served.client("apigatewayv2", "us-west-2").get_domain_names()["Items"]
    (other,) = served.client("apigatewayv2", "us-west-2").get_api_mappings(DomainName=DOMAIN)["Items"]
    assert told["DomainName"] == DOMAIN
    assert (other["ApiId"], other["Stage"], other["ApiMappingKey"]) == (PARTNERS, "live", "v1")


def test_an_http_api_its_stage_and_its_function_are_found(http):
    (found,) = http.get_apis()["Items"]
    (stage,) = http.get_stages(ApiId=ORDERS)["Items"]
    (route,) = http.get_routes(ApiId=ORDERS)["Items"]
    (integration,) = http.get_integrations(ApiId=ORDERS)["Items"]

    assert (found["ApiId"], found["Name"], found["ProtocolType"]) == (ORDERS, "orders-api", "HTTP")
    assert found["ApiEndpoint"] == f"https://{ORDERS}.execute-api.eu-west-1.amazonaws.com"
    assert stage["StageName"] == http.get_stage(ApiId=ORDERS, StageName="$default")["StageName"] == "$default"
    assert route["Target"] == f"integrations/{integration['IntegrationId']}"
    assert integration["IntegrationUri"] == "arn:aws:lambda:eu-west-1:123456789012:function:orders-handler"
    assert http.get_api(ApiId=ORDERS)["Name"] == "orders-api"


def test_the_pages_of_rest_apis_joined_are_all_of_them_once(many):
    client = many.client("apigateway")

    pages = [page["items"] for page in client.get_paginator("get_rest_apis").paginate()]
    found = [item["id"] for page in pages for item in page]

    assert [len(page) for page in pages] == [25, 6]
    assert found == [item["id"] for item in client.get_rest_apis(limit=500)["items"]]
    assert len(set(found)) == 31


def test_the_pages_of_http_apis_joined_are_all_of_them_once(many):
    client = many.client("apigatewayv2")

    pages = client.get_paginator("get_apis").paginate(PaginationConfig={"PageSize": 20})
    found = [item["ApiId"] for page in pages for item in page["Items"]]

    assert found == [item["ApiId"] for item in client.get_apis()["Items"]]
    assert len(set(found)) == 31


def test_the_resources_of_an_api_are_paged(rest):
    pages = rest.get_paginator("get_resources").paginate(restApiId=PRODUCTS, PaginationConfig={"PageSize": 1})

    joined = [item["path"] for page in pages for item in page["items"]]

    assert joined == ["/", "/{proxy+}"]


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("apigateway", lambda client: client.get_rest_api(restApiId="none")),
        ("apigateway", lambda client: client.get_stage(restApiId=PRODUCTS, stageName="none")),
        ("apigateway", lambda client: client.get_domain_name(domainName="none.test")),
        ("apigateway", lambda client: client.get_base_path_mappings(domainName="none.test")),
        ("apigateway", lambda client: client.get_integration(restApiId=PRODUCTS, resourceId="x", httpMethod="ANY")),
        ("apigatewayv2", lambda client: client.get_api(ApiId="none")),
        ("apigatewayv2", lambda client: client.get_stage(ApiId=ORDERS, StageName="none")),
        ("apigatewayv2", lambda client: client.get_api_mappings(DomainName="none.test")),
    ],
)
def test_what_is_not_there_is_not_found(served, service, call):
    client = served.client(service)

    with pytest.raises(client.exceptions.NotFoundException):
        call(client)


def test_a_position_of_another_list_is_a_bad_request(rest):
    assert code_of(lambda: rest.get_rest_apis(position="none")) == ("BadRequestException", 400)


def test_an_account_has_forty_calls_at_once_and_ten_a_second_of_both_versions_together(served, rest, http, clock):
    for _ in range(20):
        rest.get_rest_apis()
        http.get_apis()
    refused = [code_of(rest.get_rest_apis), code_of(http.get_apis)]
    clock.pass_seconds(0.5)
    for _ in range(5):
        rest.get_account()

    assert refused == [("TooManyRequestsException", 429)] * 2
    assert code_of(rest.get_account) == ("TooManyRequestsException", 429)
    assert served.client("apigateway", **served.assumed()).get_rest_apis()["items"] == []
    assert served.client("elbv2").describe_load_balancers()["LoadBalancers"]


def test_resources_have_a_rate_of_their_own(rest, clock):
    for _ in range(5):
        rest.get_resources(restApiId=PRODUCTS)
    refused = code_of(lambda: rest.get_resources(restApiId=PRODUCTS))
    clock.pass_seconds(0.4)

    assert refused == ("TooManyRequestsException", 429)
    assert rest.get_resources(restApiId=PRODUCTS)["items"]


def stage_of(rest, api=PRODUCTS, name="prod"):
    return rest.get_stage(restApiId=api, stageName=name)


def test_a_flush_is_accepted_and_in_progress_for_a_while(rest, clock):
    answer = rest.flush_stage_cache(restApiId=PRODUCTS, stageName="prod")
    during = stage_of(rest)["cacheClusterStatus"]
    clock.pass_seconds(9)

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert (during, stage_of(rest)["cacheClusterStatus"]) == ("FLUSH_IN_PROGRESS", "AVAILABLE")


def test_after_a_flush_the_function_is_asked_for_what_the_cache_knew(rest, simulation, clock):
    rest.flush_stage_cache(restApiId=PRODUCTS, stageName="prod")
    clock.pass_seconds(600)
    minutes = {"minutes": 20, "end": NOW + timedelta(minutes=10)}

    hits = values(simulation, "AWS/ApiGateway", "CacheHitCount", STAGE, **minutes)
    invocations = values(simulation, "AWS/Lambda", "Invocations", FUNCTION, **minutes)
    flushed = [NOW.timestamp(), NOW.timestamp() + 60]

    assert [at for at, count in sorted(hits.items()) if count == 0] == flushed
    usual = max(count for at, count in invocations.items() if at not in flushed)
    assert min(invocations[at] for at in flushed) > 1.2 * usual


@pytest.mark.parametrize(
    ("api", "stage", "error"),
    [
        (PRODUCTS, "test", ("NotFoundException", 404)),
        ("nobody0000", "prod", ("NotFoundException", 404)),
        (ORDERS, "$default", ("NotFoundException", 404)),
    ],
)
def test_only_a_stage_that_is_there_can_be_flushed(rest, api, stage, error):
    assert code_of(lambda: rest.flush_stage_cache(restApiId=api, stageName=stage)) == error


def test_a_stage_without_a_cache_cannot_be_flushed(served):
    oregon = served.client("apigateway", "us-west-2")

    assert stage_of(oregon, PARTNERS, "live")["cacheClusterStatus"] == "NOT_AVAILABLE"
    assert code_of(lambda: oregon.flush_stage_cache(restApiId=PARTNERS, stageName="live")) == (
        "BadRequestException",
        400,
    )


def test_a_denied_flush_names_the_verb_and_the_cache_it_would_empty(served, rest):
    served.control("faults", {"kind": "access_denied", "service": "apigateway", "operation": "FlushStageCache"})

    with pytest.raises(rest.exceptions.ClientError) as denied:
        rest.flush_stage_cache(restApiId=PRODUCTS, stageName="prod")

    assert (
        "perform: apigateway:DELETE on resource: "
        "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5/stages/prod/cache/data"
    ) in denied.value.response["Error"]["Message"]
    assert stage_of(rest)["cacheClusterStatus"] == "AVAILABLE"
