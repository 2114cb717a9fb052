import json
import time
import urllib.error
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from tests.fixtures import localaws

PRODUCTS = "E1PRODUCTSDEMO"


def errors_of_products(local, minutes=30):
    """The Lambda errors of the last minutes, as a client of CloudWatch sees them."""
    now = datetime.now(UTC)
    metric = {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "FunctionName", "Value": "products-handler"}],
    }
    asked = {"Id": "errors", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    answer = local.client("cloudwatch").get_metric_data(
        MetricDataQueries=[asked], StartTime=now - timedelta(minutes=minutes), EndTime=now
    )
    return answer["MetricDataResults"][0]["Values"]


def refused(local, path, body, method=None):
    with pytest.raises(urllib.error.HTTPError) as error:
        local.control(path, body, method=method)
    return error.value.code, json.load(error.value)["error"]


def code_of(call):
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_scenario_of_the_past_and_present_shows_in_the_metrics_until_it_is_ended(local_aws):
    before = errors_of_products(local_aws)
    started = local_aws.control(
        "scenarios",
        {"scenario": "lambda_errors", "api": "products", "intensity": 0.5, "started_minutes_ago": 10},
    )
    during = errors_of_products(local_aws)
    ended = local_aws.control(f"scenarios/{started['id']}", method="DELETE")
    known = {scenario["id"]: scenario for scenario in local_aws.control("state")["scenarios"]}

    assert max(before) < 5
    assert min(during[1:9]) > 20
    assert (started["is_active"], ended["is_active"]) == (True, False)
    assert known[started["id"]]["ended_at"] is not None
    assert min(errors_of_products(local_aws)[2:9]) > 20  # the past stays as it was


def test_the_incidents_of_the_world_are_there_from_the_start(shared_local_aws):
    scenarios = {entry["id"]: entry for entry in shared_local_aws.control("state")["scenarios"]}

    assert scenarios["incident-1"]["is_active"] is False
    assert scenarios["incident-2"]["is_active"] is True
    assert scenarios["incident-2"]["target"] == "catalog-browse"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"scenario": "earthquake", "api": "products"}, "not a scenario"),
        ({"scenario": "lambda_errors", "api": "nobody"}, "known are products, catalog, orders"),
        ({"scenario": "lambda_errors", "api": "catalog"}, "it has no lambda"),
        (
            {"scenario": "unhealthy_targets", "api": "catalog", "target": "catalog-alb"},
            "catalog-search, catalog-browse",
        ),
        ({"scenario": "lambda_errors", "api": "products", "intensity": 0}, "intensity"),
        ({"scenario": "lambda_errors", "api": "products", "intensity": "high"}, "must be a number"),
        ({"scenario": "lambda_errors", "api": "products", "minutes": 0}, "minutes"),
        ({"scenario": "lambda_errors", "api": "products", "for": 5}, "unknown: for"),
        ({"api": "products"}, "scenario must be a text"),
        ([], "must be a JSON object"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_with_its_reason(shared_local_aws, body, message):
    status, reason = refused(shared_local_aws, "scenarios", body)

    assert status == 400
    assert message in reason


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kind": "flood", "service": "xray"}, "not a fault"),
        ({"kind": "throttle", "service": "s3"}, "not a simulated service"),
        ({"kind": "delay", "service": "xray"}, "delay_seconds"),
        ({"kind": "throttle", "service": "xray", "calls": -1}, "calls"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_its_reason(shared_local_aws, body, message):
    status, reason = refused(shared_local_aws, "faults", body)

    assert status == 400
    assert message in reason


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "faults/f-0"), ("DELETE", "scenarios/s-0"), ("GET", "faults"), ("POST", "earth")]
)
def test_what_is_not_there_is_not_found(shared_local_aws, method, path):
    assert refused(shared_local_aws, path, {} if method == "POST" else None, method)[0] == 404


def test_a_fault_strikes_as_often_as_it_was_told_and_only_its_operation(local_aws):
    cloudfront = local_aws.client("cloudfront")
    local_aws.control(
        "faults", {"kind": "throttle", "service": "cloudfront", "operation": "GetDistribution", "calls": 2}
    )

    assert code_of(lambda: cloudfront.get_distribution(Id=PRODUCTS)) == ("Throttling", 400)
    assert cloudfront.get_distribution_config(Id=PRODUCTS)["ETag"]
    assert code_of(lambda: cloudfront.get_distribution(Id=PRODUCTS)) == ("Throttling", 400)
    assert cloudfront.get_distribution(Id=PRODUCTS)["ETag"]
    assert local_aws.control("state")["faults"] == []
    assert local_aws.control("state")["calls"]["cloudfront:GetDistribution"] == 3


