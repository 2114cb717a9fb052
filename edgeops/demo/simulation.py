"""Speaking to the control of local AWS: scenarios, faults, state."""

import http.client
import json
from typing import Any

from django.conf import settings

SCENARIOS = {
    "lambda_errors": "the function fails a share of its calls",
    "unhealthy_targets": "a share of a group's targets is unhealthy and refuses connections (Catalog API)",
    "gateway_504": "a share of the requests times out at the gateway or load balancer",
    "cache_collapse": "the hit rate falls by this share of itself, and the origin is asked for the rest",
    "origin_latency": "function or targets take 1 + 4 × intensity times as long",
    "traffic_drop": "a share of the viewers' requests does not come",
}
"""What can befall an API, and what it does."""


class ControlError(Exception):
    """Local AWS refused, or does not answer; the message says which."""


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask `/_control/<path>` of the local AWS on this machine; raises ControlError."""
    port = settings.LOCALAWS_PORT
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, f"/_control/{path}", json.dumps(body) if body is not None else None)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ControlError(
            f"Local AWS does not answer on 127.0.0.1:{port} ({error}). Is `make demo` running? "
            "With other ports, set EDGEOPS_LOCALAWS_PORT as you did for it."
        ) from error
    finally:
        connection.close()
    if response.status >= 400:
        raise ControlError(f"Local AWS refused: {answer.get('error', answer)}")
    return answer
