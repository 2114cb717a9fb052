"""What every read of descriptions shares: one client, each request counted, each refusal named by its IAM action."""

from collections.abc import Iterator
from typing import Any

from botocore import xform_name

from edgeops.aws.clients import OWN, Access, Meter, client
from edgeops.aws.errors import translated


class Gateway:
    """One service in one region. Every verb raises AwsError; `meter` hears of each request. None of them is billed."""

    def __init__(self, service: str, region: str, meter: Meter, access: Access = OWN) -> None:
        self._boto = client(service, region, access)
        self._service = service
        self._meter = meter

    def ask(self, operation: str, *, action: str = "", **parameters: Any) -> dict[str, Any]:
        """One request; `action` is the IAM action where it is not simply service:operation."""
        try:
            with translated(action or f"{self._service}:{operation}"):
                answer: dict[str, Any] = getattr(self._boto, xform_name(operation))(**parameters)
            return answer
        finally:
            self._meter(self._service, operation, 0)

    def pages(
        self, operation: str, *, token: str, next_token: str, action: str = "", **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """Every page: what an answer says under `next_token` is sent back as `token` until it says nothing."""
        more: dict[str, Any] = {}
        while True:
            answer = self.ask(operation, action=action, **parameters, **more)
            yield answer
            if not answer.get(next_token):
                return
            more = {token: answer[next_token]}
