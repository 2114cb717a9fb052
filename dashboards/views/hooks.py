"""Where webhooks arrive: open to the world, closed to everything without a good signature. Reads no cookie."""

import logging
import re
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dashboards.pages import client_address
from edgeops.secrets import UnreadableSecretError
from edgeops.webhooks import receiving
from edgeops.webhooks.models import Endpoint
from edgeops.webhooks.receiving import Answer, Outcome
from tasks.publishing import publish
from tasks.receiving import run_delivery

log = logging.getLogger("edgeops.hooks")

KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
# What a sender is told never says which check failed; the event log does.
REFUSALS = {
    Answer.MALFORMED: (400, "malformed signature headers"),
    Answer.UNPROVEN: (401, "signature not accepted"),
    Answer.TOO_MANY: (429, "too many posts; try again later"),
}


class BodyError(Exception):
    """The body cannot be read; the status and text of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, key: str) -> JsonResponse:
    """Take one post: 202 when it is stored, 200 when it was before, and nothing like it otherwise."""
    try:
        endpoint = Endpoint.objects.filter(key=key, is_enabled=True).first() if KEY.fullmatch(key) else None
        if endpoint is None:
            return _refusal(404, "no such endpoint")
        outcome = receiving.receive(
            endpoint,
            headers=request.headers,
            body=_body(request),
            address=client_address(request),
            now=timezone.now(),
        )
        return _answer(outcome)
    except BodyError as error:
        return _refusal(error.status, str(error))
    except (DatabaseError, UnreadableSecretError):
        # Never a 2xx without a durable row: the sender keeps the event and tries again.
        log.exception("webhook could not be stored", extra={"endpoint_key": key[:8]})
        return _refusal(503, "cannot take this now; try again later", retry_after=30)


def _answer(outcome: Outcome) -> JsonResponse:
    if outcome.delivery is None:
        status, message = REFUSALS[outcome.answer]
        return _refusal(status, message, retry_after=60 if outcome.answer == Answer.TOO_MANY else None)
    if outcome.answer == Answer.ACCEPTED:
        publish(run_delivery, outcome.delivery.pk)
    status = 202 if outcome.answer == Answer.ACCEPTED else 200
    return JsonResponse({"delivery": str(outcome.delivery.pk), "status": outcome.answer.value}, status=status)


def _body(request: HttpRequest) -> bytes:
    """The raw bytes, read once and never more than allowed."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length:
        raise BodyError(411, "a Content-Length is required")
    if not (length.isascii() and length.isdigit()):
        raise BodyError(400, "the Content-Length is not a number")
    if len(length) > 12 or int(length) > receiving.MAX_BYTES:
        raise BodyError(413, f"the body is larger than {receiving.MAX_BYTES} bytes")
    try:
        body = request.read(receiving.MAX_BYTES + 1)
    except UnreadablePostError as error:
        raise BodyError(400, "the body broke off") from error
    if len(body) != int(length):
        raise BodyError(400, "the body is not as long as its Content-Length")
    return body


def _refusal(status: int, message: str, *, retry_after: int | None = None) -> JsonResponse:
    headers: dict[str, Any] = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JsonResponse({"error": message}, status=status, headers=headers)
