from collections import Counter

import pytest
from botocore.stub import Stubber

from edgeops.aws.errors import CredentialsError, DeniedError, InvalidError, ThrottledError
from edgeops.aws.gateway import MAX_PAGES, Gateway
from edgeops.aws.pacing import WAITS_SECONDS, Pacer


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 100.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def calls():
    return Counter()


@pytest.fixture
def gateway(calls):
    return Gateway("elbv2", "eu-west-1", lambda *call: calls.update([call]), prefix="elasticloadbalancing")


@pytest.fixture
def aws(gateway):
    with Stubber(gateway._boto) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def listed(name, marker=""):
    return {"TargetGroups": [{"TargetGroupName": name}], **({"NextMarker": marker} if marker else {})}


def test_pages_are_followed_to_the_last_and_each_is_counted(gateway, aws, calls):
    aws.add_response("describe_target_groups", listed("a", "m1"), {"PageSize": 1})
    aws.add_response("describe_target_groups", listed("b"), {"PageSize": 1, "Marker": "m1"})

    pages = gateway.pages("DescribeTargetGroups", after="Marker", following="NextMarker", PageSize=1)

    assert [page["TargetGroups"][0]["TargetGroupName"] for page in pages] == ["a", "b"]
    assert calls == {("elbv2", "DescribeTargetGroups", 0): 2}


def test_a_list_that_never_ends_is_an_error_and_not_a_short_list(gateway, aws):
    for _ in range(MAX_PAGES):
        aws.add_response("describe_target_groups", listed("a", "again"))
    with pytest.raises(InvalidError, match="more after"):
        list(gateway.pages("DescribeTargetGroups", after="Marker", following="NextMarker"))


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("AccessDenied", 403, DeniedError),
        ("Throttling", 400, ThrottledError),
        ("ExpiredToken", 403, CredentialsError),
    ],
)
def test_a_refusal_names_the_iam_action_and_is_counted(gateway, aws, calls, code, status, error):
    aws.add_client_error("describe_target_groups", code, "no", http_status_code=status)

    with pytest.raises(error) as refused:
        gateway.ask("DescribeTargetGroups")

    assert refused.value.action == "elasticloadbalancing:DescribeTargetGroups"
    assert calls == {("elbv2", "DescribeTargetGroups", 0): 1}


def test_calls_keep_their_distance(clock):
    pacer = Pacer(0.2, clock=clock, sleep=clock.sleep)
    begun = [pacer.call(clock) for _ in range(11)]
    assert begun[-1] - begun[0] == pytest.approx(2.0)


def test_who_comes_after_a_pause_does_not_wait(clock):
    pacer = Pacer(0.2, clock=clock, sleep=clock.sleep)
    pacer.call(clock)
    clock.now += 5
    pacer.call(clock)
    assert clock.slept == []


def test_a_throttled_call_waits_and_is_made_again(clock):
    answers = iter([ThrottledError("apigateway:GET", "TooManyRequestsException", "slow down"), "answer"])

    def request():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert Pacer(0.2, clock=clock, sleep=clock.sleep).call(request) == "answer"
    assert clock.slept == [WAITS_SECONDS[0]]


def test_a_call_that_stays_throttled_is_given_back_to_its_row(clock):
    tries = []

    def refuse():
        tries.append(clock.now)
        raise ThrottledError("apigateway:GET", "TooManyRequestsException", "slow down")

    with pytest.raises(ThrottledError):
        Pacer(0.2, clock=clock, sleep=clock.sleep).call(refuse)
    assert len(tries) == len(WAITS_SECONDS) + 1
