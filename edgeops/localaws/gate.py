"""The AWS port's gate: control and origin by their path, everything else is a signed AWS request."""

from edgeops.localaws.control import PREFIX as CONTROL_PREFIX
from edgeops.localaws.control import Control
from edgeops.localaws.endpoint import Endpoint
from edgeops.localaws.origin import PREFIX as ORIGIN_PREFIX
from edgeops.localaws.origin import Origin
from edgeops.localaws.wire.messages import HttpRequest, HttpResponse


class Gate:
    """Hands each request of the AWS port to the part it means."""

    def __init__(self, endpoint: Endpoint, control: Control, origin: Origin) -> None:
        self._endpoint = endpoint
        self._control = control
        self._origin = origin

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if request.path.startswith(CONTROL_PREFIX):
            return self._control.answer(request)
        if request.path.startswith(ORIGIN_PREFIX):
            return self._origin.answer(request)
        return self._endpoint.answer(request)
