from datetime import UTC, datetime

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from edgeops.aws.cloudfront import ALREADY_EXISTS, CloudFront
from edgeops.aws.errors import (
    CredentialsError,
    DeniedError,
    InvalidError,
    NotFoundError,
    ThrottledError,
    UnavailableError,
)

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BATCH = {"Paths": {"Quantity": 2, "Items": ["/a", "/b/*"]}, "CallerReference": "edgeops-1"}
INVALIDATION = {"Id": "I1", "Status": "InProgress", "CreateTime": AT, "InvalidationBatch": BATCH}


@pytest.fixture
def calls():
    return []


@pytest.fixture
def cloudfront(calls):
    return CloudFront(lambda *call: calls.append(call))


@pytest.fixture
def aws(cloudfront):
    with Stubber(cloudfront._boto) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_an_invalidation_is_created_with_its_paths_and_reference(cloudfront, aws, calls):
    expected = {"DistributionId": "E1", "InvalidationBatch": BATCH}
    aws.add_response("create_invalidation", {"Invalidation": INVALIDATION}, expected)

    made = cloudfront.create_invalidation("E1", ["/a", "/b/*"], "edgeops-1")

    assert (made.id, made.status, made.created_at) == ("I1", "InProgress", AT)
    assert calls == [("cloudfront", "CreateInvalidation", 2)]


def test_an_invalidation_is_looked_at_without_billing_a_path(cloudfront, aws, calls):
    aws.add_response("get_invalidation", {"Invalidation": INVALIDATION}, {"DistributionId": "E1", "Id": "I1"})

    assert cloudfront.get_invalidation("E1", "I1").status == "InProgress"
    assert calls == [("cloudfront", "GetInvalidation", 0)]


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("Throttling", 400, ThrottledError),
        ("TooManyInvalidationsInProgress", 400, ThrottledError),
        ("ServiceUnavailable", 503, UnavailableError),
        ("ExpiredToken", 403, CredentialsError),
        ("AccessDenied", 403, DeniedError),
        ("NoSuchDistribution", 404, NotFoundError),
        ("InvalidArgument", 400, InvalidError),
        ("BatchTooLarge", 413, InvalidError),
        (ALREADY_EXISTS, 400, InvalidError),
    ],
)
def test_a_refusal_is_named(cloudfront, aws, code, status, error):
    aws.add_client_error("create_invalidation", code, "no", http_status_code=status)

    with pytest.raises(error) as refused:
        cloudfront.create_invalidation("E1", ["/a"], "edgeops-1")

    assert (refused.value.code, refused.value.action) == (code, "cloudfront:CreateInvalidation")


def test_a_refused_request_is_counted_but_bills_no_path(cloudfront, aws, calls):
    aws.add_client_error("create_invalidation", "AccessDenied", "no", http_status_code=403)
    with pytest.raises(DeniedError):
        cloudfront.create_invalidation("E1", ["/a"], "edgeops-1")
    assert calls == [("cloudfront", "CreateInvalidation", 0)]


def test_a_time_out_may_be_tried_again(cloudfront, monkeypatch):
    def time_out(**_):
        raise ReadTimeoutError(endpoint_url="https://cloudfront.amazonaws.com")

    monkeypatch.setattr(cloudfront._boto, "get_invalidation", time_out)
    with pytest.raises(UnavailableError) as failed:
        cloudfront.get_invalidation("E1", "I1")
    assert failed.value.retryable
