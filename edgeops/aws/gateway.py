"""What the doors share: one client, each request counted, each refusal named by its IAM action."""

from collections.abc import Iterator
from typing import Any

from botocore import xform_name
from botocore.config import Config

from edgeops.aws.clients import CONFIG, OWN, Access, Meter, client
from edgeops.aws.errors import InvalidError, translated
from edgeops.aws.pacing import Pacer

# More pages than this are a mistake of somebody's, and would keep a worker for minutes.
MAX_PAGES = 200


class Gateway:
    """One service in one region. Every verb raises AwsError; `meter` hears of each request and what it is billed by.

    `prefix` is IAM's name of the service where it is not botocore's; `pacer` rations the requests.
    """

    def __init__(
        self,
        service: str,
        region: str,
        meter: Meter,
        access: Access = OWN,
        *,
        prefix: str = "",
        pacer: Pacer | None = None,
        config: Config = CONFIG,
    ) -> None:
        self._boto = client(service, region, access, config)
        self._service = service
        self._meter = meter
        self._prefix = prefix or service
        self._pacer = pacer

    def ask(self, operation: str, *, action: str = "", billed: int = 0, **parameters: Any) -> dict[str, Any]:
        """The answer to one request; `action` is the IAM action where it is not called like the operation.

        An answered request is billed by so many units, a refused one by none.
        """
        if self._pacer is None:
            return self._ask(operation, action, billed, parameters)
        return self._pacer.call(lambda: self._ask(operation, action, billed, parameters))

    def pages(
        self, operation: str, *, after: str, following: str, action: str = "", inside: str = "", **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """Every page: what an answer says under `following` is sent back as `after` until it says nothing.

        `inside` names the part of an answer that is the page, where it is not the whole. InvalidError: it never ends.
        """
        more: dict[str, Any] = {}
        for _ in range(MAX_PAGES):
            answer = self.ask(operation, action=action, **parameters, **more)
            page = answer[inside] if inside else answer
            yield page
            if not page.get(following):
                return
            more = {after: page[following]}
        words = f"there was more after {MAX_PAGES} pages"
        raise InvalidError(f"{self._prefix}:{action or operation}", "TooManyPages", words)

    def _ask(self, operation: str, action: str, billed: int, parameters: dict[str, Any]) -> dict[str, Any]:
        units = 0
        try:
            with translated(f"{self._prefix}:{action or operation}"):
                answer: dict[str, Any] = getattr(self._boto, xform_name(operation))(**parameters)
            units = billed
            return answer
        finally:
            self._meter(self._service, operation, units)
