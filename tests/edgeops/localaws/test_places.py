"""Metrics and traces are where their resources are: in one account and one region."""

from datetime import timedelta

import pytest

from tests.edgeops.localaws.conftest import NOW

ORDERS = "E3ORDERSDEMO00"


@pytest.fixture
def values(served):
    """The values of one metric over ten minutes, as a client of a region and account reads them."""

    def read(metric, dimensions, *, namespace, stat="Sum", region="eu-west-1", credentials=None):
        named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        asked = {"Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": named}}
        answer = served.client("cloudwatch", region, **(credentials or {})).get_metric_data(
            MetricDataQueries=[{"Id": "a", "MetricStat": {**asked, "Period": 60, "Stat": stat}}],
            StartTime=NOW - timedelta(minutes=10),
            EndTime=NOW,
        )
        return answer["MetricDataResults"][0]["Values"]

    return read


def test_metrics_are_in_the_region_of_their_api(values):
    partners = {"ApiName": "partners-api", "Stage": "live"}

    assert len(values("Count", partners, namespace="AWS/ApiGateway", region="us-west-2")) == 10
    assert values("Count", partners, namespace="AWS/ApiGateway", region="eu-west-1") == []


def test_metrics_are_in_the_account_of_their_api(values, served):
    payments = {"FunctionName": "payments-handler"}
    where = {"namespace": "AWS/Lambda", "region": "eu-central-1"}

    assert len(values("Invocations", payments, **where, credentials=served.assumed())) == 10
    assert values("Invocations", payments, **where) == []


def test_additional_metrics_are_there_while_the_subscription_is_on(values, served):
    cloudfront = served.client("cloudfront", "us-east-1")
    config = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": "Enabled"}}
    dimensions = {"DistributionId": ORDERS, "Region": "Global"}

    def hit_rates():
        return values("CacheHitRate", dimensions, namespace="AWS/CloudFront", stat="Average", region="us-east-1")

    before = hit_rates()
    cloudfront.create_monitoring_subscription(DistributionId=ORDERS, MonitoringSubscription=config)
    during = hit_rates()
    cloudfront.delete_monitoring_subscription(DistributionId=ORDERS)

    assert (before, len(during), hit_rates()) == ([], 10, [])


@pytest.mark.parametrize(
    ("region", "is_assumed", "functions"),
    [
        ("eu-west-1", False, {"products-handler", "orders-handler", "search-suggest"}),
        ("us-west-2", False, {"partners-handler"}),
        ("eu-central-1", True, {"payments-handler"}),
        ("eu-central-1", False, set()),
    ],
)
def test_traces_are_in_the_account_and_region_of_their_api(served, region, is_assumed, functions):
    client = served.client("xray", region, **(served.assumed() if is_assumed else {}))
    window = {"StartTime": NOW - timedelta(minutes=3), "EndTime": NOW}

    found = [
        (trace["Id"], service["Name"])
        for page in client.get_paginator("get_trace_summaries").paginate(**window)
        for trace in page["TraceSummaries"]
        for service in trace["ServiceIds"]
        if service["Type"] == "AWS::Lambda"
    ]

    assert {name for _, name in found} == functions
    for trace_id, _ in found[:1]:
        (trace,) = client.batch_get_traces(TraceIds=[trace_id])["Traces"]
        assert f":{region}:" in trace["Segments"][0]["Document"]
        other = served.client("xray", "ap-south-1").batch_get_traces(TraceIds=[trace_id])
        assert other["UnprocessedTraceIds"] == [trace_id]
