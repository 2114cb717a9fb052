"""Lambda's functions. Their environment variables, which AWS tells to whoever may read them, go no further than here.

Reference: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.errors import InvalidError
from edgeops.aws.gateway import Gateway
from edgeops.aws.pacing import Pacer, pacer

PAGE = 50
# There is no way from a URL to its function but to ask functions for their URLs, one call each.
MAX_ASKED = 400
# Lambda allows an account 15 management calls a second. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
CALLS_A_SECOND = 10


@dataclass(frozen=True, slots=True)
class Function:
    """A function."""

    name: str
    arn: str
    runtime: str
    timeout_seconds: int
    memory_mb: int
    is_traced: bool


class Functions:
    """The functions of one region. Every verb raises AwsError."""

    def __init__(self, region: str, meter: Meter, access: Access = OWN, *, pace: Pacer | None = None) -> None:
        self._gateway = Gateway(
            "lambda", region, meter, access, pacer=pace or pacer("lambda", access, 1 / CALLS_A_SECOND)
        )

    def function(self, arn: str) -> Function:
        """One function, by its ARN with or without a version."""
        return _function(self._gateway.ask("GetFunctionConfiguration", FunctionName=arn))

    def at_url(self, host: str) -> Function | None:
        """The function that answers at a URL's host; None when none of the region does.

        InvalidError: there are too many functions to ask.
        """
        for asked, function in enumerate(self._functions()):
            if asked >= MAX_ASKED:
                words = f"none of the first {MAX_ASKED} functions of the region answers at {host}"
                raise InvalidError("lambda:ListFunctionUrlConfigs", "TooManyFunctions", words)
            answer = self._gateway.ask("ListFunctionUrlConfigs", FunctionName=function.name)
            if host in {urlsplit(url["FunctionUrl"]).hostname for url in answer["FunctionUrlConfigs"]}:
                return function
        return None

    def _functions(self) -> Iterator[Function]:
        for page in self._gateway.pages("ListFunctions", after="Marker", following="NextMarker", MaxItems=PAGE):
            yield from map(_function, page["Functions"])


def _function(raw: dict[str, Any]) -> Function:
    return Function(
        name=raw["FunctionName"],
        arn=raw["FunctionArn"],
        runtime=raw.get("Runtime", ""),
        timeout_seconds=raw["Timeout"],
        memory_mb=raw["MemorySize"],
        is_traced=raw.get("TracingConfig", {}).get("Mode") == "Active",
    )
