from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from edgeops.localaws import cloudwatch
from edgeops.localaws.wire.messages import AwsError
from tests.edgeops.localaws.conftest import NOW, context, make_simulation, trouble

PRODUCTS = {"DistributionId": "E1PRODUCTSDEMO", "Region": "Global"}
ORDERS = {"DistributionId": "E3ORDERSDEMO00", "Region": "Global"}
STAGE = {"ApiName": "products-api", "Stage": "prod"}
FUNCTION = {"FunctionName": "products-handler"}
BALANCER = {"LoadBalancer": "app/catalog-alb/50dc6c495c0c9188"}
BROWSE = {**BALANCER, "TargetGroup": "targetgroup/catalog-browse/943f017f100becff"}
SEARCH = {**BALANCER, "TargetGroup": "targetgroup/catalog-search/73e2d6bc24d8a067"}


def query(namespace, name, dimensions, stat="Sum", *, period=60, query_id="m1"):
    metric = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}}


def ask(simulation, *queries, region="eu-west-1", minutes=60, end=NOW, **more):
    get_metric_data = cloudwatch.operations(simulation)["GetMetricData"]
    params = {
        "MetricDataQueries": list(queries),
        "StartTime": end - timedelta(minutes=minutes),
        "EndTime": end,
        **more,
    }
    return get_metric_data(params, context(simulation, region))


def values(simulation, namespace, name, dimensions, stat="Sum", **more):
    """Minute (or period) → value of one series."""
    region = "us-east-1" if namespace == "AWS/CloudFront" else "eu-west-1"
    asked = query(namespace, name, dimensions, stat, period=more.pop("period", 60))
    result = ask(simulation, asked, region=region, **more)["MetricDataResults"][0]
    return dict(zip(result["Timestamps"], result["Values"], strict=True))


def test_what_the_edge_could_not_answer_is_what_the_origin_counts(simulation):
    requests = values(simulation, "AWS/CloudFront", "Requests", PRODUCTS)
    hit_rate = values(simulation, "AWS/CloudFront", "CacheHitRate", PRODUCTS, "Average")
    count = values(simulation, "AWS/ApiGateway", "Count", STAGE)
    misses = values(simulation, "AWS/ApiGateway", "CacheMissCount", STAGE)
    invocations = values(simulation, "AWS/Lambda", "Invocations", FUNCTION)

    assert len(requests) == 60
    for at, viewers in requests.items():
        assert viewers * (1 - hit_rate[at] / 100) == pytest.approx(count[at])
    assert misses == invocations
    assert all(misses[at] < count[at] < requests[at] for at in requests)


def test_a_load_balancer_counts_what_its_target_groups_count(simulation):
    balancer = values(simulation, "AWS/ApplicationELB", "RequestCount", BALANCER)
    browse = values(simulation, "AWS/ApplicationELB", "RequestCount", BROWSE)
    search = values(simulation, "AWS/ApplicationELB", "RequestCount", SEARCH)

    assert len(balancer) == 60
    assert all(balancer[at] == browse[at] + search[at] for at in balancer)
    assert all(search[at] > browse[at] for at in search)


def test_lambda_errors_are_seen_at_every_hop_further_out(clock):
    simulation = make_simulation(clock, scenarios=[trouble("lambda_errors", "products", intensity=0.4)])

    errors = values(simulation, "AWS/Lambda", "Errors", FUNCTION)
    at_the_stage = values(simulation, "AWS/ApiGateway", "5XXError", STAGE)
    at_the_edge = values(simulation, "AWS/CloudFront", "5xxErrorRate", PRODUCTS, "Average")
    requests = values(simulation, "AWS/CloudFront", "Requests", PRODUCTS)

    during = [at for at in errors if at < (NOW - timedelta(minutes=30)).timestamp()]
    after = [at for at in errors if at not in during]
    assert len(during) == len(after) == 30
    assert min(errors[at] for at in during) > 20
    assert max(errors[at] for at in after) <= 1
    assert at_the_stage == errors
    assert all(at_the_edge[at] * requests[at] / 100 == pytest.approx(errors[at]) for at in errors)


