import pytest

from edgeops.localaws import filters
from edgeops.localaws.traces import CLIENT_ERROR, FAULT, OK, Trace
from edgeops.localaws.wire.messages import AwsError
from tests.edgeops.localaws.conftest import WORLD


def trace(outcome=OK, seconds=0.5, url="https://host/prod/products/7"):
    return Trace("1-x", WORLD.apis[0], "rest_api", outcome, 0.0, seconds, seconds, 7, url)


@pytest.mark.parametrize(
    ("expression", "matching"),
    [
        ("", {"fine", "missing", "broken"}),
        ("fault", {"broken"}),
        ("error", {"missing"}),
        ("ok", {"fine"}),
        ("throttle", set()),
        ("!fault", {"fine", "missing"}),
        ("!(fault OR error)", {"fine"}),
        ("fault OR error AND responsetime > 2", {"broken"}),
        ("(fault OR error) AND responsetime > 2", {"broken"}),
        ("fault OR responsetime <= 0.5", {"fine", "broken"}),
        ("duration >= 1 and duration < 3", {"missing"}),
        ("http.status >= 500", {"broken"}),
        ("http.status = 404", {"missing"}),
        ("http.status != 404", {"fine", "broken"}),
        ('http.url CONTAINS "/orders/"', {"missing"}),
        ('http.url BEGINSWITH "https://host/prod/products" AND http.url ENDSWITH "7"', {"fine", "broken"}),
        ('service("products-handler")', {"fine", "missing", "broken"}),
        ('service("products-api/prod") AND fault', {"broken"}),
        ('service("somebody")', set()),
        ('annotation[aws:api_id] = "a1b2c3d4e5"', {"fine", "missing", "broken"}),
        ('annotation[aws:api_stage] = "test"', set()),
        ('annotation[user] != "x"', set()),
        (r'http.url CONTAINS "a \"quoted\" text"', set()),
    ],
)
def test_an_expression_finds_its_traces(expression, matching):
    traces = {
        "fine": trace(),
        "missing": trace(CLIENT_ERROR, 1.5, "https://host/prod/orders/7"),
        "broken": trace(FAULT, 3.0),
    }
    test = filters.parse(expression)

    assert {name for name, found in traces.items() if test(found)} == matching


@pytest.mark.parametrize(
    "expression",
    [
        "fault error",
        "fault AND",
        "(fault",
        "fault)",
        "broken",
        "responsetime > fast",
        "responsetime CONTAINS 3",
        "http.url = fault",
        "http.url CONTAINS 'single'",
        'service("a") { fault }',
        "service(a)",
        "rootcause.fault.service",
        "http.status >= 500;",
        "!" * 2001,
    ],
)
def test_what_is_not_an_expression_is_an_invalid_request(expression):
    with pytest.raises(AwsError) as refused:
        filters.parse(expression)

    assert (refused.value.code, refused.value.status) == ("InvalidRequestException", 400)
