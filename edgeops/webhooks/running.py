"""Running an endpoint's rules over a stored delivery: event → paths → request, once however often it is tried."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from edgeops.access.audit import Actor
from edgeops.invalidations import asking
from edgeops.invalidations.asking import AskingError
from edgeops.invalidations.models import Request, Source
from edgeops.secrets import UnreadableSecretError
from edgeops.webhooks import connecting, path_templates, payloads, receiving
from edgeops.webhooks.models import DeliveryVerdict, Rule, WebhookDelivery
from edgeops.webhooks.path_templates import TemplateError
from edgeops.webhooks.payloads import Payload, PayloadError

LEASE_SECONDS = 30
MAX_ATTEMPTS = 5


@dataclass
class Run:
    """What the rules of one delivery came to."""

    requests: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def state(self) -> DeliveryVerdict:
        """An error is told before a success: somebody must look at it."""
        if self.errors:
            return DeliveryVerdict.RULE_ERROR
        return DeliveryVerdict.PROCESSED if self.requests else DeliveryVerdict.IGNORED


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
        body = receiving.unseal(delivery.encrypted_body)
    except UnreadableSecretError as error:
        delivery.try_again(str(error), now=now)
        return []
    if delivery.is_control:
        connecting.attend(delivery, body, now=now)
        return []
    return _run(delivery, body, now)


def _run(delivery: WebhookDelivery, body: bytes, now: datetime) -> list[Request]:
    try:
        payload = payloads.event(body)
    except PayloadError as error:
        delivery.finish(next_at=None, state=DeliveryVerdict.RULE_ERROR, outcome=str(error)[:500])
        return []
    rules = list(delivery.endpoint.rules.filter(is_enabled=True, event_type=payload.type).order_by("pk"))
    with transaction.atomic():
        done = Run()
        for rule in rules:
            _apply(rule, delivery, payload, done, now)
        is_mine = delivery.finish(
            next_at=None,
            state=done.state,
            event_type=payload.type,
            outcome=_summed_up(payload, rules, done)[:500],
            last_error="",
        )
        if not is_mine:  # another worker has run it since; its requests are these
            transaction.set_rollback(True)
    return done.requests if is_mine else []


def _apply(rule: Rule, delivery: WebhookDelivery, payload: Payload, done: Run, now: datetime) -> None:
    endpoint = delivery.endpoint
    try:
        request = asking.ask(
            distribution=endpoint.distribution,
            items=[path_templates.fill(template, payload.data) for template in rule.path_templates],
            actor=Actor(kind="webhook", name=endpoint.name, address=delivery.address),
            source=Source.WEBHOOK,
            reason=f"{payload.type} ({delivery.message_id})",
            idempotency_key=f"{delivery.pk}:{rule.pk}",
            now=now,
            may_invalidate_everything=False,
            cause=("webhook_delivery", delivery.pk),
            rule=rule.name,
        )
    except (TemplateError, AskingError) as error:
        done.errors.append(f"Rule {rule.name}: {error}")
    else:
        done.requests.append(request)


def _summed_up(payload: Payload, rules: Iterable[Rule], done: Run) -> str:
    if not rules:
        return f"No enabled rule waits for {payload.type!r}."
    made = [f"Rule {request.rule}: {', '.join(_forms(request))}" for request in done.requests]
    return " ".join([*done.errors, *made])


def _forms(request: Request) -> list[str]:
    return list(request.items.order_by("sent_form").values_list("sent_form", flat=True)[:5])
