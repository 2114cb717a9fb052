"""Running an endpoint's rules over a stored delivery: event → items → requests, once however often it is tried."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db import transaction
from django.db.models import Q, prefetch_related_objects

from edgeops.invalidations import configs
from edgeops.invalidations.models import Request
from edgeops.secrets import UnreadableSecretError
from edgeops.webhooks import applying, bodies, connecting, marks, rules, trying
from edgeops.webhooks.applying import Run, Trials
from edgeops.webhooks.models import MAX_BYTES, DeliveryVerdict, Endpoint, Rule, WebhookDelivery
from edgeops.webhooks.payloads import PayloadError
from edgeops.webhooks.trying import Document

LEASE_SECONDS = 30
MAX_ATTEMPTS = 5
RUNS_KEPT = 10
TOGETHER = 20
# So long until a sweep has found that tenants are to be listed, and a worker has listed them.
LISTED_SECONDS = 10
NOT_LISTED = "CloudFront did not have the tenant {tenant} when it was asked last; it is asked again."
# A post that arrives meanwhile waits for SQLite's one writer: a commit is due after so long, and then a breath.
WRITE_SECONDS, BREATH_SECONDS = 0.02, 0.01


@dataclass(frozen=True)
class _Ready:
    """A claimed delivery whose rules have been tried; what is left is to ask and to end it."""

    delivery: WebhookDelivery
    document: Document
    found: Trials
    seconds: float


def run(pk: int, *, now: datetime) -> list[Request]:
    """Run the rules of one delivery; the requests it led to, none when somebody else is at it or it is over."""
    if not is_due(pk, now=now):
        return []
    return _run(WebhookDelivery.claim_all([pk], now=now, lease_seconds=LEASE_SECONDS), now)


def is_due(pk: int, *, now: datetime) -> bool:
    """Whether a delivery waits to be run; looking takes no lock, as claiming in vain would."""
    return WebhookDelivery.objects.due(now).filter(pk=pk).exists()


def run_due(*, now: datetime) -> int:
    """Run the rules of the next few deliveries that are due, in one transaction; how many were taken up.

    One that was tried before is run alone, as whatever it fails with takes no others along then; so is one that takes
    long, since the others would outlast their lease.
    """
    due = WebhookDelivery.objects.due(now)
    alone = Q(attempts__gt=0) | Q(is_control=True) | Q(body_bytes__gt=MAX_BYTES)
    fresh = _fitting(due.exclude(alone).values_list("pk", "body_bytes")[:TOGETHER])
    if fresh:
        _run(WebhookDelivery.claim_all(fresh, now=now, lease_seconds=LEASE_SECONDS), now)
    single = due.filter(alone).values_list("pk", flat=True).first()
    if single is not None:
        run(single, now=now)
    return len(fresh) + (single is not None)


def _fitting(found: Iterable[tuple[int, int]]) -> list[int]:
    """The first of them, of one large body's size together: read, a body may take twenty times as much memory."""
    taken: list[int] = []
    room = MAX_BYTES
    for pk, size in found:
        room -= size
        if taken and room < 0:
            break
        taken.append(pk)
    return taken


def _run(claimed: Sequence[WebhookDelivery], now: datetime) -> list[Request]:
    prefetch_related_objects(claimed, "endpoint__distribution", "endpoint__tenant")
    rules_of = cache(rules.running)
    ready = [one for delivery in claimed if (one := _made_ready(delivery, rules_of, now)) is not None]
    made: list[Request] = []
    while ready:
        made += _write(ready, now)
        time.sleep(BREATH_SECONDS if ready else 0)
    return made


def _write(ready: list[_Ready], now: datetime) -> list[Request]:
    """Conclude the first of them, as many as fit into one short transaction, which ends with one that failed.

    Workers that hold the failure of one endpoint and want another's, each the other way round, would wait for ever.
    """
    made: list[Request] = []
    with transaction.atomic():
        until, done = time.perf_counter() + WRITE_SECONDS, Run()
        while ready and time.perf_counter() < until and done.state != DeliveryVerdict.RULE_ERROR:
            done = _concluded(ready.pop(0), now)
            made += done.requests
    return made


def _made_ready(
    delivery: WebhookDelivery, rules_of: Callable[[Endpoint], Sequence[Rule]], now: datetime
) -> _Ready | None:
    """Everything that needs no transaction; None when that was all, since there is nothing to run rules on."""
    began = time.perf_counter()
    if delivery.attempts > MAX_ATTEMPTS:
        why = delivery.last_error or "the worker stopped each time; see its log"
        _fail(delivery, DeliveryVerdict.DEAD, f"Given up after {MAX_ATTEMPTS} attempts: {why}", now)
        return None
    try:
        body = bodies.unseal(delivery.encrypted_body)
    except UnreadableSecretError as error:
        delivery.try_again(str(error), now=now)
        return None
    if delivery.is_control:
        connecting.attend(delivery, body, now=now)
        return None
    try:
        document = trying.read(delivery.headers, body)
    except PayloadError as error:
        _fail(delivery, DeliveryVerdict.RULE_ERROR, str(error), now)
        return None
    found = applying.trials(rules_of(delivery.endpoint), document)
    if any(trial.items for _, trial in found) and _waits_for_tenant(delivery, now):
        return None
    return _Ready(delivery, document, found, time.perf_counter() - began)


def _waits_for_tenant(delivery: WebhookDelivery, now: datetime) -> bool:
    """Whether its tenant is missed, and looked for again before anything is decided."""
    tenant = delivery.endpoint.tenant
    if tenant is None or not configs.look_again(tenant, now):
        return False
    delivery.try_again(NOT_LISTED.format(tenant=tenant), now=now, at_least=LISTED_SECONDS)
    return True


def _concluded(ready: _Ready, now: datetime) -> Run:
    """What it came to; nothing when another worker has run it since, whose its requests are."""
    began = time.perf_counter()
    delivery = ready.delivery
    with transaction.atomic():
        done = applying.apply(delivery, ready.document, ready.found, now=now)
        if not _finish(delivery, done, ready.seconds + time.perf_counter() - began, now):
            transaction.set_rollback(True)
            return Run()
        if done.state == DeliveryVerdict.RULE_ERROR:
            marks.put_failure(delivery, now)
    return done


def _fail(delivery: WebhookDelivery, state: DeliveryVerdict, why: str, now: datetime) -> None:
    with transaction.atomic():
        if delivery.finish(next_at=None, state=state, outcome=why[:500]):
            marks.put_failure(delivery, now)


def _finish(delivery: WebhookDelivery, done: Run, seconds: float, now: datetime) -> bool:
    record = {
        "at": now.isoformat(),
        "ms": round(seconds * 1000, 1),
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
