"""Judging every watched alarm over the buckets that have settled since it was last judged.

Buckets are UTC-aligned and judged once each, in order, so a worker that slept catches up without skipping a breach; the
window behind each is read anew, so late data inside it counts.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import batched

from edgeops.alarms import evaluation, states
from edgeops.alarms.evaluation import Condition
from edgeops.alarms.models import AlarmRuleVersion, AlarmSeries, AlarmState
from edgeops.alarms.states import Change, Decision
from edgeops.metrics import reading, windows
from edgeops.metrics.reading import Line

log = logging.getLogger("edgeops.alarms")

# How far back a first evaluation, or one after a long outage, reaches.
HORIZON = timedelta(hours=24)
AT_ONCE = 500  # alarms whose lines are in memory together, a day of each at most

type Lines = Mapping[int, Line]


@dataclass(frozen=True, slots=True)
class _Window:
    """Buckets of `period` seconds from `start` to `end`: alarms that look at the same ones are read together."""

    start: datetime
    end: datetime
    period: int


@dataclass(frozen=True, slots=True)
class _Question:
    """An alarm with what is asked of it."""

    alarm_series: AlarmSeries
    version: AlarmRuleVersion
    window: _Window


def evaluate_due(record: Callable[[Decision], None], *, now: datetime) -> int:
    """Judge every alarm with settled buckets nobody judged and return how many.

    Decisions that change a state are handed to `record`; that nothing changed is written here, for all together.
    One alarm that cannot be judged does not keep the others from it: its failure is logged, written as its reason, and
    raised, with all such failures, as an ExceptionGroup after the last alarm.
    """
    failures: list[Exception] = []
    due = list(AlarmSeries.objects.unjudged().select_related("series").order_by("evaluated_until", "pk"))

    def fail(alarm_series: AlarmSeries, error: Exception) -> None:
        log.error("alarm could not be judged", extra={"alarm_series": alarm_series.pk}, exc_info=error)
        words = f"EdgeOps could not judge this alarm ({type(error).__name__}); the state is the last known."
        AlarmSeries.objects.filter(pk=alarm_series.pk).update(reason=words)
        failures.append(error)

    for some in batched(due, AT_ONCE):
        unchanged: list[Decision] = []
        for question, lines in _asked(some, fail, now):
            try:
                decision = _decide(question, lines()[question.alarm_series.series_id])
                if decision.changes:
                    record(decision)
                else:
                    unchanged.append(decision)
            except Exception as error:  # noqa: BLE001 (raised below with all others)
                fail(question.alarm_series, error)
        states.settle(unchanged, now=now)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(due)} alarms could not be judged", failures)
    return len(due)


def decide(alarm_series: AlarmSeries, *, now: datetime) -> Decision | None:
    """Judge the buckets of one alarm that settled since it was last judged; None when there are none."""
    question = _question(alarm_series, alarm_series.rule.version, now)
    if question is None:
        return None
    return _decide(question, _load([question], now)[alarm_series.series_id])


def _asked(
    some: Sequence[AlarmSeries], fail: Callable[[AlarmSeries, Exception], None], now: datetime
) -> Iterator[tuple[_Question, Callable[[], Lines]]]:
    """Every alarm with settled buckets, and what reads the lines of all that share its window, once."""
    versions = AlarmRuleVersion.objects.filter(rule__in={one.rule_id for one in some}).order_by("number")
    newest = {version.rule_id: version for version in versions}
    sharing: dict[_Window, list[_Question]] = defaultdict(list)
    for one in some:
        try:
            question = _question(one, newest[one.rule_id], now)
        except Exception as error:  # noqa: BLE001 (raised with all others)
            fail(one, error)
        else:
            if question is not None:
                sharing[question.window].append(question)
    for together in sharing.values():
        lines = cache(partial(_load, together, now))
        for question in together:
            yield question, lines


def _question(alarm_series: AlarmSeries, version: AlarmRuleVersion, now: datetime) -> _Question | None:
    start, end = _unjudged(alarm_series, version.period, now)
    behind = timedelta(seconds=version.period) * (condition_of(version).buckets - 1)
    return _Question(alarm_series, version, _Window(start - behind, end, version.period)) if start < end else None


def _load(together: Sequence[_Question], now: datetime) -> Lines:
    window = together[0].window
    series = {question.alarm_series.series_id: question.alarm_series.series for question in together}
    return reading.load(series.values(), window.start, window.end, window.period, now=now)


def _decide(question: _Question, line: Line) -> Decision:
    alarm_series, condition = question.alarm_series, condition_of(question.version)
    state, changes, reason = AlarmState(alarm_series.state), [], alarm_series.reason
    for last in range(condition.buckets - 1, len(line.values)):
        window = range(last - condition.buckets + 1, last + 1)
        verdict = evaluation.judge(condition, [line.values[index] for index in window], current=state)
        reason = verdict.reason
        if verdict.state != state:
            changes.append(_change(verdict, line, window))
            state = verdict.state
    return Decision(alarm_series, question.version, tuple(changes), question.window.end, reason)


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
