import io
from datetime import UTC, datetime, timedelta

import pytest
from botocore.awsrequest import AWSResponse
from botocore.parsers import QueryParser
from botocore.stub import Stubber
from botocore.validate import validate_parameters

from edgeops.aws import cloudwatch
from edgeops.aws.cloudwatch import Query, Result, Status
from edgeops.aws.errors import DeniedError, InvalidError, ThrottledError

END = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START = END - timedelta(minutes=10)
EPOCH = END.timestamp() - 600
QUERY = Query("s7", "AWS/Lambda", "Errors", "Sum", {"FunctionName": "products-handler"})
OTHER = Query("s8", "AWS/Lambda", "Throttles", "Sum", {"FunctionName": "products-handler"})


@pytest.fixture
def stubber():
    with Stubber(cloudwatch.client("eu-west-1")) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def bill():
    return []


def ask(bill, *queries):
    def meter(*call):
        bill.append(call)

    return cloudwatch.get_metric_data(
        "eu-west-1", queries or [QUERY], period=60, start=START, end=END, meter=meter
    ).results


def expected(*queries, token=None):
    request = {
        "MetricDataQueries": [
            {
                "Id": query.id,
                "MetricStat": {
                    "Metric": {
                        "Namespace": query.namespace,
                        "MetricName": query.metric,
                        "Dimensions": [{"Name": "FunctionName", "Value": "products-handler"}],
                    },
                    "Period": 60,
                    "Stat": query.statistic,
                },
            }
            for query in queries or [QUERY]
        ],
        "StartTime": START,
        "EndTime": END,
        "ScanBy": "TimestampAscending",
        "MaxDatapoints": 100_800,
    }
    return request | ({"NextToken": token} if token else {})


def part(values, *, query="s7", status="Complete", first=EPOCH):
    stamps = [first + 60 * index for index in range(len(values))]
    return {"Id": query, "StatusCode": status, "Timestamps": stamps, "Values": values}


def page(*parts, token=None):
    return {"MetricDataResults": list(parts)} | ({"NextToken": token} if token else {})


def test_a_request_names_the_metric_its_dimensions_and_no_unit(stubber, bill):
    stubber.add_response("get_metric_data", page(part([1.0, 0.0])), expected())

    results = ask(bill)

    assert results == [Result("s7", Status.COMPLETE, [EPOCH, EPOCH + 60], [1.0, 0.0])]


def test_what_is_asked_fits_the_model_of_aws_which_is_not_checked_at_each_request():
    operation = cloudwatch.client("eu-west-1").meta.service_model.operation_model("GetMetricData")

    validate_parameters(expected(QUERY, OTHER, token="more"), operation.input_shape)


def test_every_page_is_followed_and_joined(stubber, bill):
    first = page(part([1.0], status="PartialData"), part([5.0], query="s8"), token="more")
    second = page(part([2.0], first=EPOCH + 60))
    stubber.add_response("get_metric_data", first, expected(QUERY, OTHER))
    stubber.add_response("get_metric_data", second, expected(QUERY, OTHER, token="more"))

    results = ask(bill, QUERY, OTHER)

    assert results == [
        Result("s7", Status.COMPLETE, [EPOCH, EPOCH + 60], [1.0, 2.0]),
        Result("s8", Status.COMPLETE, [EPOCH], [5.0]),
    ]


@pytest.mark.parametrize("failure", ["InternalError", "Forbidden"])
def test_a_query_that_failed_on_one_page_has_failed(stubber, bill, failure):
    stubber.add_response("get_metric_data", page(part([1.0], status=failure), token="more"), expected())
    stubber.add_response("get_metric_data", page(part([2.0])), expected(token="more"))

    (result,) = ask(bill)

    assert result.status == failure


def test_data_that_stays_partial_says_so(stubber, bill):
    stubber.add_response("get_metric_data", page(part([1.0], status="PartialData")), expected())

    (result,) = ask(bill)

    assert result.status == Status.PARTIAL


def test_every_call_is_metered_by_its_metrics(stubber, bill):
    stubber.add_response("get_metric_data", page(token="more"), expected(QUERY, OTHER))
    stubber.add_response("get_metric_data", page(), expected(QUERY, OTHER, token="more"))

    ask(bill, QUERY, OTHER)

    assert bill == [("cloudwatch", "GetMetricData", 2, 2)] * 2


def test_statistics_of_one_metric_may_be_billed_once_for_each_five(stubber, bill):
    queries = [
        Query(f"q{n}", "AWS/Lambda", "Duration", f"p{n}", {"FunctionName": "products-handler"}) for n in range(90, 96)
    ]
    stubber.add_response("get_metric_data", page(), expected(*queries, OTHER))

    ask(bill, *queries, OTHER)

    assert bill == [("cloudwatch", "GetMetricData", 7, 3)]


def test_a_throttled_call_is_counted_but_not_billed(stubber, bill):
    stubber.add_client_error("get_metric_data", "Throttling", "Rate exceeded", 400)

    with pytest.raises(ThrottledError, match="Rate exceeded"):
        ask(bill)

    assert bill == [("cloudwatch", "GetMetricData", 0, 0)]


def test_a_denied_call_names_the_iam_action(stubber, bill):
    stubber.add_client_error("get_metric_data", "AccessDenied", "User is not authorized", 403)

    with pytest.raises(DeniedError, match="Allow the IAM action cloudwatch:GetMetricData"):
        ask(bill)


def test_more_than_500_queries_are_refused_before_they_leave(stubber, bill):
    with pytest.raises(InvalidError, match="501 queries"):
        ask(bill, *[QUERY] * 501)

    assert bill == []


def test_an_answer_that_never_ends_is_given_up(stubber, bill, monkeypatch):
    monkeypatch.setattr(cloudwatch, "MAX_PAGES", 2)
    stubber.add_response("get_metric_data", page(token="a"), expected())
    stubber.add_response("get_metric_data", page(token="b"), expected(token="a"))

    with pytest.raises(InvalidError, match="did not end within 2 pages"):
        ask(bill)


def test_metric_timestamps_stay_numbers(answered):
    answered(b'{"MetricDataResults":[{"Id":"s7","Timestamps":[1795348200],"Values":[1.0],"StatusCode":"Complete"}]}')

    answer = cloudwatch.client("eu-west-1").get_metric_data(MetricDataQueries=[], StartTime=START, EndTime=END)

    assert answer["MetricDataResults"][0]["Timestamps"] == [1795348200]


def test_other_protocols_are_read_as_botocore_does():
    parser = cloudwatch._Parsers().create_parser("query")

    assert type(parser) is QueryParser


class Raw(io.BytesIO):
    def stream(self):
        yield self.read()


@pytest.fixture
def answered():
    """Answer CloudWatch's wire with these bytes, so that botocore's own parser reads them."""
    events = cloudwatch.client("eu-west-1").meta.events
    registered = []

    def answer_with(body):
        def answer(request, **_):
            return AWSResponse(request.url, 200, {"Content-Type": "application/x-amz-json-1.0"}, Raw(body))

        events.register("before-send.cloudwatch.GetMetricData", answer)
        registered.append(answer)

    yield answer_with
    for answer in registered:
        events.unregister("before-send.cloudwatch.GetMetricData", answer)
