"""What can go wrong at AWS, named once: each error says whether trying again helps and what a person should do.

Error codes: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html, botocore's retry set.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 (botocore's name)
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from edgeops.aws import clients


class AwsError(Exception):
    """A call to AWS failed. `retryable` says whether the same call may succeed later, `advice` what to do."""

    retryable: ClassVar = False
    advice: ClassVar = "EdgeOps cannot do this as things are; see the message from AWS."

    def __init__(self, action: str, code: str, message: str) -> None:
        super().__init__(message)
        self.action = action
        self.code = code
        self.message = message

    def __str__(self) -> str:
        advice = self.advice.format(action=self.action)
        return f"{self.action} failed ({self.code}). {advice} AWS says: {self.message}."


class ThrottledError(AwsError):
    """AWS asks to slow down, or a limit of work in progress is reached."""

    retryable = True
    advice = "AWS asks to slow down; EdgeOps waits and tries again by itself."


class TooManyInProgressError(ThrottledError):
    """A distribution has no room for more invalidation at once; there is when some of it has completed."""

    advice = (
        "As much is being invalidated in this distribution as CloudFront takes at once; EdgeOps waits and tries again "
        "by itself."
    )


class UnavailableError(AwsError):
    """AWS did not answer, or answered 5xx."""

    retryable = True
    advice = (
        "AWS did not answer; EdgeOps tries again by itself. If it lasts, check the network and the AWS status page."
    )


class CredentialsError(AwsError):
    """Credentials are missing, wrong or expired."""

    retryable = True
    advice = "Renew the AWS credentials of EdgeOps; it tries again by itself."


class UnknownCredentialsError(CredentialsError):
    """AWS does not know the credentials where they were used: wrong ones, or right ones in a region that is off."""

    advice = (
        "AWS does not know the credentials of EdgeOps in this region. If other regions are read, the account has not "
        "enabled this one: enable it there, or take it off the account's regions. Otherwise renew the credentials; "
        "EdgeOps tries again by itself."
    )


class DeniedError(AwsError):
    """The credentials are good but the action is not allowed."""

    advice = "Allow the IAM action {action} to the role EdgeOps uses."


class RoleError(DeniedError):
    """The role of the account refuses EdgeOps, so that nothing can be asked in its name."""

    advice = (
        "The account's role does not let EdgeOps in: its trust policy must allow {action} to EdgeOps' own identity and "
        "demand the ExternalId that EdgeOps shows for the account."
    )


class NotFoundError(AwsError):
    """What the call named does not exist."""

    advice = "It may have been deleted, or belong to another account; correct it in the estate."


class InvalidError(AwsError):
    """AWS refuses the request itself."""


class InvalidArgumentError(InvalidError):
    """AWS refuses a value of the request: of an invalidation one of its items."""

    advice = "AWS does not take one of the values sent; correct what its message names."


class BatchTooLargeError(InvalidError):
    """An invalidation holds more items than CloudFront takes in one call; fewer would be taken."""

    advice = "These are more items than CloudFront takes in one invalidation; ask for fewer at a time."


class ReferenceTakenError(InvalidError):
    """The caller reference was used before with other items. Retrying sends the same ones: EdgeOps changed a batch."""

    advice = "The caller reference was used with other items: this is a fault of EdgeOps; report it."


THROTTLED = {
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
    "TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "PriorRequestNotComplete", "LimitExceeded",
    "LimitExceededException",
}  # fmt: skip
CREDENTIALS = {
    "ExpiredToken", "ExpiredTokenException", "SignatureDoesNotMatch", "MissingAuthenticationToken",
    "IncompleteSignature", "RequestExpired",
}  # fmt: skip
UNKNOWN_CREDENTIALS = {"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "RegionDisabledException"}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
BY_CODE: dict[str, type[AwsError]] = {
    **dict.fromkeys(THROTTLED, ThrottledError),
    **dict.fromkeys(CREDENTIALS, CredentialsError),
    **dict.fromkeys(UNKNOWN_CREDENTIALS, UnknownCredentialsError),
    **dict.fromkeys(DENIED, DeniedError),
    "TooManyInvalidationsInProgress": TooManyInProgressError,
    "BatchTooLarge": BatchTooLargeError,
    "InvalidArgument": InvalidArgumentError,
    "InvalidationBatchAlreadyExists": ReferenceTakenError,  # botocore's model of CloudFront does not know this code
}
ASSUME_ROLE = "AssumeRole"
FORBIDDEN_STATUS, TOO_MANY_STATUS, SERVER_STATUS = 403, 429, 500


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn botocore's exceptions into ours; `action` is the IAM action, as cloudwatch:GetMetricData.

    Credentials that were refused are read anew before the next call.
    """
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        found = from_client_error(action, error) if isinstance(error, ClientError) else _of_this_side(action, error)
        if isinstance(found, CredentialsError):
            clients.forget()
        raise found from error


def _of_this_side(action: str, error: BotoCoreError) -> AwsError:
    """What went wrong before AWS answered."""
    kind: type[AwsError] = InvalidError
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        kind = CredentialsError
    elif isinstance(error, ConnectionError | HTTPClientError):
        kind = UnavailableError
    return kind(action, type(error).__name__, str(error))


def from_client_error(action: str, error: ClientError) -> AwsError:
    """The one place that decides what an AWS error code means.

    Any call may have to assume the account's role first; when that fails it is told as what it is.
    """
    code = error.response.get("Error", {}).get("Code", "Unknown")
    message = error.response.get("Error", {}).get("Message", "") or str(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind = _kind(code, status)
    if error.operation_name == ASSUME_ROLE:
        action, kind = f"sts:{ASSUME_ROLE}", RoleError if kind is DeniedError else kind
    return kind(action, code, message.rstrip("."))


def _kind(code: str, status: int) -> type[AwsError]:
    if code in BY_CODE:
        return BY_CODE[code]
    if status == TOO_MANY_STATUS:
        return ThrottledError
    if status == FORBIDDEN_STATUS:
        return DeniedError
    if code.startswith("NoSuch") or code.endswith(("NotFound", "NotFoundException", "NonexistentItemException")):
        return NotFoundError
    return UnavailableError if status >= SERVER_STATUS else InvalidError
