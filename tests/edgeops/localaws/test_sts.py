import pytest
from botocore.exceptions import ClientError


def test_an_unmodified_client_learns_who_it_is(shared_local_aws):
    identity = shared_local_aws.client("sts").get_caller_identity()

    assert identity["Account"] == "123456789012"
    assert identity["Arn"].startswith("arn:aws:sts::123456789012:")
    assert identity["ResponseMetadata"]["RequestId"]


def test_an_operation_that_is_not_simulated_is_a_clear_error(shared_local_aws):
    with pytest.raises(ClientError, match="Local AWS does not answer sts:GetSessionToken"):
        shared_local_aws.client("sts").get_session_token()
