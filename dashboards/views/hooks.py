"""Where webhooks arrive: open to the world, closed to everything without a good signature. Reads no cookie."""

import logging
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dashboards.pages import client_address
from edgeops.secrets import UnreadableSecretError
from edgeops.webhooks import limits, receiving, refusals
from edgeops.webhooks.models import Endpoint
from edgeops.webhooks.receiving import Answer, Outcome
from edgeops.webhooks.schemes import known
from edgeops.webhooks.schemes.seam import CannotVerifyError, Post
from tasks.publishing import publish
from tasks.receiving import run_deliveries

log = logging.getLogger("edgeops.hooks")

KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
# A post holds one of few threads; whoever drips a body is cut off.
BODY_SECONDS = 20
PLAIN_HTTP = "post to https://; what comes over plain http can be read on its way, so nothing of it is taken"
STATUSES = {Answer.ACCEPTED: 202, Answer.DUPLICATE: 200, Answer.PONG: 200}
# What a sender is told never says which check failed; the event log does.
REFUSALS = {Answer.MALFORMED: 400, Answer.UNPROVEN: 401}
UNREADABLE_CHARSET = re.compile(r"charset=(?!\"?(?:utf-8|us-ascii)\"?(?:;|$))", re.IGNORECASE)


class BodyError(Exception):
    """The body cannot be taken; the status and text of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@csrf_exempt
@login_not_required
@require_POST
def receive(request: HttpRequest, key: str) -> JsonResponse:
    """Take one post: 202 when it is stored, 200 when it was before, and nothing like it otherwise."""
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return _refusal(403, PLAIN_HTTP)
    try:
        endpoint = Endpoint.objects.filter(key=key).first() if KEY.fullmatch(key) else None
        if endpoint is None or (not endpoint.is_enabled and endpoint.deleted_at is None):
            return _refusal(404, "no such endpoint")
        if endpoint.deleted_at is not None:
            return _refusal(410, "this endpoint is gone; stop sending")
        return _receive(request, endpoint)
    except (DatabaseError, InterfaceError, UnreadableSecretError, CannotVerifyError):
        # Never a 2xx without a durable row: the sender keeps the event and tries again.
        log.exception("webhook could not be stored", extra={"endpoint_key": key[:8]})
        return _refusal(503, "cannot take this now; try again later", retry_after=30)


def _receive(request: HttpRequest, endpoint: Endpoint) -> JsonResponse:
    now = timezone.now()
    address = client_address(request)
    if wait := receiving.seconds_to_wait(endpoint, address, now):
        return _refusal(429, "too many posts; try again later", retry_after=wait)
    try:
        body = _body(request, endpoint)
    except BodyError as error:
        refusals.count(endpoint, str(error)[:30], now=now)
        return _refusal(error.status, str(error))
    headers = {name.lower(): value for name, value in request.headers.items()}
    post = Post(headers, body, request.get_full_path())
    return _answer(receiving.receive(endpoint, post, address=address, now=now), now)


def _answer(outcome: Outcome, now: datetime) -> JsonResponse:
    if outcome.delivery is None:
        return _refusal(REFUSALS[outcome.answer], "signature not accepted")
    if outcome.answer != Answer.DUPLICATE and not limits.hints.wait("hint", most=1, period_seconds=1, now=now):
        publish(run_deliveries)
    answer = {"delivery": str(outcome.delivery.pk), "status": outcome.answer.value}
    return JsonResponse(answer, status=STATUSES[outcome.answer])


def _body(request: HttpRequest, endpoint: Endpoint) -> bytes:
    """The raw bytes, read once and never more than allowed."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length:
        raise BodyError(411, "a Content-Length is required")
    if not (length.isascii() and length.isdigit()):
        raise BodyError(400, "the Content-Length is no number")
    if len(length) > 12 or int(length) > endpoint.max_bytes:
        raise BodyError(413, "the body is too large")
    _refuse_type(request, endpoint)
    with _cut_after(request, BODY_SECONDS) as was_cut:
        try:
            body = request.read(endpoint.max_bytes + 1)
        except UnreadablePostError as error:
            raise BodyError(400, "the body broke off") from error
    if len(body) != int(length):
        raise BodyError(408, "the body came too slowly") if was_cut.is_set() else BodyError(400, "the body broke off")
    return body


def _refuse_type(request: HttpRequest, endpoint: Endpoint) -> None:
    """Raise BodyError for what the scheme's senders do not post: a form, a multipart, a compressed body."""
    kind, _, parameters = request.headers.get("Content-Type", "").partition(";")
    allowed = known.get(endpoint.scheme).CONTENT_TYPES
    kind = kind.strip().lower()
    is_known = any(kind.endswith(one) if one.startswith("+") else kind == one for one in allowed)
    if (kind and not is_known) or UNREADABLE_CHARSET.search(parameters.replace(" ", "")):
        raise BodyError(415, "the Content-Type is not taken")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BodyError(415, "a compressed body is not taken")


@contextmanager
def _cut_after(request: HttpRequest, seconds: float) -> Iterator[threading.Event]:
    """End the reading side of the connection in time; a time-out of each read alone would let a body drip for ever."""
    was_cut = threading.Event()
    connection: socket.socket | None = request.META.get("gunicorn.socket")
    if connection is None:  # another server, with limits of its own
        yield was_cut
        return

    def cut() -> None:
        was_cut.set()
        try:
            connection.shutdown(socket.SHUT_RD)
        except OSError:
            return  # it had ended by itself

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield was_cut
    finally:
        timer.cancel()


def _refusal(status: int, message: str, *, retry_after: int | None = None) -> JsonResponse:
    headers: dict[str, Any] = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return JsonResponse({"error": message}, status=status, headers=headers)