def test_unhealthy_targets_refuse_connections_and_the_load_balancer_answers_for_them(clock):
    stricken = trouble("unhealthy_targets", "catalog", minutes=None, intensity=1.0, target="catalog-browse")
    simulation = make_simulation(clock, scenarios=[stricken])

    refused = values(simulation, "AWS/ApplicationELB", "TargetConnectionErrorCount", BROWSE)

    assert set(values(simulation, "AWS/ApplicationELB", "UnHealthyHostCount", BROWSE, "Minimum").values()) == {3}
    assert set(values(simulation, "AWS/ApplicationELB", "HealthyHostCount", BROWSE, "Maximum").values()) == {0}
    assert set(values(simulation, "AWS/ApplicationELB", "HealthyHostCount", SEARCH, "Maximum").values()) == {4}
    assert refused == values(simulation, "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", BALANCER)
    assert len(refused) == 60
    assert values(simulation, "AWS/ApplicationELB", "TargetConnectionErrorCount", SEARCH) == {}


def test_a_gateway_time_out_is_slow_at_every_hop_and_no_error_of_the_function(clock):
    simulation = make_simulation(clock, scenarios=[trouble("gateway_504", "orders", minutes=None, intensity=0.3)])
    stage = {"ApiId": "f6g7h8i9j0", "Stage": "$default"}

    errors = values(simulation, "AWS/ApiGateway", "5xx", stage)
    slowest = values(simulation, "AWS/ApiGateway", "IntegrationLatency", stage, "p99")
    outside = values(simulation, "AWS/ApiGateway", "Latency", stage, "p99")

    assert min(errors.values()) > 10
    assert min(slowest.values()) > 28_000
    assert all(outside[at] > slowest[at] for at in slowest)
    assert max(values(simulation, "AWS/Lambda", "Errors", {"FunctionName": "orders-handler"}).values()) <= 1


def test_latency_grows_from_hop_to_hop_outwards(simulation):
    duration = values(simulation, "AWS/Lambda", "Duration", FUNCTION, "p50")
    integration = values(simulation, "AWS/ApiGateway", "IntegrationLatency", STAGE, "p50")
    origin = values(simulation, "AWS/CloudFront", "OriginLatency", PRODUCTS, "p99")
    latency = values(simulation, "AWS/ApiGateway", "Latency", STAGE, "p99")

    assert all(duration[at] < integration[at] for at in duration)
    assert all(latency[at] < origin[at] for at in latency)


def test_additional_metrics_exist_only_where_they_are_switched_on(simulation):
    assert values(simulation, "AWS/CloudFront", "Requests", ORDERS)
    assert values(simulation, "AWS/CloudFront", "CacheHitRate", ORDERS, "Average") == {}
    assert values(simulation, "AWS/CloudFront", "OriginLatency", ORDERS, "p90") == {}


@pytest.mark.parametrize(
    ("name", "stat"),
    [("Requests", "Average"), ("5xxErrorRate", "Sum"), ("OriginLatency", "Average"), ("CacheHitRate", "p90")],
)
def test_a_statistic_a_cloudfront_metric_does_not_have_is_an_empty_series(simulation, name, stat):
    assert values(simulation, "AWS/CloudFront", name, PRODUCTS, stat) == {}


@pytest.mark.parametrize(
    "asked",
    [
        query("AWS/CloudFront", "Requests", PRODUCTS),  # in the wrong region
        query("AWS/ApiGateway", "5XXError", {"ApiName": "products-api", "Stage": "test"}),
        query("AWS/ApplicationELB", "HTTPCodeELB5XXCount", BALANCER),
        query("AWS/ApplicationELB", "HealthyHostCount", BALANCER),
        query("AWS/Lambda", "Errors", {**FUNCTION, "Resource": "live"}),
    ],
)
def test_a_series_nobody_publishes_is_empty_and_complete(simulation, asked):
    result = ask(simulation, asked)["MetricDataResults"][0]

    assert (result["Timestamps"], result["StatusCode"]) == ([], "Complete")


def test_a_longer_period_adds_and_averages_its_minutes(simulation):
    minutes = values(simulation, "AWS/ApiGateway", "Count", STAGE)
    fives = values(simulation, "AWS/ApiGateway", "Count", STAGE, period=300)
    rates = values(simulation, "AWS/ApiGateway", "4XXError", STAGE, "Average", period=300)
    errors = values(simulation, "AWS/ApiGateway", "4XXError", STAGE)
    medians = values(simulation, "AWS/Lambda", "Duration", FUNCTION, "p50")
    median_of_five = values(simulation, "AWS/Lambda", "Duration", FUNCTION, "p50", period=300)

    assert len(fives) == 12
    for start, total in fives.items():
        inside = range(start, start + 300, 60)
        assert total == sum(minutes[at] for at in inside)
        assert rates[start] == pytest.approx(sum(errors[at] for at in inside) / total)
        assert min(medians[at] for at in inside) <= median_of_five[start] <= max(medians[at] for at in inside)


