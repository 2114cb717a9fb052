import json
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from edgeops.localaws import xray
from edgeops.localaws.wire.messages import AwsError
from tests.edgeops.localaws.conftest import NOW, context, make_simulation, trouble

STAGE = 'service("products-api/prod")'


def summaries(simulation, expression="", minutes=60, end=NOW, region="eu-west-1"):
    """Every page of the summaries of a window, and the number scanned."""
    operation = xray.operations(simulation)["GetTraceSummaries"]
    params = {"StartTime": end - timedelta(minutes=minutes), "EndTime": end, "FilterExpression": expression}
    found, scanned = [], 0
    while True:
        page = operation(params, context(simulation, region))
        found += page["TraceSummaries"]
        scanned += page["TracesProcessedCount"]
        if "NextToken" not in page:
            return found, scanned
        params["NextToken"] = page["NextToken"]


def document(simulation, trace_id):
    """The parsed segments of one trace by name of their origin."""
    answer = xray.operations(simulation)["BatchGetTraces"]({"TraceIds": [trace_id]}, context(simulation))
    parsed = [json.loads(segment["Document"]) for segment in answer["Traces"][0]["Segments"]]
    return {segment["origin"]: segment for segment in parsed}


def test_traces_are_rich_and_newest_first_over_all_pages(simulation):
    found, scanned = summaries(simulation)

    starts = [summary["StartTime"] for summary in found]
    assert scanned == len(found) == len({summary["Id"] for summary in found})
    assert starts == sorted(starts, reverse=True)
    for service in ("products-api/prod", "orders-handler", "catalog-search"):
        of_service = [s for s in found if s["EntryPoint"]["Name"] == service]
        assert 8 < len(of_service) / 60 < 30


