"""Writing down what alarms decided together with who is told: one transaction, so neither is ever without the other."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from edgeops.access.audit import Actor
from edgeops.alarms import rules, states
from edgeops.alarms.evaluation import ReasonCode
from edgeops.alarms.models import AlarmRule, AlarmState, Transition
from edgeops.alarms.states import Decision
from edgeops.notifications.models import Channel, Delivery, DeliveryState

STATE = "state"
# Ends of a delivery after which the channel does not know of the transition.
UNTOLD = (DeliveryState.SUPERSEDED, DeliveryState.SUPPRESSED, DeliveryState.DEAD)


def record(decision: Decision, *, now: datetime) -> list[Delivery]:
    """Write a decision with a delivery per channel and transition; returns those to send now."""
    with transaction.atomic():
        transitions = states.apply(decision, now=now)
        return _deliver(decision.alarm_series.rule, transitions or [], now)


def disable_rule(rule: AlarmRule, *, actor: Actor, now: datetime) -> list[Delivery]:
    """Disable a rule and tell whoever was told of its alarm that nobody watches it any more."""
    with transaction.atomic():
        return _deliver(rule, rules.disable(rule, actor=actor, now=now), now)


def delete_rule(rule: AlarmRule, *, actor: Actor, now: datetime) -> list[Delivery]:
    """Delete a rule and tell whoever was told of its alarm that it is gone."""
    with transaction.atomic():
        return _deliver(rule, rules.delete(rule, actor=actor, now=now), now)


def is_alarm_told(transition: Transition, channel: Channel) -> bool:
    """Whether the last thing this channel was told, or is about to be, before this transition was an ALARM."""
    earlier = Delivery.objects.filter(
        channel=channel,
        transition__alarm_series=transition.alarm_series_id,
        transition__seq__lt=transition.seq,
    ).exclude(state__in=UNTOLD)
    last = earlier.order_by("-transition__seq").values_list("transition__to_state", flat=True).first()
    return last == AlarmState.ALARM


def _deliver(rule: AlarmRule, transitions: Sequence[Transition], now: datetime) -> list[Delivery]:
    channels = list(Channel.objects.filter(routes__rule=rule, is_enabled=True))
    # A rule has one series for now, but nothing here depends on it.
    newest = {transition.alarm_series_id: transition.seq for transition in transitions}
    deliveries = [
        _delivery(transition, channel, is_newest=newest[transition.alarm_series_id] == transition.seq, now=now)
        for transition in transitions
        for channel in channels
    ]
    return [delivery for delivery in deliveries if delivery.state == DeliveryState.PENDING]


def _delivery(transition: Transition, channel: Channel, *, is_newest: bool, now: datetime) -> Delivery:
    state, reason = _fate(transition, channel, is_newest=is_newest)
    return Delivery.objects.create(
        transition=transition,
        channel=channel,
        kind=STATE,
        state=state,
        reason=reason,
        next_at=now if state == DeliveryState.PENDING else None,
        message_id=uuid.uuid4(),
        created_at=now,
    )


def _fate(transition: Transition, channel: Channel, *, is_newest: bool) -> tuple[DeliveryState, str]:
    """Whether a channel is told of a transition, and why or why not."""
    if not is_newest:
        return DeliveryState.SUPERSEDED, "A later state was decided in the same evaluation"
    if transition.to_state == AlarmState.ALARM:
        return DeliveryState.PENDING, "The alarm went to ALARM"
    if not is_alarm_told(transition, channel):
        return DeliveryState.SUPPRESSED, "This channel was told of no ALARM before"
    if transition.to_state == AlarmState.OK:
        return DeliveryState.PENDING, "The ALARM this channel was told of is over"
    if transition.reason_code == ReasonCode.RULE_CHANGED:
        return DeliveryState.PENDING, "The alarm this channel was told of is watched no more"
    return DeliveryState.SUPPRESSED, "Data that is missing is shown, not told"
