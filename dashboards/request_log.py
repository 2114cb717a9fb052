"""One structured log line per request, and an id that ties it to what the person saw."""

import logging
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

log = logging.getLogger("edgeops.request")


class RequestLogMiddleware:
    """Log method, path, status and duration; the query is left out, since it may hold what a person typed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and tell the log."""
        request_id = uuid.uuid4().hex[:16]
        request.META["EDGEOPS_REQUEST_ID"] = request_id
        began = time.monotonic()
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        log.info(
            "request",
            extra={
                "request_id": request_id,
                "method": request.method,
                "path": request.path,
                "status": response.status_code,
                "duration_ms": round((time.monotonic() - began) * 1000, 1),
            },
        )
        return response