def test_the_share_of_faulty_traces_is_that_of_the_metrics(clock):
    simulation = make_simulation(clock, scenarios=[trouble("lambda_errors", "products", intensity=0.5)])
    faulty, _ = summaries(simulation, f"{STAGE} AND fault", minutes=30, end=NOW - timedelta(minutes=30))
    all_of_them, _ = summaries(simulation, STAGE, minutes=30, end=NOW - timedelta(minutes=30))
    flows = [simulation.traffic.flow("products", int(NOW.timestamp() // 60) - n) for n in range(31, 61)]
    expected = sum(flow.stage.errors_5xx for flow in flows) / sum(flow.stage.count for flow in flows)

    assert len(faulty) / len(all_of_them) == pytest.approx(expected, abs=0.03)
    assert all(summary["HasFault"] and summary["Http"]["HttpStatus"] == 502 for summary in faulty)


def test_the_times_of_traces_are_those_of_the_metrics(simulation):
    found, _ = summaries(simulation, 'service("orders-handler")', minutes=360)
    flow = simulation.traffic.flow("orders", int(NOW.timestamp() // 60) - 180)

    seconds = median(summary["ResponseTime"] for summary in found)

    assert seconds * 1000 == pytest.approx(flow.function.duration.quantile(0.5), rel=0.3)


def test_a_rest_stage_tells_its_api_and_its_segments_hang_together(simulation):
    found, _ = summaries(simulation, f"{STAGE} AND ok")
    through = next(s for s in found if len(s["ServiceIds"]) > 2)

    parts = document(simulation, through["Id"])

    root = parts["AWS::ApiGateway::Stage"]
    assert root["name"] == "products-api/prod"
    assert root["annotations"] == {"aws:api_id": "a1b2c3d4e5", "aws:api_stage": "prod"}
    assert through["Annotations"]["aws:api_stage"][0]["AnnotationValue"] == {"StringValue": "prod"}
    assert root["http"]["request"]["url"] == through["Http"]["HttpURL"]
    assert "parent_id" not in root
    assert parts["AWS::Lambda"]["parent_id"] == root["subsegments"][0]["id"]
    assert parts["AWS::Lambda::Function"]["parent_id"] == parts["AWS::Lambda"]["id"]
    read = parts["AWS::Lambda::Function"]["subsegments"][0]["subsegments"][0]
    assert (read["name"], read["namespace"]) == ("DynamoDB", "aws")
    assert parts["AWS::DynamoDB::Table"]["parent_id"] == read["id"]
    assert all(part["start_time"] >= root["start_time"] for part in parts.values())
    assert all(part["end_time"] <= root["end_time"] for part in parts.values())
    assert len({part["id"] for part in parts.values()}) == 4
    assert int(through["Id"][2:10], 16) == int(root["start_time"])


def test_an_answer_from_the_stage_cache_has_the_stage_alone(simulation):
    found, _ = summaries(simulation, f"{STAGE} AND responsetime < 0.006")

    assert set(document(simulation, found[0]["Id"])) == {"AWS::ApiGateway::Stage"}


def test_an_http_api_is_not_traced_so_the_trace_begins_at_the_function(simulation):
    found, _ = summaries(simulation, 'service("orders-handler")')

    assert {summary["EntryPoint"]["Type"] for summary in found} == {"AWS::Lambda"}
    assert "HttpURL" not in found[0]["Http"]
    assert "parent_id" not in document(simulation, found[0]["Id"])["AWS::Lambda"]


def test_a_load_balancer_is_no_node_and_its_containers_are_the_roots(simulation):
    found, _ = summaries(simulation, 'http.url CONTAINS "catalog.example.test"')

    assert {summary["EntryPoint"]["Name"] for summary in found} == {"catalog-search", "catalog-browse"}
    root = document(simulation, found[0]["Id"])["AWS::ECS::Container"]
    assert root["http"]["request"]["url"].startswith("https://catalog.example.test/catalog/")
    assert root["subsegments"][0]["sql"]["sanitized_query"].startswith("SELECT")


def test_a_faulty_function_tells_its_exception(clock):
    simulation = make_simulation(clock, scenarios=[trouble("lambda_errors", "orders", minutes=None)])
    found, _ = summaries(simulation, 'service("orders-handler") AND fault')

    function = document(simulation, found[0]["Id"])["AWS::Lambda::Function"]

    assert function["fault"] is True
    exception = function["subsegments"][0]["cause"]["exceptions"][0]
    assert exception["type"]
    assert exception["stack"][0]["line"]


def test_a_timed_out_request_ends_before_its_function_does(clock):
    simulation = make_simulation(clock, scenarios=[trouble("gateway_504", "products", minutes=None, intensity=0.4)])
    found, _ = summaries(simulation, f"{STAGE} AND http.status = 504")

    parts = document(simulation, found[0]["Id"])

    assert found[0]["Duration"] > found[0]["ResponseTime"] > 28
    assert parts["AWS::ApiGateway::Stage"]["end_time"] < parts["AWS::Lambda::Function"]["end_time"]
    assert "fault" not in parts["AWS::Lambda::Function"]


def test_a_trace_is_not_known_before_it_has_ended(simulation):
    found, _ = summaries(simulation, minutes=1, end=NOW + timedelta(minutes=1))

    assert all(summary["StartTime"] <= NOW - timedelta(seconds=5) for summary in found)


def test_another_region_has_no_traces(simulation):
    assert summaries(simulation, region="us-east-1") == ([], 0)


def test_ids_nobody_has_are_told_as_unprocessed(simulation):
    found, _ = summaries(simulation, minutes=5)
    known, forged = found[0]["Id"], found[0]["Id"][:-1] + ("0" if found[0]["Id"][-1] != "0" else "1")
    nobody = "1-00000000-ff" + "0" * 22

    answer = xray.operations(simulation)["BatchGetTraces"]({"TraceIds": [forged, known, nobody]}, context(simulation))

    assert [trace["Id"] for trace in answer["Traces"]] == [known]
    assert answer["UnprocessedTraceIds"] == [forged, nobody]


@pytest.mark.parametrize("ids", [[], ["1-00000000-" + "0" * 24] * 6, ["not an id"]])
def test_none_or_six_or_malformed_ids_are_refused(simulation, ids):
    with pytest.raises(AwsError) as refused:
        xray.operations(simulation)["BatchGetTraces"]({"TraceIds": ids}, context(simulation))

    assert refused.value.code == "InvalidRequestException"


@pytest.mark.parametrize("minutes", [0, -1, 24 * 60 + 1])
def test_a_reversed_or_endless_window_is_refused(simulation, minutes):
    with pytest.raises(AwsError) as refused:
        summaries(simulation, minutes=minutes)

    assert refused.value.code == "InvalidRequestException"


def test_an_unmodified_client_reads_summaries_and_documents(shared_local_aws):
    client = shared_local_aws.client("xray")
    now = datetime.now(UTC)
    window = {"StartTime": now - timedelta(minutes=5), "EndTime": now}

    found = client.get_trace_summaries(**window, FilterExpression='annotation[aws:api_id] = "a1b2c3d4e5"')
    newest = found["TraceSummaries"][0]
    traces = client.batch_get_traces(TraceIds=[newest["Id"]])["Traces"]

    assert newest["StartTime"].tzinfo is not None
    assert newest["Http"]["HttpMethod"] == "GET"
    assert json.loads(traces[0]["Segments"][0]["Document"])["trace_id"] == newest["Id"]
    with pytest.raises(client.exceptions.InvalidRequestException, match="keyword 'nonsense'"):
        client.get_trace_summaries(**window, FilterExpression="nonsense")
