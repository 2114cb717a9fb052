"""Running an endpoint's rules over a stored delivery: event → items → requests, once however often it is tried."""

import time
from datetime import datetime

from django.db import transaction

from edgeops.invalidations.models import Request
from edgeops.secrets import UnreadableSecretError
from edgeops.webhooks import applying, bodies, connecting, trying
from edgeops.webhooks.applying import Run
from edgeops.webhooks.models import DeliveryVerdict, Endpoint, WebhookDelivery
from edgeops.webhooks.payloads import PayloadError

LEASE_SECONDS = 30
MAX_ATTEMPTS = 5
RUNS_KEPT = 10


def run(pk: int, *, now: datetime) -> list[Request]:
    """Run the rules of one delivery; the requests it led to, none when somebody else is at it or it is over."""
    delivery = WebhookDelivery.claim(pk, now=now, lease_seconds=LEASE_SECONDS)
    if delivery is None:
        return []
    if delivery.attempts > MAX_ATTEMPTS:
        why = delivery.last_error or "the worker stopped each time; see its log"
        delivery.finish(
            next_at=None, state=DeliveryVerdict.DEAD, outcome=f"Given up after {MAX_ATTEMPTS} attempts: {why}"[:500]
        )
        return []
    try:
        body = bodies.unseal(delivery.encrypted_body)
    except UnreadableSecretError as error:
        delivery.try_again(str(error), now=now)
        return []
    if delivery.is_control:
        connecting.attend(delivery, body, now=now)
        return []
    return _run(delivery, body, now)


def _run(delivery: WebhookDelivery, body: bytes, now: datetime) -> list[Request]:
    began = time.perf_counter()
    try:
        document = trying.read(delivery.headers, body)
    except PayloadError as error:
        delivery.finish(next_at=None, state=DeliveryVerdict.RULE_ERROR, outcome=str(error)[:500])
        return []
    found = applying.trials(delivery, document)
    with transaction.atomic():
        if _is_paused(delivery.endpoint):
            delivery.finish(next_at=None, state=DeliveryVerdict.HELD, outcome=delivery.endpoint.pause_reason)
            return []
        done = applying.apply(delivery, document, found, now=now)
        if not _finish(delivery, done, began, now):
            # Another worker has run it since; its requests are these.
            transaction.set_rollback(True)
            return []
    return done.requests


def _is_paused(endpoint: Endpoint) -> bool:
    """Asked again under a lock, so that a delivery is not held after the resumption that would have freed it."""
    if endpoint.paused_at is None:
        return False
    return Endpoint.objects.select_for_update().get(pk=endpoint.pk).paused_at is not None


def _finish(delivery: WebhookDelivery, done: Run, began: float, now: datetime) -> bool:
    record = {
        "at": now.isoformat(),
        "ms": round((time.perf_counter() - began) * 1000, 1),
        "by": delivery.rerun_by,
        "state": done.state.value,
        "rules": done.rules,
    }
    return delivery.finish(
        next_at=None,
        state=done.state,
        event_type=done.event,
        same_as=done.same_as,
        outcome=done.outcome[:500],
        last_error="",
        runs=[*delivery.runs, record][-RUNS_KEPT:],
    )