def test_the_start_is_inclusive_the_end_exclusive_and_newest_comes_first(simulation):
    result = ask(simulation, query("AWS/ApiGateway", "Count", STAGE), minutes=3)["MetricDataResults"][0]

    end = int(NOW.timestamp())
    assert result["Timestamps"] == [end - 60, end - 120, end - 180]
    oldest_first = ask(simulation, query("AWS/ApiGateway", "Count", STAGE), minutes=3, ScanBy="TimestampAscending")
    assert oldest_first["MetricDataResults"][0]["Values"] == result["Values"][::-1]


def test_the_newest_minutes_are_late_and_grow_to_their_final_value(clock):
    simulation = make_simulation(clock, delay_seconds=120)
    final = values(make_simulation(clock), "AWS/ApiGateway", "Count", STAGE, minutes=1)
    at, settled = next(iter(final.items()))
    seen = []
    for _ in range(26):
        seen.append(values(simulation, "AWS/ApiGateway", "Count", STAGE, minutes=1).get(at))
        clock.pass_seconds(5)

    assert seen[0] is None
    known = [value for value in seen if value is not None]
    assert known == sorted(known)
    assert len(set(known)) > 3
    assert known[-1] == settled
    assert seen[23] != settled


def test_cloudfront_settles_later_than_the_region(clock):
    simulation = make_simulation(clock, delay_seconds=120)
    clock.pass_seconds(120)

    assert len(values(simulation, "AWS/ApiGateway", "Count", STAGE, minutes=1)) == 1
    half_known_bytes = values(simulation, "AWS/CloudFront", "BytesDownloaded", PRODUCTS, minutes=1)
    half_known = values(simulation, "AWS/CloudFront", "Requests", PRODUCTS, minutes=1)
    clock.pass_seconds(60)
    known = values(simulation, "AWS/CloudFront", "Requests", PRODUCTS, minutes=1)
    known_bytes = values(simulation, "AWS/CloudFront", "BytesDownloaded", PRODUCTS, minutes=1)
    assert 0 < sum(half_known.values()) < sum(known.values())
    assert 0 < sum(half_known_bytes.values()) < sum(known_bytes.values())


def test_the_same_seed_tells_the_same_story_and_another_seed_another(clock):
    one, again = make_simulation(clock, seed=1), make_simulation(clock, seed=1)
    other = make_simulation(clock, seed=2)

    assert values(one, "AWS/CloudFront", "Requests", PRODUCTS) == values(again, "AWS/CloudFront", "Requests", PRODUCTS)
    assert values(one, "AWS/CloudFront", "Requests", PRODUCTS) != values(other, "AWS/CloudFront", "Requests", PRODUCTS)


def test_traffic_has_a_day(simulation):
    hourly = values(simulation, "AWS/CloudFront", "Requests", PRODUCTS, period=3600, minutes=60 * 24 * 20)
    by_hour = {hour: [] for hour in range(24)}
    for at, value in hourly.items():
        by_hour[datetime.fromtimestamp(at, UTC).hour].append(value)

    assert max(by_hour[4]) < min(by_hour[19])


@pytest.mark.parametrize(
    ("days", "period", "count"), [(14, 60, 60), (20, 60, 0), (20, 300, 12), (70, 300, 0), (70, 3600, 2)]
)
def test_a_period_finer_than_what_is_kept_answers_nothing(simulation, days, period, count):
    end = NOW - timedelta(days=days)

    found = values(simulation, "AWS/ApiGateway", "Count", STAGE, period=period, end=end)

    assert len(found) == count


def test_pages_joined_are_the_unpaged_answer(simulation):
    queries = [
        query("AWS/ApiGateway", "Count", STAGE, query_id="a"),
        query("AWS/ApiGateway", "Nothing", STAGE, query_id="b"),
        query("AWS/Lambda", "Duration", FUNCTION, "p90", query_id="c"),
    ]
    whole = ask(simulation, *queries)
    joined = {"a": [], "b": [], "c": []}
    states = []
    token = {}
    while True:
        page = ask(simulation, *queries, MaxDatapoints=25, **token)
        assert sum(len(result["Values"]) for result in page["MetricDataResults"]) <= 25
        for result in page["MetricDataResults"]:
            joined[result["Id"]] += zip(result["Timestamps"], result["Values"], strict=True)
            states.append((result["Id"], result["StatusCode"]))
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}

    assert "NextToken" not in whole
    for result in whole["MetricDataResults"]:
        assert joined[result["Id"]] == list(zip(result["Timestamps"], result["Values"], strict=True))
    assert [state for query_id, state in states if query_id == "a"] == ["PartialData", "PartialData", "Complete"]


