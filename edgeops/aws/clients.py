"""boto3 clients, made once per process, service, region and access, with every time-out and retry stated.

Credentials and `AWS_ENDPOINT_URL` come through the standard chain; an account with a role of its own is entered by
AssumeRole from there. Retries beyond these are rows, not sleeping threads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Protocol

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials


@dataclass(frozen=True, slots=True)
class Access:
    """Whose rights a call uses: EdgeOps' own credentials, or a role assumed with the account's ExternalId.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """

    role_arn: str = ""
    external_id: str = ""


OWN = Access()


class Meter(Protocol):
    """Hears of every request that left."""

    def __call__(self, service: str, operation: str, units: int, at_least: int | None = None) -> None:
        """Count one request and what it is billed by (metrics requested, paths, traces scanned).

        `at_least` is the low bound where AWS's price list can be read in two ways; None: there is only one.
        """


CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=10,
    user_agent_extra="edgeops",
)
# For calls that are billed or counted against a quota each time they leave: a retry of these is a row, and is counted.
ONCE = CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))
STS_REGION = "us-east-1"
SESSION_NAME = "edgeops"


def client(
    service: str,
    region: str,
    access: Access = OWN,
    config: Config = CONFIG,
    *,
    parsers: Callable[[], object] | None = None,
) -> Any:
    """The client of a service in a region; clients are thread-safe, sessions are not, so each has its own session.

    `parsers` reads its answers, in place of botocore's own.
    """
    return _client(service, region, access, config, parsers)


def forget() -> None:
    """Have every client made anew: a session reads its credentials once, so only a new one sees that they changed."""
    _client.cache_clear()


@cache
def _client(service: str, region: str, access: Access, config: Config, parsers: Callable[[], object] | None) -> Any:
    made = session(access)
    if parsers is not None:
        made.register_component("response_parser_factory", parsers())
    return boto3.session.Session(botocore_session=made, region_name=region).client(service, config=config)


def session(access: Access) -> botocore.session.Session:
    """A botocore session with the rights of `access`; temporary credentials renew themselves before they end."""
    own = botocore.session.Session()
    if not access.role_arn:
        return own
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(own.create_client, config=CONFIG, region_name=STS_REGION),
        source_credentials=own.get_credentials(),
        role_arn=access.role_arn,
        extra_args={"RoleSessionName": SESSION_NAME, "ExternalId": access.external_id},
    )
    assumed = botocore.session.Session()
    assumed._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")  # noqa: SLF001
    return assumed
