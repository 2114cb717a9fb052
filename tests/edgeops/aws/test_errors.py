import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from edgeops.aws import clients
from edgeops.aws.errors import (
    BatchTooLargeError,
    CredentialsError,
    DeniedError,
    InvalidArgumentError,
    InvalidError,
    NotFoundError,
    ReferenceTakenError,
    RoleError,
    ThrottledError,
    TooManyInProgressError,
    UnavailableError,
    UnknownCredentialsError,
    translated,
)

ACTION = "cloudfront:CreateInvalidation"


def client_error(code, status=400, message="What AWS says."):
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "CreateInvalidation")


@pytest.mark.parametrize(
    ("code", "status", "kind", "retryable"),
    [
        ("Throttling", 400, ThrottledError, True),
        ("ThrottlingException", 400, ThrottledError, True),
        ("AnythingAtAll", 429, ThrottledError, True),
        ("TooManyInvalidationsInProgress", 400, TooManyInProgressError, True),
        ("LimitExceeded", 400, ThrottledError, True),
        ("ExpiredToken", 403, CredentialsError, True),
        ("InvalidClientTokenId", 403, UnknownCredentialsError, True),
        ("UnrecognizedClientException", 403, UnknownCredentialsError, True),
        ("AuthFailure", 401, UnknownCredentialsError, True),
        ("MissingAuthenticationToken", 403, CredentialsError, True),
        ("AccessDenied", 403, DeniedError, False),
        ("AccessDeniedException", 400, DeniedError, False),
        ("AnythingAtAll", 403, DeniedError, False),
        ("NoSuchDistribution", 404, NotFoundError, False),
        ("ResourceNotFoundException", 404, NotFoundError, False),
        ("WAFNonexistentItemException", 400, NotFoundError, False),
        ("InternalServiceFault", 500, UnavailableError, True),
        ("ServiceUnavailable", 503, UnavailableError, True),
        ("InvalidArgument", 400, InvalidArgumentError, False),
        ("InconsistentQuantities", 400, InvalidError, False),
        ("BatchTooLarge", 413, BatchTooLargeError, False),
        ("InvalidationBatchAlreadyExists", 400, ReferenceTakenError, False),
        ("EntityNotFound", 404, NotFoundError, False),
    ],
)
def test_a_code_of_aws_decides_what_it_is_and_whether_to_retry(code, status, kind, retryable):
    with pytest.raises(kind) as caught, translated(ACTION):
        raise client_error(code, status)

    assert type(caught.value) is kind
    assert (caught.value.retryable, caught.value.code, caught.value.action) == (retryable, code, ACTION)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), UnavailableError),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1:9"), UnavailableError),
        (NoCredentialsError(), CredentialsError),
        (PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), CredentialsError),
        (ParamValidationError(report="Missing required parameter"), InvalidError),
    ],
)
def test_what_fails_on_this_side_is_named_too(error, kind):
    with pytest.raises(kind) as caught, translated(ACTION):
        raise error

    assert caught.value.code == type(error).__name__
    assert caught.value.__cause__ is error


def test_an_error_says_what_happened_and_what_to_do():
    with pytest.raises(DeniedError) as caught, translated(ACTION):
        raise client_error("AccessDenied", 403, "User is not authorized.")

    assert str(caught.value) == (
        "cloudfront:CreateInvalidation failed (AccessDenied). "
        "Allow the IAM action cloudfront:CreateInvalidation to the role EdgeOps uses. "
        "AWS says: User is not authorized."
    )


def test_every_kind_of_error_gives_advice_of_its_own():
    kinds = [
        ThrottledError, TooManyInProgressError, UnavailableError, CredentialsError, DeniedError, NotFoundError,
        UnknownCredentialsError,
        InvalidError, InvalidArgumentError, BatchTooLargeError, ReferenceTakenError,
    ]  # fmt: skip

    assert len({kind(ACTION, "Code", "message").advice for kind in kinds}) == len(kinds)


def test_a_mistake_of_our_own_is_not_dressed_up_as_aws():
    with pytest.raises(KeyError), translated(ACTION):
        raise KeyError("Items")


def test_a_role_that_lets_nobody_in_is_not_blamed_on_the_call_that_needed_it():
    answer = {"Error": {"Code": "AccessDenied", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    with pytest.raises(RoleError) as caught, translated(ACTION):
        raise ClientError(answer, "AssumeRole")

    assert caught.value.action == "sts:AssumeRole"
    assert "ExternalId" in str(caught.value)


@pytest.mark.parametrize("error", [client_error("ExpiredToken", 403), NoCredentialsError()])
def test_credentials_that_were_refused_are_read_anew_before_the_next_call(error):
    refused = clients.client("sts", "eu-west-1")
    with pytest.raises(CredentialsError), translated(ACTION):
        raise error

    assert clients.client("sts", "eu-west-1") is not refused


def test_other_errors_keep_the_clients():
    kept = clients.client("sts", "eu-west-1")
    with pytest.raises(DeniedError), translated(ACTION):
        raise client_error("AccessDenied", 403)

    assert clients.client("sts", "eu-west-1") is kept