@pytest.mark.parametrize(
    ("kind", "service", "expected"),
    [
        ("throttle", "cloudwatch", ("ThrottlingException", 400)),
        ("throttle", "xray", ("ThrottledException", 429)),
        ("error_5xx", "cloudwatch", ("InternalFailure", 500)),
        ("error_5xx", "cloudfront", ("InternalFailure", 500)),
        ("expired_token", "cloudwatch", ("ExpiredTokenException", 403)),
        ("expired_token", "cloudfront", ("ExpiredToken", 403)),
        ("expired_token", "sts", ("ExpiredToken", 403)),
        ("access_denied", "cloudwatch", ("AccessDenied", 403)),
        ("access_denied", "xray", ("AccessDeniedException", 403)),
    ],
)
def test_each_service_errs_in_its_own_words(shared_local_aws, kind, service, expected):
    now = datetime.now(UTC)
    window = {"StartTime": now - timedelta(minutes=5), "EndTime": now}
    calls = {
        "cloudwatch": lambda client: client.get_metric_data(MetricDataQueries=[], **window),
        "xray": lambda client: client.get_trace_summaries(**window),
        "cloudfront": lambda client: client.list_distributions(),
        "sts": lambda client: client.get_caller_identity(),
    }
    shared_local_aws.control("faults", {"kind": kind, "service": service, "calls": 1})

    assert code_of(lambda: calls[service](shared_local_aws.client(service))) == expected


def test_access_denied_names_the_caller_the_action_and_the_resource(local_aws):
    cloudfront = local_aws.client("cloudfront")
    batch = {"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": "r"}
    local_aws.control("faults", {"kind": "access_denied", "service": "cloudfront", "operation": "CreateInvalidation"})

    with pytest.raises(cloudfront.exceptions.AccessDenied) as denied:
        cloudfront.create_invalidation(DistributionId=PRODUCTS, InvalidationBatch=batch)

    message = denied.value.response["Error"]["Message"]
    assert message.startswith("User: arn:aws:sts::123456789012:assumed-role/EdgeOps/local is not authorized")
    assert "cloudfront:CreateInvalidation on resource: arn:aws:cloudfront::123456789012:distribution/E1PROD" in message
    assert local_aws.control("state")["invalidations"] == []


def test_a_fault_lasts_its_seconds_or_until_it_is_removed(local_aws):
    sts = local_aws.client("sts")
    local_aws.control("faults", {"kind": "error_5xx", "service": "sts", "seconds": 0.4})
    assert code_of(sts.get_caller_identity)[1] == 500
    time.sleep(0.45)
    assert sts.get_caller_identity()["Account"]

    lasting = local_aws.control("faults", {"kind": "error_5xx", "service": "sts"})
    assert [code_of(sts.get_caller_identity)[1] for _ in range(3)] == [500] * 3
    assert local_aws.control(f"faults/{lasting['id']}", method="DELETE") == {"removed": [lasting["id"]]}
    assert sts.get_caller_identity()["Account"]


def test_all_faults_can_be_removed_at_once(local_aws):
    for service in ("sts", "xray"):
        local_aws.control("faults", {"kind": "throttle", "service": service})

    assert len(local_aws.control("faults", method="DELETE")["removed"]) == 2
    assert local_aws.client("sts").get_caller_identity()["Account"]


def test_a_delay_only_delays(local_aws):
    local_aws.control("faults", {"kind": "delay", "service": "sts", "delay_seconds": 0.3, "calls": 1})
    begun = time.monotonic()

    assert local_aws.client("sts").get_caller_identity()["Account"]
    assert 0.3 <= time.monotonic() - begun < 3


def test_the_state_counts_calls_metrics_and_billed_paths(local_aws):
    errors_of_products(local_aws)
    batch = {"Paths": {"Quantity": 2, "Items": ["/a", "/b/*"]}, "CallerReference": "counted"}
    local_aws.client("cloudfront").create_invalidation(DistributionId=PRODUCTS, InvalidationBatch=batch)

    state = local_aws.control("state")

    assert state["calls"] == {"cloudwatch:GetMetricData": 1, "cloudfront:CreateInvalidation": 1}
    assert (state["metrics_requested"], state["billed_paths"]) == (1, 2)
    assert [(entry["caller_reference"], entry["paths"]) for entry in state["invalidations"]] == [
        ("counted", ["/a", "/b/*"])
    ]


def test_a_restart_keeps_scenarios_faults_invalidations_and_products(tmp_path):
    state_file = tmp_path / "deep" / "localaws.json"
    batch = {"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": "before"}
    with localaws.running(state_file) as local:
        local.control("scenarios", {"scenario": "gateway_504", "api": "orders"})
        local.control("faults", {"kind": "throttle", "service": "xray"})
        local.control("edge", {"api": "catalog", "origin_frozen": True, "pop": "FRA56-P3"})
        localaws.fetch_json(f"{local.url}/_origin/catalog/catalog/1", {"stock": 7}, method="PUT")
        created = local.client("cloudfront").create_invalidation(DistributionId=PRODUCTS, InvalidationBatch=batch)
        localaws.fetch_json(f"{local.url}/_origin/products/products/1", {"stock": 0}, method="PUT")
        before = local.control("state")

    with localaws.running(state_file) as local:
        after = local.control("state")
        again = local.client("cloudfront").create_invalidation(DistributionId=PRODUCTS, InvalidationBatch=batch)
        product = localaws.fetch_json(f"{local.url}/_origin/products/products/1")

        local.control("edge", {"api": "catalog", "origin_frozen": False})
        thawed = localaws.fetch_json(f"{local.url}/_origin/catalog/catalog/1")

    assert thawed["stock"] == 7
    for part in ("anchor", "scenarios", "faults", "billed_paths", "edge"):
        assert after[part] == before[part]
    assert again["Invalidation"]["Id"] == created["Invalidation"]["Id"]
    assert (product["stock"], product["version"]) == (0, 2)
