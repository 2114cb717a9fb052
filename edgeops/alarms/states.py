"""Moving the state of a rule on a series: one compare-and-set writes state, transitions and incident, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from edgeops.alarms.evaluation import ReasonCode
from edgeops.alarms.models import AlarmRule, AlarmRuleVersion, AlarmSeries, AlarmState, Incident, Transition
from edgeops.timeline.models import Event

SETTLE = """
UPDATE alarms_alarmseries SET reason = %s, evaluated_until = %s, evaluated_at = %s
WHERE id = %s AND seq = %s AND evaluated_until IS NOT DISTINCT FROM %s
"""


@dataclass(frozen=True)
class Change:
    """One change of state that was decided, with the datapoints that decided it."""

    state: AlarmState
    reason_code: ReasonCode
    reason: str
    datapoints: tuple[tuple[str, float | None], ...]
    observed_at: datetime


@dataclass(frozen=True)
class Decision:
    """What judging found: `alarm_series` as it was read, the changes in order, and how far was judged."""

    alarm_series: AlarmSeries
    version: AlarmRuleVersion
    changes: tuple[Change, ...]
    evaluated_until: datetime | None
    reason: str


def apply(decision: Decision, *, now: datetime) -> list[Transition] | None:
    """Write a decision; None when somebody else moved the state first or the rule is no longer watched.

    Joins the caller's transaction, so that deliveries are written with it or not at all.
    """
    before = decision.alarm_series
    with transaction.atomic():
        # Taken by `rules` too: a rule that was just disabled cannot go to ALARM behind its back.
        rule = AlarmRule.objects.select_for_update().get(pk=before.rule_id)
        if not rule.is_enabled or rule.deleted_at is not None:
            return None
        return _move(decision, rule, now)


def settle(decisions: Sequence[Decision], *, now: datetime) -> None:
    """Write that many alarms were judged and none changed its state, those excepted that somebody else moved first.

    One transaction for all: of a thousand alarms a minute, nearly every one stays as it is.
    """
    if not decisions:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        # Locked as `apply` does it, in one order whoever settles.
        rules = AlarmRule.objects.select_for_update().filter(pk__in={one.alarm_series.rule_id for one in decisions})
        watched = set(rules.filter(is_enabled=True, deleted_at=None).order_by("pk").values_list("pk", flat=True))
        cursor.executemany(SETTLE, [_settled(one, now) for one in decisions if one.alarm_series.rule_id in watched])


def _settled(decision: Decision, now: datetime) -> tuple[str | int | None, ...]:
    before, adapt = decision.alarm_series, connection.ops.adapt_datetimefield_value
    judged = decision.reason[:300], adapt(decision.evaluated_until), adapt(now)
    return *judged, before.pk, before.seq, adapt(before.evaluated_until)


def withdraw(rule: AlarmRule, *, reason: str, now: datetime) -> list[Transition]:
    """Take every alarm of a rule that is being disabled or deleted out of its state, ending its open incidents."""
    version = rule.version
    transitions: list[Transition] = []
    for alarm_series in rule.alarm_series.exclude(state=AlarmState.INSUFFICIENT_DATA):
        change = Change(AlarmState.INSUFFICIENT_DATA, ReasonCode.RULE_CHANGED, reason, (), now)
        decision = Decision(alarm_series, version, (change,), alarm_series.evaluated_until, reason)
        transitions += _move(decision, rule, now) or []
    return transitions


def _move(decision: Decision, rule: AlarmRule, now: datetime) -> list[Transition] | None:
    before, changes = decision.alarm_series, decision.changes
    unmoved = AlarmSeries.objects.filter(pk=before.pk, seq=before.seq, evaluated_until=before.evaluated_until)
    moved = unmoved.update(
        state=changes[-1].state if changes else before.state,
        state_since=changes[-1].observed_at if changes else before.state_since,
        seq=before.seq + len(changes),
        reason=decision.reason[:300],
        evaluated_until=decision.evaluated_until,
        evaluated_at=now,
    )
    if not moved:
        return None
    state, transitions = AlarmState(before.state), []
    for seq, change in enumerate(changes, start=before.seq + 1):
        transitions.append(_add_transition(decision, rule, change, seq=seq, from_state=state, now=now))
        state = change.state
    return transitions


def _add_transition(
    decision: Decision, rule: AlarmRule, change: Change, *, seq: int, from_state: AlarmState, now: datetime
) -> Transition:
    transition = Transition.objects.create(
        alarm_series=decision.alarm_series,
        seq=seq,
        rule_version=decision.version,
        from_state=from_state,
        to_state=change.state,
        reason_code=change.reason_code,
        reason=change.reason[:300],
        datapoints=change.datapoints,
        observed_at=change.observed_at,
        decided_at=now,
    )
    if change.state == AlarmState.ALARM:
        Incident.objects.create(alarm_series=decision.alarm_series, opened_at=change.observed_at)
    if from_state == AlarmState.ALARM:
        Incident.objects.filter(alarm_series=decision.alarm_series, ended_at=None).update(ended_at=change.observed_at)
    if AlarmState.ALARM in {from_state, change.state}:
        _mark_timeline(transition, rule)
    return transition


def _mark_timeline(transition: Transition, rule: AlarmRule) -> None:
    """Only alarms that begin or end are marks; data that comes and goes would bury them."""
    Event.put(
        f"alarm.{transition.to_state}",
        subject=("transition", transition.pk),
        api_slug=rule.api.slug,
        title=f"{rule.name}: {transition.from_state} → {transition.to_state}",
        at=transition.observed_at,
    )
