import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber

from edgeops.aws.clients import client
from edgeops.aws.errors import DeniedError, InvalidError, ThrottledError
from edgeops.aws.xray import MAX_SUMMARIES, XRay

END = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START = END - timedelta(minutes=15)
FILTER = 'service("products-api/prod")'
TRACE = "1-6741b1c0-0123456789abcdef01234567"
ASKED = {"StartTime": START, "EndTime": END, "FilterExpression": FILTER}


@pytest.fixture
def stubbed():
    with Stubber(client("xray", "eu-west-1")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def calls():
    return []


@pytest.fixture
def xray(stubbed, calls):
    return XRay("eu-west-1", lambda *call: calls.append(call))


def trace_id(number):
    return f"1-6741b1c0-{number:024x}"


def test_summaries_of_all_pages_are_joined_and_metered_by_traces_scanned(xray, stubbed, calls):
    stubbed.add_response(
        "get_trace_summaries",
        {"TraceSummaries": [{"Id": trace_id(1)}], "TracesProcessedCount": 40, "NextToken": "page 2"},
        ASKED,
    )
    stubbed.add_response(
        "get_trace_summaries",
        {"TraceSummaries": [{"Id": trace_id(2)}], "TracesProcessedCount": 2},
        {**ASKED, "NextToken": "page 2"},
    )

    page = xray.summaries(START, END, FILTER)

    assert [summary.trace_id for summary in page.summaries] == [trace_id(1), trace_id(2)]
    assert (page.traces_processed, page.is_capped) == (42, False)
    assert calls == [("xray", "GetTraceSummaries", 40), ("xray", "GetTraceSummaries", 2)]


def test_a_summary_carries_what_x_ray_said_and_none_for_what_it_did_not(xray, stubbed):
    full = {
        "Id": TRACE,
        "StartTime": datetime(2026, 11, 22, 13, 59, tzinfo=UTC),
        "Duration": 1.5,
        "ResponseTime": 1.25,
        "HasFault": True,
        "IsPartial": True,
        "Http": {"HttpURL": "https://products.example.test/products/7", "HttpStatus": 502, "HttpMethod": "GET"},
        "ServiceIds": [
            {"Name": "products.example.test", "Type": "client"},
            {"Name": "products-api/prod", "Type": "AWS::ApiGateway::Stage"},
            {"Name": "products-handler", "Type": "AWS::Lambda"},
            {"Name": "products-handler", "Type": "AWS::Lambda::Function"},
        ],
    }
    stubbed.add_response("get_trace_summaries", {"TraceSummaries": [full, {"Id": TRACE}]}, ASKED)

    known, bare = xray.summaries(START, END, FILTER).summaries

    assert known.started_at == datetime(2026, 11, 22, 13, 59, tzinfo=UTC)
    assert (known.duration_seconds, known.response_seconds, known.status) == (1.5, 1.25, 502)
    assert (known.has_fault, known.has_error, known.is_partial) == (True, False, True)
    assert known.services == ("products-api/prod", "products-handler")
    assert bare.started_at == datetime.fromtimestamp(0x6741B1C0, UTC), "the id carries the second"
    assert (bare.duration_seconds, bare.response_seconds, bare.status, bare.url) == (None, None, None, "")


def test_reading_stops_at_a_thousand_summaries_and_says_so(xray, stubbed):
    half = MAX_SUMMARIES // 2 + 1
    for first in (0, half):
        ids = [{"Id": trace_id(first + number)} for number in range(half)]
        stubbed.add_response("get_trace_summaries", {"TraceSummaries": ids, "NextToken": "more"})

    page = xray.summaries(START, END, FILTER)

    assert len(page.summaries) == MAX_SUMMARIES
    assert page.is_capped


def test_traces_are_asked_for_five_at_a_time_and_their_documents_parsed(xray, stubbed, calls):
    ids = [trace_id(number) for number in range(7)]
    segment = {"Id": "a" * 16, "Document": json.dumps({"id": "a" * 16, "name": "products-api/prod"})}
    for batch in (ids[:5], ids[5:]):
        traces = [{"Id": found, "Segments": [segment], "LimitExceeded": found == ids[6]} for found in batch]
        stubbed.add_response("batch_get_traces", {"Traces": traces}, {"TraceIds": batch})

    found = xray.traces(ids)

    assert [trace.trace_id for trace in found] == ids
    assert found[0].segments == ({"id": "a" * 16, "name": "products-api/prod"},)
    assert [trace.limit_exceeded for trace in found] == [False] * 6 + [True]
    assert calls == [("xray", "BatchGetTraces", 5), ("xray", "BatchGetTraces", 2)]


def test_segments_of_one_trace_on_two_pages_become_one_trace(xray, stubbed):
    for segment, token in (("a", "next"), ("b", None)):
        page = {"Traces": [{"Id": TRACE, "Segments": [{"Id": segment * 16, "Document": f'{{"id": "{segment}"}}'}]}]}
        stubbed.add_response("batch_get_traces", page | ({"NextToken": token} if token else {}))

    (trace,) = xray.traces([TRACE])

    assert [segment["id"] for segment in trace.segments] == ["a", "b"]


def test_a_trace_x_ray_does_not_hold_is_left_out(xray, stubbed):
    stubbed.add_response("batch_get_traces", {"Traces": [], "UnprocessedTraceIds": [TRACE]})
    assert xray.traces([TRACE]) == []


@pytest.mark.parametrize("document", ["not json", "[1]", '{"start_time": NaN}'])
def test_a_malformed_segment_is_an_error_with_a_name(xray, stubbed, document):
    trace = {"Id": TRACE, "Segments": [{"Id": "a" * 16, "Document": document}]}
    stubbed.add_response("batch_get_traces", {"Traces": [trace]})
    with pytest.raises(InvalidError, match="segment is not"):
        xray.traces([TRACE])


@pytest.mark.parametrize(("code", "kind"), [("ThrottledException", ThrottledError), ("AccessDenied", DeniedError)])
def test_refusals_of_aws_have_names_and_are_metered_without_units(xray, stubbed, calls, code, kind):
    stubbed.add_client_error("get_trace_summaries", code, "no", http_status_code=400)
    with pytest.raises(kind, match="xray:GetTraceSummaries"):
        xray.summaries(START, END, FILTER)
    assert calls == [("xray", "GetTraceSummaries", 0)]
