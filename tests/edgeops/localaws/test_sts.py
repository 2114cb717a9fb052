import urllib.error

import pytest
from botocore.exceptions import ClientError

from tests.edgeops.localaws.conftest import code_of, make_simulation, serving
from tests.fixtures import localaws


def test_an_unmodified_client_learns_who_it_is(shared_local_aws):
    identity = shared_local_aws.client("sts").get_caller_identity()

    assert identity["Account"] == "123456789012"
    assert identity["Arn"].startswith("arn:aws:sts::123456789012:")
    assert identity["ResponseMetadata"]["RequestId"]


def test_an_operation_that_is_not_simulated_is_a_clear_error(shared_local_aws):
    with pytest.raises(ClientError, match="Local AWS does not answer sts:GetSessionToken"):
        shared_local_aws.client("sts").get_session_token()


ROLE = "arn:aws:iam::345678901234:role/edgeops-reader"


def test_a_role_is_entered_with_its_external_id_and_acts_in_its_own_account(served):
    credentials = served.assumed()

    identity = served.client("sts", **credentials).get_caller_identity()
    listed = served.client("cloudfront", **credentials).list_distributions()["DistributionList"]

    assert identity["Account"] == "345678901234"
    assert identity["Arn"] == "arn:aws:sts::345678901234:assumed-role/edgeops-reader/edgeops"
    assert [item["Id"] for item in listed["Items"]] == ["E7PAYMENTSDEMO"]
    assert code_of(lambda: served.client("cloudfront", **credentials).get_distribution(Id="E1PRODUCTSDEMO")) == (
        "NoSuchDistribution",
        404,
    )


@pytest.mark.parametrize("asked", [{}, {"ExternalId": "a wrong one"}])
def test_a_missing_or_wrong_external_id_is_refused_as_aws_words_it(served, asked):
    served.control("trust", {"role_arn": ROLE, "external_id": "the right one"})
    sts = served.client("sts")

    with pytest.raises(ClientError) as refused:
        sts.assume_role(RoleArn=ROLE, RoleSessionName="edgeops", **asked)

    error = refused.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDenied", 403)
    assert error["Error"]["Message"] == (
        "User: arn:aws:sts::123456789012:assumed-role/EdgeOps/local is not authorized to perform: sts:AssumeRole "
        f"on resource: {ROLE}"
    )


def test_a_role_that_trusts_nobody_or_no_longer_is_refused(served):
    sts = served.client("sts")

    def enter():
        return sts.assume_role(RoleArn=ROLE, RoleSessionName="edgeops", ExternalId="a secret")

    before = code_of(enter)
    served.control("trust", {"role_arn": ROLE, "external_id": "a secret"})
    entered = enter()
    served.control("trust", {"role_arn": ROLE})

    assert before == code_of(enter) == ("AccessDenied", 403)
    assert entered["AssumedRoleUser"]["Arn"].endswith("/edgeops-reader/edgeops")


@pytest.mark.parametrize(
    "asked",
    [{"RoleArn": "arn:aws:iam::345678901234:user/somebody"}, {"DurationSeconds": 50_000}],
)
def test_what_is_no_role_or_no_duration_is_a_validation_error(served, asked):
    sts = served.client("sts")

    assert code_of(lambda: sts.assume_role(**{"RoleArn": ROLE, "RoleSessionName": "edgeops", **asked})) == (
        "ValidationError",
        400,
    )


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("sts", "get_caller_identity", "ExpiredToken"),
        ("cloudfront", "list_distributions", "ExpiredToken"),
        ("xray", "get_trace_summaries", "ExpiredTokenException"),
    ],
)
def test_credentials_end_when_their_duration_has_passed(served, clock, service, call, code):
    arguments = {"StartTime": 0, "EndTime": 60} if service == "xray" else {}
    client = served.client(service, **served.assumed(seconds=900))
    clock.pass_seconds(899)
    assert getattr(client, call)(**arguments)

    clock.pass_seconds(1)

    assert code_of(lambda: getattr(client, call)(**arguments)) == (code, 403)


def test_temporary_credentials_outlive_a_restart(clock):
    with serving(make_simulation(clock)) as first:
        credentials = first.assumed()
    with serving(make_simulation(clock)) as second:
        assert second.client("sts", **credentials).get_caller_identity()["Account"] == "345678901234"


@pytest.mark.parametrize(
    "changed",
    [{"aws_session_token": "none of ours"}, {"aws_session_token": ""}, {"aws_access_key_id": "ASIA" + "A" * 16}],
)
def test_a_temporary_key_without_its_own_token_is_unknown(served, changed):
    sts = served.client("sts", **{**served.assumed(), **changed})

    assert code_of(sts.get_caller_identity) == ("InvalidClientTokenId", 403)


@pytest.mark.parametrize(
    ("service", "call", "expected"),
    [
        ("sts", "get_caller_identity", ("InvalidClientTokenId", 403)),
        ("xray", "get_trace_summaries", ("UnrecognizedClientException", 403)),
    ],
)
def test_a_region_the_account_has_not_enabled_knows_no_credentials(served, service, call, expected):
    arguments = {"StartTime": 0, "EndTime": 60} if service == "xray" else {}

    assert code_of(lambda: getattr(served.client(service, "ap-east-1"), call)(**arguments)) == expected
    assert served.client(service, "eu-west-1")


def test_trust_is_told_and_only_for_roles_of_this_world(served):
    served.control("trust", {"role_arn": ROLE, "external_id": "a secret"})

    assert served.control("state")["trusts"] == {ROLE: "a secret"}
    with pytest.raises(urllib.error.HTTPError) as refused:
        served.control("trust", {"role_arn": "arn:aws:iam::999999999999:role/a", "external_id": "a secret"})
    assert "known are 123456789012, 345678901234" in refused.value.read().decode()


def test_trust_survives_a_restart(tmp_path):
    with localaws.running(tmp_path / "localaws.json") as local:
        local.control("trust", {"role_arn": ROLE, "external_id": "a secret"})
    with localaws.running(tmp_path / "localaws.json") as local:
        assert local.control("state")["trusts"] == {ROLE: "a secret"}
