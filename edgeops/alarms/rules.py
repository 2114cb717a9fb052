"""Creating, editing, disabling and deleting alarm rules: each one transaction, with its audit row."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

from django.db import IntegrityError, transaction

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.alarms import states
from edgeops.alarms.evaluation import Condition
from edgeops.alarms.models import (
    AlarmRule,
    AlarmRuleVersion,
    AlarmSeries,
    ComparisonOperator,
    Transition,
    TreatMissingData,
)
from edgeops.estate.models import EdgeApi
from edgeops.metrics import interests
from edgeops.metrics.models import Series

PERIOD_SECONDS = 60
# CloudWatch looks back one day at most for periods under an hour.
MAX_PERIODS = 24 * 60
NAME_LENGTH = 120


class InvalidRuleError(ValueError):
    """A rule that cannot be; `problems` says what is wrong and what to do, by field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def create(*, api: EdgeApi, name: str, series: Series, condition: Condition, actor: Actor, now: datetime) -> AlarmRule:
    """Add an enabled rule on one series and keep that series polled every minute; raises InvalidRuleError."""
    _refuse(problems_of(api=api, name=name, series=series, condition=condition))
    with _named_once(api), transaction.atomic():
        rule = AlarmRule.objects.create(api=api, name=name.strip())
        _add_version(rule, condition, number=1, actor=actor, now=now)
        AlarmSeries.objects.create(rule=rule, series=series, state_since=now)
        interests.hold(series, holder_kind="alarm", holder_id=rule.pk)
        _record(actor, "alarm.created", rule, f"{series.metric} {condition}", now=now, condition=condition)
    return rule


def edit(rule: AlarmRule, *, name: str, condition: Condition, actor: Actor, now: datetime) -> AlarmRuleVersion:
    """Rename a rule and add its next version; what was judged before stays as it was. Raises InvalidRuleError."""
    _refuse(problems_of(api=rule.api, name=name, condition=condition, rule=rule))
    with _named_once(rule.api), transaction.atomic():
        locked = AlarmRule.objects.standing().select_for_update().get(pk=rule.pk)
        number = locked.version.number + 1
        AlarmRule.objects.filter(pk=rule.pk).update(name=name.strip())
        rule.name = name.strip()
        version = _add_version(rule, condition, number=number, actor=actor, now=now)
        _record(actor, "alarm.edited", rule, f"version {number}: {condition}", now=now, condition=condition)
    return version


def enable(rule: AlarmRule, *, actor: Actor, now: datetime) -> None:
    """Watch a rule again, from the buckets that settle after now."""
    with transaction.atomic():
        if not AlarmRule.objects.standing().filter(pk=rule.pk, is_enabled=False).update(is_enabled=True):
            return
        rule.alarm_series.update(evaluated_until=now, reason="Enabled again; waiting for the next datapoints")
        for alarm_series in rule.alarm_series.select_related("series"):
            interests.hold(alarm_series.series, holder_kind="alarm", holder_id=rule.pk)
        _record(actor, "alarm.enabled", rule, "enabled", now=now)


def disable(rule: AlarmRule, *, actor: Actor, now: datetime) -> list[Transition]:
    """Stop watching a rule and end its open incidents; tell of what is returned (`notifications.recording` does)."""
    with transaction.atomic():
        locked = AlarmRule.objects.standing().select_for_update().get(pk=rule.pk)
        if not locked.is_enabled:
            return []
        transitions = states.withdraw(locked, reason=f"The alarm was disabled by {actor.name}", now=now)
        AlarmRule.objects.filter(pk=rule.pk).update(is_enabled=False)
        interests.drop_all(holder_kind="alarm", holder_id=rule.pk)
        _record(actor, "alarm.disabled", rule, "disabled", now=now)
    return transitions


def delete(rule: AlarmRule, *, actor: Actor, now: datetime) -> list[Transition]:
    """Take a rule away for good, keeping its history as rows; ends its open incidents as `disable` does."""
    with transaction.atomic():
        locked = AlarmRule.objects.standing().select_for_update().get(pk=rule.pk)
        transitions = states.withdraw(locked, reason=f"The alarm was deleted by {actor.name}", now=now)
        AlarmRule.objects.filter(pk=rule.pk).update(is_enabled=False, deleted_at=now)
        interests.drop_all(holder_kind="alarm", holder_id=rule.pk)
        _record(actor, "alarm.deleted", rule, "deleted", now=now)
    return transitions


def problems_of(
    *, api: EdgeApi, name: str, condition: Condition, series: Series | None = None, rule: AlarmRule | None = None
) -> dict[str, str]:
    """What is wrong with a rule somebody wants, by field; empty when nothing is. `rule` is the one being edited."""
    found = _condition_problems(condition)
    namesakes = AlarmRule.objects.standing().filter(api=api, name=name.strip())
    if rule is not None:
        namesakes = namesakes.exclude(pk=rule.pk)
    if not 1 <= len(name.strip()) <= NAME_LENGTH:
        found["name"] = f"Give the alarm a name of at most {NAME_LENGTH} characters."
    elif namesakes.exists():
        found["name"] = _taken(api)
    if series is not None and series.hop.api_id != api.pk:
        found["series"] = f"This metric does not belong to {api.name}; choose one of its own."
    return found


def _condition_problems(condition: Condition) -> dict[str, str]:
    found: dict[str, str] = {}
    m, n = condition.datapoints_to_alarm, condition.evaluation_periods
    if not math.isfinite(condition.threshold):
        found["threshold"] = "The threshold must be a number; NaN and infinity compare with nothing."
    if not 1 <= n <= MAX_PERIODS:
        found["evaluation_periods"] = f"N must be between 1 and {MAX_PERIODS}: a day of one-minute periods."
    elif not 1 <= m <= n:
        found["datapoints_to_alarm"] = f"M must be between 1 and N ({n}): no more datapoints can breach than there are."
    if condition.comparison_operator not in ComparisonOperator:
        found["comparison_operator"] = "Choose one of the comparisons."
    if condition.treat_missing_data not in TreatMissingData:
        found["treat_missing_data"] = "Choose what missing data means."
    return found


@contextmanager
def _named_once(api: EdgeApi) -> Iterator[None]:
    """The same form sent twice at once passes every look before it; only the database can tell."""
    try:
        yield
    except IntegrityError as error:
        raise InvalidRuleError({"name": _taken(api)}) from error


def _taken(api: EdgeApi) -> str:
    return f"{api.name} has an alarm of this name already; choose another."


def _refuse(problems: dict[str, str]) -> None:
    if problems:
        raise InvalidRuleError(problems)


def _add_version(
    rule: AlarmRule, condition: Condition, *, number: int, actor: Actor, now: datetime
) -> AlarmRuleVersion:
    return AlarmRuleVersion.objects.create(
        rule=rule, number=number, period=PERIOD_SECONDS, created_at=now, created_by=actor.name, **asdict(condition)
    )


def _record(
    actor: Actor, action: str, rule: AlarmRule, words: str, *, now: datetime, condition: Condition | None = None
) -> None:
    audit.record(
        actor,
        action,
        subject=("alarm", rule.pk),
        summary=f"{rule.name} on {rule.api.name}: {words}",
        now=now,
        detail=asdict(condition) if condition else None,
    )
