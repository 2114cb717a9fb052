from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError

import pytest

from tests.edgeops.localaws.conftest import NOW, code_of
from tests.edgeops.localaws.test_cloudwatch import FUNCTION, STAGE, query


def asked():
    return [
        query("AWS/ApiGateway", "Count", STAGE, query_id="count"),
        query("AWS/ApiGateway", "5XXError", STAGE, query_id="errors"),
        query("AWS/Lambda", "Invocations", FUNCTION, query_id="invocations"),
    ]


def poll(served, **more):
    answer = served.client("cloudwatch").get_metric_data(
        MetricDataQueries=asked(), StartTime=NOW - timedelta(minutes=15), EndTime=NOW, **more
    )
    return {result["Id"]: result for result in answer["MetricDataResults"]}, answer


def break_(served, kind, **more):
    return served.control("faults", {"kind": kind, "service": "cloudwatch", **more})


@pytest.mark.parametrize(("kind", "status"), [("internal_error", "InternalError"), ("forbidden", "Forbidden")])
@pytest.mark.parametrize("match", ["lambda", "invoc"])
def test_a_spoilt_query_answers_nothing_while_the_others_answer(served, kind, status, match):
    break_(served, kind, match=match, calls=1)

    results, _ = poll(served)
    again, _ = poll(served)

    assert (results["invocations"]["StatusCode"], results["invocations"]["Values"]) == (status, [])
    assert results["count"]["StatusCode"] == results["errors"]["StatusCode"] == "Complete"
    assert len(results["count"]["Values"]) == 15
    assert again["invocations"]["StatusCode"] == "Complete"


def test_partial_data_misses_its_newest_points_and_has_no_next_page(served):
    whole, _ = poll(served)
    break_(served, "partial_data", match="Count")

    results, answer = poll(served)

    assert "NextToken" not in answer
    assert results["count"]["StatusCode"] == "PartialData"
    assert results["count"]["Timestamps"] == whole["count"]["Timestamps"][5:]
    assert results["invocations"] == whole["invocations"]


def test_small_pages_are_partial_until_the_last_and_lose_nothing(served):
    whole, _ = poll(served)
    break_(served, "small_pages")
    joined, states, token = {}, [], {}
    while True:
        results, answer = poll(served, **token)
        for name, result in results.items():
            joined.setdefault(name, []).extend(result["Values"])
            states.append((name, result["StatusCode"]))
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}

    assert joined == {name: result["Values"] for name, result in whole.items()}
    assert [state for name, state in states if name == "count"] == ["PartialData", "Complete"]


@pytest.mark.parametrize("seconds", [-900, 900])
def test_clock_skew_puts_the_date_of_the_answer_off(served, seconds):
    break_(served, "clock_skew", delay_seconds=seconds, calls=1)

    _, answer = poll(served)
    _, after = poll(served)

    dates = [parsedate_to_datetime(a["ResponseMetadata"]["HTTPHeaders"]["date"]) for a in (answer, after)]
    assert dates[0] - NOW == timedelta(seconds=seconds)
    assert dates[1] != dates[0]


def test_faults_of_queries_leave_other_operations_alone(served):
    break_(served, "internal_error", calls=1)

    assert served.client("cloudwatch").list_metrics(MetricName="Count")["Metrics"]
    assert poll(served)[0]["count"]["StatusCode"] == "InternalError"


def test_a_fault_for_some_seconds_ends_by_itself(served):
    break_(served, "forbidden", seconds=60)

    before, _ = poll(served)
    served.simulation.clock.pass_seconds(61)
    after, _ = poll(served)

    assert before["count"]["StatusCode"] == "Forbidden"
    assert after["count"]["StatusCode"] == "Complete"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kind": "partial_data", "service": "xray"}, "cloudwatch"),
        ({"kind": "throttle", "service": "cloudwatch", "match": "Count"}, "picks queries"),
        ({"kind": "clock_skew", "service": "cloudwatch"}, "delay_seconds"),
        ({"kind": "clock_skew", "service": "cloudwatch", "delay_seconds": 90_000}, "at most"),
        ({"kind": "partial", "service": "cloudwatch"}, "known are"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_the_reason(served, body, message):
    with pytest.raises(HTTPError) as refused:
        served.control("faults", body)

    assert refused.value.code == 400
    assert message in refused.value.read().decode()


def test_throttling_still_refuses_the_whole_call(served):
    break_(served, "throttle", calls=1)

    assert code_of(lambda: poll(served)) == ("ThrottlingException", 400)
