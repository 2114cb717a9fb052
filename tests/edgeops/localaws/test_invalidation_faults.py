import time
from datetime import UTC, datetime
from urllib.error import HTTPError

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from edgeops.localaws import faults
from tests.edgeops.localaws.conftest import code_of

PRODUCTS, CATALOG = "E1PRODUCTSDEMO", "E2CATALOGDEMO0"


@pytest.fixture
def cloudfront(served):
    return served.client("cloudfront")


@pytest.fixture
def create(cloudfront):
    def create(*items, reference="ref", distribution=PRODUCTS, client=cloudfront):
        batch = {"Paths": {"Quantity": len(items), "Items": list(items)}, "CallerReference": reference}
        return client.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)["Invalidation"]

    return create


@pytest.fixture
def look(cloudfront):
    return lambda made: cloudfront.get_invalidation(DistributionId=PRODUCTS, Id=made["Id"])["Invalidation"]


def break_(served, kind, **more):
    return served.control("faults", {"kind": kind, "service": "cloudfront", **more})


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("throttle", ("Throttling", 400)),
        ("unavailable", ("ServiceUnavailable", 503)),
        ("error_5xx", ("InternalFailure", 500)),
        ("access_denied", ("AccessDenied", 403)),
        ("expired_token", ("ExpiredToken", 403)),
        ("too_many_in_progress", ("TooManyInvalidationsInProgress", 400)),
        ("reference_taken", ("InvalidationBatchAlreadyExists", 400)),
        ("distribution_deleted", ("NoSuchDistribution", 404)),
    ],
)
def test_a_call_is_refused_as_often_as_told_and_then_accepted(served, create, kind, answer):
    break_(served, kind, operation="CreateInvalidation", calls=2)

    assert [code_of(lambda: create("/a")) for _ in range(2)] == [answer] * 2
    assert create("/a")["Status"] == "InProgress"
    state = served.control("state")
    assert (state["billed_paths"], state["limited"], state["faults_struck"]) == (1, {}, {kind: 2})


@pytest.mark.parametrize("delay_seconds", [0, 0.2])
def test_a_call_whose_answer_is_lost_was_accepted_and_its_reference_finds_it_again(served, create, delay_seconds):
    break_(served, "lost_answer", operation="CreateInvalidation", calls=1, delay_seconds=delay_seconds)
    begun = time.monotonic()

    with pytest.raises(ConnectionClosedError):
        create("/a", "/b")
    took = time.monotonic() - begun
    accepted = served.control("state")["invalidations"]
    again = create("/a", "/b")

    assert took >= delay_seconds
    assert [one["id"] for one in accepted] == [again["Id"]]
    assert served.control("state")["billed_paths"] == 2


def test_a_caller_can_run_out_of_patience_while_an_answer_is_held_back(served, create):
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    config = Config(read_timeout=0.3, retries={"total_max_attempts": 1})
    impatient = boto3.client("cloudfront", region_name="us-east-1", endpoint_url=served.url, config=config, **keys)
    break_(served, "lost_answer", operation="CreateInvalidation", calls=1, delay_seconds=1)

    with pytest.raises(ReadTimeoutError):
        create("/a", client=impatient)

    assert create("/a")["Id"] == served.control("state")["invalidations"][0]["id"]


def test_a_refused_call_is_answered_although_answers_are_lost(served, create):
    break_(served, "lost_answer", operation="CreateInvalidation")

    assert code_of(lambda: create("no slash")) == ("InvalidArgument", 400)


def test_a_status_nobody_knows_is_told_until_the_fault_ends(served, create, look, clock):
    made = create("/a")
    clock.pass_seconds(9)
    break_(served, "unknown_status", calls=1)

    assert look(made)["Status"] == faults.UNKNOWN_STATUS
    assert look(made)["Status"] == "Completed"


def test_an_invalidation_that_never_completes_stays_in_progress_for_whoever_looks(
    served, create, look, cloudfront, clock
):
    made = create("/a")
    fault = break_(served, "never_completes")
    clock.pass_seconds(3600)
    listed = cloudfront.list_invalidations(DistributionId=PRODUCTS)["InvalidationList"]["Items"]

    assert look(made)["Status"] == listed[0]["Status"] == "InProgress"
    served.control(f"faults/{fault['id']}", method="DELETE")
    assert look(made)["Status"] == "Completed"


def test_a_completed_invalidation_can_be_said_to_be_older_than_it_is(served, create, look, clock):
    made = create("/a")
    break_(served, "older_create_time", delay_seconds=7200)

    told = look(made)

    assert told["Status"] == "Completed"
    assert told["CreateTime"] == datetime.fromtimestamp(clock.now - 7200, UTC)


def test_credentials_that_end_in_the_middle_refuse_the_looking_and_not_the_asking(served, create, look):
    break_(served, "expired_token", operation="GetInvalidation", calls=1)
    made = create("/a")

    assert code_of(lambda: look(made)) == ("ExpiredToken", 403)
    assert look(made)["Status"] == "InProgress"


def test_a_deleted_distribution_is_gone_for_every_call_that_names_it_and_no_other(served, create, look, cloudfront):
    made = create("/a")
    break_(served, "distribution_deleted", match=PRODUCTS)

    for call in (
        lambda: create("/b"),
        lambda: look(made),
        lambda: cloudfront.list_invalidations(DistributionId=PRODUCTS),
        lambda: cloudfront.get_distribution(Id=PRODUCTS),
        lambda: cloudfront.get_distribution_config(Id=PRODUCTS),
    ):
        assert code_of(call) == ("NoSuchDistribution", 404)
    assert create("/b", distribution=CATALOG)["Id"]


def test_a_fault_can_be_of_one_distribution_only(served, create):
    break_(served, "throttle", match=PRODUCTS)

    assert create("/a", distribution=CATALOG)["Id"]
    assert code_of(lambda: create("/a")) == ("Throttling", 400)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kind": "never_completes", "service": "xray"}, "of cloudfront only"),
        ({"kind": "throttle", "service": "xray", "match": "E1"}, "distributions, of cloudfront only"),
        ({"kind": "older_create_time", "service": "cloudfront"}, "delay_seconds"),
        ({"kind": "lost_answer", "service": "cloudfront", "delay_seconds": 600}, "0 to 120"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_the_reason(served, body, message):
    with pytest.raises(HTTPError) as refused:
        served.control("faults", body)

    assert refused.value.code == 400
    assert message in refused.value.read().decode()
