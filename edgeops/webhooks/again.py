"""Running rules once more over stored deliveries: one, many, the dead letters; spread, and on the record."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import F

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.secrets import UnreadableSecretError
from edgeops.webhooks import bodies, rules, trying
from edgeops.webhooks.models import DeliveryVerdict, Rule, WebhookDelivery
from edgeops.webhooks.payloads import PayloadError
from edgeops.webhooks.trying import Trial

AT_ONCE = 100
PER_SECOND = 10
# Over, and with a body that rules could read: a refused post was never proven, and a control message has no rules.
REPEATABLE = (
    DeliveryVerdict.PROCESSED,
    DeliveryVerdict.IGNORED,
    DeliveryVerdict.RULE_ERROR,
    DeliveryVerdict.MISMATCHED,
    DeliveryVerdict.JOINED,
    DeliveryVerdict.REPEATED,
    DeliveryVerdict.DEAD,
)


class CannotRedeliverError(Exception):
    """Nothing was asked for; the text says why, to the person who asked."""


@dataclass(frozen=True)
class Rehearsal:
    """What today's rules would make of one stored delivery, or why they cannot be run."""

    delivery: WebhookDelivery
    trials: Sequence[tuple[Rule, Trial]] = ()
    problem: str = ""


def rehearse(deliveries: Sequence[WebhookDelivery]) -> list[Rehearsal]:
    """A dry run of today's rules; nothing is asked for. Raises CannotRedeliverError for too many."""
    _bound(len(deliveries))
    return [_rehearsed(delivery) for delivery in deliveries]


def redeliver(deliveries: Sequence[WebhookDelivery], *, reason: str, actor: Actor, now: datetime) -> int:
    """Have today's rules run on stored deliveries, ten a second; how many. What comes of it are new requests.

    Raises CannotRedeliverError, and then nothing is run. Whoever calls has checked that the actor is an operator.
    """
    _bound(len(deliveries))
    if not reason.strip():
        raise CannotRedeliverError("Say why: the reason is kept in the audit log.")
    with transaction.atomic():
        wanted = WebhookDelivery.objects.filter(pk__in=[one.pk for one in deliveries])
        fit = wanted.filter(state__in=REPEATABLE, next_at=None, is_control=False, endpoint__deleted_at=None)
        fit = fit.exclude(encrypted_body="")
        # Locked: whoever asks for the same at the same moment finds it waiting.
        again = list(fit.order_by("pk").select_for_update(of=("self",)))
        if (left_out := len(deliveries) - len(again)) > 0:
            raise CannotRedeliverError(
                f"{left_out} of {len(deliveries)} cannot be run again: refused, waiting, of a deleted endpoint, or "
                "older than 7 days, after which bodies are deleted. Leave them out."
            )
        _spread(again, now, by=actor.name)
        for delivery in again:
            audit.record(
                actor,
                "webhook_delivery.redelivered",
                subject=("webhook_delivery", delivery.pk),
                summary=f"Delivery {delivery.pk} run again",
                reason=reason,
                now=now,
            )
    return len(again)


def can_repeat(delivery: WebhookDelivery) -> bool:
    """Whether rules can be run on it once more."""
    is_over = delivery.state in REPEATABLE and delivery.next_at is None
    is_kept = bool(delivery.encrypted_body) and delivery.endpoint.deleted_at is None
    return is_over and is_kept and not delivery.is_control


def dead_letters(endpoint_id: int | None = None) -> "models.QuerySet[WebhookDelivery]":
    """Deliveries whose run failed five times, oldest first; those with a body can be redelivered."""
    dead = WebhookDelivery.objects.filter(state=DeliveryVerdict.DEAD).select_related("endpoint").order_by("pk")
    return dead if endpoint_id is None else dead.filter(endpoint=endpoint_id)


def _spread(deliveries: Iterable[WebhookDelivery], now: datetime, *, by: str) -> None:
    for count, delivery in enumerate(deliveries):
        WebhookDelivery.objects.filter(pk=delivery.pk).update(
            next_at=now + timedelta(seconds=count / PER_SECOND),
            attempts=0,
            state=DeliveryVerdict.ACCEPTED,
            last_error="",
            reruns=F("reruns") + 1,
            rerun_by=by,
        )


def _bound(count: int) -> None:
    if not 1 <= count <= AT_ONCE:
        raise CannotRedeliverError(f"From 1 to {AT_ONCE} deliveries are run again at once, not {count}.")


def _rehearsed(delivery: WebhookDelivery) -> Rehearsal:
    if delivery.endpoint.deleted_at is not None:
        return Rehearsal(delivery, problem="Its endpoint was deleted, and its rules with it.")
    if not delivery.encrypted_body:
        return Rehearsal(delivery, problem="Its body was deleted after 7 days.")
    try:
        document = trying.read(delivery.headers, bodies.unseal(delivery.encrypted_body))
    except (PayloadError, UnreadableSecretError) as error:
        return Rehearsal(delivery, problem=str(error))
    trials = [(rule, trying.try_rule(rules.definition_of(rule), document)) for rule in rules.running(delivery.endpoint)]
    return Rehearsal(delivery, trials)
