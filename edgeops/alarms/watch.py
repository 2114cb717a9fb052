"""Judging every watched alarm over the buckets that have settled since it was last judged.

Buckets are UTC-aligned and judged once each, in order, so a worker that slept catches up without skipping a breach; the
window behind each is read anew, so late data inside it counts.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from edgeops.alarms import evaluation
from edgeops.alarms.evaluation import Condition
from edgeops.alarms.models import AlarmRuleVersion, AlarmSeries, AlarmState
from edgeops.alarms.states import Change, Decision
from edgeops.metrics import reading, windows
from edgeops.metrics.reading import Line

log = logging.getLogger("edgeops.alarms")

# How far back a first evaluation, or one after a long outage, reaches.
HORIZON = timedelta(hours=24)


def evaluate_due(record: Callable[[Decision], None], *, now: datetime) -> int:
    """Judge every alarm with settled buckets nobody judged, hand each decision to `record`, return how many.

    One alarm that cannot be judged does not keep the others from it: its failure is logged, written as its reason, and
    raised, with all such failures, as an ExceptionGroup after the last alarm.
    """
    failures: list[Exception] = []
    due = list(AlarmSeries.objects.unjudged().select_related("rule__api", "series").order_by("evaluated_until", "pk"))
    for alarm_series in due:
        try:
            if (decision := decide(alarm_series, now=now)) is not None:
                record(decision)
        except Exception as error:
            log.exception("alarm could not be judged", extra={"alarm_series": alarm_series.pk})
            words = f"EdgeOps could not judge this alarm ({type(error).__name__}); the state is the last known."
            AlarmSeries.objects.filter(pk=alarm_series.pk).update(reason=words)
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(due)} alarms could not be judged", failures)
    return len(due)


def decide(alarm_series: AlarmSeries, *, now: datetime) -> Decision | None:
    """Judge the buckets of one alarm that settled since it was last judged; None when there are none."""
    version = alarm_series.rule.version
    condition, period = condition_of(version), timedelta(seconds=version.period)
    start, end = _unjudged(alarm_series, version.period, now)
    if start >= end:
        return None
    behind = start - period * (condition.buckets - 1)
    line = reading.load([alarm_series.series], behind, end, version.period, now=now)[alarm_series.series_id]
    state, changes, reason = AlarmState(alarm_series.state), [], alarm_series.reason
    for last in range(condition.buckets - 1, len(line.values)):
        window = range(last - condition.buckets + 1, last + 1)
        verdict = evaluation.judge(condition, [line.values[index] for index in window], current=state)
        reason = verdict.reason
        if verdict.state != state:
            changes.append(_change(verdict, line, window))
            state = verdict.state
    return Decision(alarm_series, version, tuple(changes), end, reason)


def condition_of(version: AlarmRuleVersion) -> Condition:
    """What a version asks, as the evaluation takes it."""
    return Condition(
        comparison_operator=version.comparison_operator,
        threshold=version.threshold,
        evaluation_periods=version.evaluation_periods,
        datapoints_to_alarm=version.datapoints_to_alarm,
        treat_missing_data=version.treat_missing_data,
    )


def _unjudged(alarm_series: AlarmSeries, period: int, now: datetime) -> tuple[datetime, datetime]:
    """Start of the first bucket to judge and end of the last, both aligned to the period."""
    series = alarm_series.series
    earliest = now - HORIZON
    begun = alarm_series.evaluated_until or series.first_datapoint_at or earliest
    start = windows.floor(max(begun, earliest), period)
    return start, windows.floor(series.settled_until or start, period)


def _change(verdict: evaluation.Verdict, line: Line, window: range) -> Change:
    datapoints = tuple((line.at(index).isoformat(), line.values[index]) for index in window)
    return Change(verdict.state, verdict.reason_code, verdict.reason, datapoints, line.at(window[-1] + 1))
