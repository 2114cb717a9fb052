"""STS: as whom EdgeOps acts, which needs no permission.

Reference: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from dataclasses import dataclass

from edgeops.aws.clients import OWN, STS_REGION, Access, Meter
from edgeops.aws.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Identity:
    """The account calls act in, and the ARN under which they do."""

    account_id: str
    arn: str


def identity(meter: Meter, access: Access = OWN) -> Identity:
    """Who the credentials are of. Raises AwsError, as when the account's role cannot be assumed."""
    answer = Gateway("sts", STS_REGION, meter, access).ask("GetCallerIdentity")
    return Identity(answer["Account"], answer["Arn"])
