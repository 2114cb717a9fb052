"""Sending one delivery: claim, send with no transaction open, record the attempt and what follows from it."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from edgeops.alarms.models import AlarmState
from edgeops.notifications import messages, recording
from edgeops.notifications.models import Channel, Delivery, DeliveryAttempt, DeliveryState, Transport
from edgeops.notifications.transports import TRANSPORTS
from edgeops.notifications.transports.base import Outcome, Send, TransportError
from edgeops.waiting import backoff_seconds

# At least twice what one attempt may take: 15 s for a webhook, a few commands of 10 s each for mail.
LEASE_SECONDS: Mapping[str, float] = {Transport.WEBHOOK: 30, Transport.EMAIL: 60}
FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 5.0, 15 * 60.0
LIFE = timedelta(hours=24)
TURN = timedelta(seconds=2)


def send(pk: int, *, now: datetime, transports: Mapping[str, Send] = TRANSPORTS) -> None:
    """Try a delivery once if it is due, its turn and nobody else's; the outcome and the next try are rows."""
    waiting = Delivery.objects.select_related("channel", "transition").filter(pk=pk).first()
    if waiting is None or _waits_its_turn(waiting, now):
        return
    transport = waiting.channel.transport
    if Delivery.claim(pk, now=now, lease_seconds=LEASE_SECONDS[transport]) is None:
        return
    delivery = _with_everything(pk)
    if reason := _reason_not_to_send(delivery):
        delivery.finish(next_at=None, state=DeliveryState.SUPPRESSED, reason=reason)
        return
    if now - delivery.created_at >= LIFE:
        delivery.finish(next_at=None, state=DeliveryState.DEAD)
        return
    _attempt(delivery, transports[transport], now)


def _waits_its_turn(delivery: Delivery, now: datetime) -> bool:
    """Put a delivery behind an earlier one of the same thing and channel: an OK never overtakes its ALARM."""
    first = Delivery.objects.waiting().before(delivery).order_by("-next_at").first()
    if first is None or first.next_at is None:
        return False
    Delivery.objects.due(now).filter(pk=delivery.pk).update(next_at=max(first.next_at, now) + TURN)
    return True


def _with_everything(pk: int) -> Delivery:
    rows = Delivery.objects.select_related(
        "channel",
        "failure",
        "transition__rule_version",
        "transition__alarm_series__rule__api",
        "transition__alarm_series__series__hop",
    )
    return rows.get(pk=pk)


def _reason_not_to_send(delivery: Delivery) -> str:
    """What has happened since the delivery was written that makes it pointless; empty when nothing has."""
    if not delivery.channel.is_enabled:
        return "The channel was disabled before this was sent"
    ended = delivery.transition
    if ended is None or ended.to_state == AlarmState.ALARM:
        return ""
    if not recording.is_alarm_told(ended, delivery.channel):
        return "The ALARM before it never reached this channel"
    return ""


def _attempt(delivery: Delivery, transport: Send, now: datetime) -> None:
    began = time.monotonic()
    failure: TransportError | None = None
    outcome = Outcome.TEMPORARY
    try:
        outcome = transport(delivery.channel, messages.compose(delivery), now=now)
    except TransportError as error:
        failure = error
        outcome = Outcome.PERMANENT if error.permanent else Outcome.TEMPORARY
    seconds = time.monotonic() - began
    detail = str(failure)[:300] if failure else ""
    ended = now + timedelta(seconds=seconds)
    with transaction.atomic():
        DeliveryAttempt.objects.create(
            delivery=delivery, started_at=now, duration_seconds=seconds, outcome=outcome, detail=detail
        )
        is_ours = _fail(delivery, failure, detail, ended) if failure else _succeed(delivery, outcome, ended)
        if is_ours:
            _note(delivery.channel, detail, failed=failure is not None, now=ended)


def _succeed(delivery: Delivery, outcome: Outcome, now: datetime) -> bool:
    state = DeliveryState.ACCEPTED if outcome == Outcome.ACCEPTED else DeliveryState.DELIVERED
    return delivery.finish(next_at=None, state=state, sent_at=now, last_error="")


def _fail(delivery: Delivery, failure: TransportError, detail: str, now: datetime) -> bool:
    """Retry later, or give up: at once when it is permanent, else when the next try would be after a day."""
    seconds = failure.retry_after
    if seconds is None:
        seconds = backoff_seconds(delivery.attempts, first=FIRST_BACKOFF_SECONDS, cap=MAX_BACKOFF_SECONDS)
    next_at = now + timedelta(seconds=seconds)
    if failure.permanent or next_at - delivery.created_at >= LIFE:
        return delivery.finish(next_at=None, state=DeliveryState.DEAD, last_error=detail)
    return delivery.finish(next_at=next_at, state=DeliveryState.RETRY, last_error=detail)


def _note(channel: Channel, detail: str, *, failed: bool, now: datetime) -> None:
    """Show on the channel how it is doing."""
    rows = Channel.objects.filter(pk=channel.pk)
    if failed:
        rows.update(last_failure_at=now, last_failure=detail, consecutive_failures=F("consecutive_failures") + 1)
    else:
        rows.update(last_success_at=now, consecutive_failures=0)