@pytest.mark.parametrize("token", ["not base64!", "W10=", "bnVsbA=="])
def test_a_token_that_is_none_is_refused(simulation, token):
    with pytest.raises(AwsError) as refused:
        ask(simulation, query("AWS/ApiGateway", "Count", STAGE), NextToken=token)

    assert refused.value.code == "InvalidNextToken"


def test_a_token_of_another_request_is_refused(simulation):
    token = ask(simulation, query("AWS/ApiGateway", "Count", STAGE), MaxDatapoints=5)["NextToken"]

    with pytest.raises(AwsError, match="other parameters"):
        ask(simulation, query("AWS/ApiGateway", "Latency", STAGE, "p50"), MaxDatapoints=5, NextToken=token)


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([], "required"),
        ([query("N", "M", {}, query_id=f"m{n}") for n in range(501)], "greater than 500"),
        ([query("N", "M", {}), query("N", "O", {})], "not unique"),
        ([query("N", "M", {}, query_id="Upper")], "expected pattern"),
        ([query("N", "M", {}, query_id="1st")], "expected pattern"),
        ([query("N", "M", {}, period=90)], "Period"),
        ([query("N", "M", {}, period=7)], "Period"),
        ([query("N", "M", {}, "Median")], "Stat"),
        ([{**query("N", "M", {}), "Expression": "m1*2"}], "exactly one"),
        ([{"Id": "e1"}], "exactly one"),
        ([{"Id": "e1", "Expression": "m1*2"}], "metric math"),
    ],
)
def test_a_bad_query_is_a_validation_error(simulation, queries, message):
    with pytest.raises(AwsError, match=message) as refused:
        ask(simulation, *queries)

    assert (refused.value.code, refused.value.status) == ("ValidationError", 400)


@pytest.mark.parametrize("minutes", [0, -5])
def test_a_reversed_range_is_a_validation_error(simulation, minutes):
    with pytest.raises(AwsError, match="StartTime must be less"):
        ask(simulation, query("AWS/ApiGateway", "Count", STAGE), minutes=minutes)


def test_a_boto3_client_reads_the_last_complete_minute_at_once(shared_local_aws):
    now = datetime.now(UTC)
    asked = query("AWS/CloudFront", "Requests", PRODUCTS)

    answer = shared_local_aws.client("cloudwatch", "us-east-1").get_metric_data(
        MetricDataQueries=[asked], StartTime=now - timedelta(minutes=10), EndTime=now
    )

    newest = answer["MetricDataResults"][0]["Timestamps"][0]
    assert newest.tzinfo is not None
    assert now - newest < timedelta(minutes=2, seconds=1)
    assert answer["MetricDataResults"][0]["Values"][0] > 100


def test_a_boto3_client_meets_the_modelled_and_the_unmodelled_error(shared_local_aws):
    client = shared_local_aws.client("cloudwatch")
    now = datetime.now(UTC)
    asked = {"MetricDataQueries": [query("N", "M", {})], "StartTime": now - timedelta(hours=1), "EndTime": now}

    with pytest.raises(client.exceptions.InvalidNextToken):
        client.get_metric_data(**asked, NextToken="none of ours")
    with pytest.raises(ClientError) as refused:
        client.get_metric_data(**{**asked, "EndTime": now - timedelta(hours=2)})
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_the_paginator_of_boto3_joins_what_max_datapoints_split(shared_local_aws):
    end = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=5)
    pages = (
        shared_local_aws.client("cloudwatch")
        .get_paginator("get_metric_data")
        .paginate(
            MetricDataQueries=[query("AWS/ApiGateway", "Count", STAGE)],
            StartTime=end - timedelta(minutes=100),
            EndTime=end,
            PaginationConfig={"PageSize": 30},
        )
    )

    found = [at for page in pages for result in page["MetricDataResults"] for at in result["Timestamps"]]

    assert len(found) == 100
    assert found == sorted(set(found), reverse=True)
