"""Deciding an alarm's state from a window of datapoints, as CloudWatch does. Pure: values in, a verdict out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgeops.alarms.models import AlarmState, ComparisonOperator, TreatMissingData

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ComparisonOperator.GREATER: operator.gt,
    ComparisonOperator.GREATER_OR_EQUAL: operator.ge,
    ComparisonOperator.LESS: operator.lt,
    ComparisonOperator.LESS_OR_EQUAL: operator.le,
}


class ReasonCode(StrEnum):
    """Why a state was decided."""

    BREACHING = "breaching"
    NOT_BREACHING = "not_breaching"
    NO_DATA = "no_data"
    OLD_BREACH = "old_breach"
    RULE_CHANGED = "rule_changed"


@dataclass(frozen=True)
class Condition:
    """What a rule's version asks: `datapoints_to_alarm` (M) of `evaluation_periods` (N) compare so to the threshold."""

    comparison_operator: str
    threshold: float
    evaluation_periods: int
    datapoints_to_alarm: int
    treat_missing_data: str

    @property
    def buckets(self) -> int:
        """How many buckets are looked at: N and some more to reach back over gaps.

        CloudWatch does not publish how far it reaches; its tables use 5 for N = 3.
        """
        return self.evaluation_periods + max(2, self.evaluation_periods // 3)

    def is_breaching(self, value: float) -> bool:
        """Whether one datapoint breaches."""
        return COMPARISONS[self.comparison_operator](value, self.threshold)

    def __str__(self) -> str:
        return f"{ComparisonOperator(self.comparison_operator).label} {self.threshold:g}"


@dataclass(frozen=True)
class Verdict:
    """A state with the reason it was decided, as a code and in words."""

    state: AlarmState
    reason_code: ReasonCode
    reason: str


def judge(rule: Condition, window: Sequence[float | None], *, current: AlarmState) -> Verdict:
    """Decide the state from the newest `rule.buckets` buckets, oldest first; None, NaN and infinities are missing.

    M real breaches alarm under any treatment of missing data; the treatment counts only when fewer than N are there.
    """
    marks = [_mark(rule, value) for value in window[-rule.buckets :]]
    real = [mark for mark in marks if mark is not None]
    needed = rule.evaluation_periods
    if not real:
        return _without_data(rule, current)
    if len(real) >= needed:
        return _counted(rule, sum(real[-needed:]), needed)
    fillers, breaching = needed - len(real), sum(real)
    match rule.treat_missing_data:
        case TreatMissingData.BREACHING:
            return _counted(rule, breaching + fillers, needed, fillers=fillers)
        case TreatMissingData.NOT_BREACHING:
            return _counted(rule, breaching, needed, fillers=fillers)
        case _:
            return _sparse(rule, marks, current)


def _mark(rule: Condition, value: float | None) -> bool | None:
    """True for a breach, False for none, None for missing; zero is a value like any other."""
    if value is None or not math.isfinite(value):
        return None
    return rule.is_breaching(value)


def _counted(rule: Condition, breaching: int, among: int, *, fillers: int = 0) -> Verdict:
    filled = f", {fillers} of them missing and taken as {rule.treat_missing_data}" if fillers else ""
    words = f"{breaching} of {among} datapoints {rule}{filled}; {rule.datapoints_to_alarm} needed to alarm"
    if breaching >= rule.datapoints_to_alarm:
        return Verdict(AlarmState.ALARM, ReasonCode.BREACHING, words)
    return Verdict(AlarmState.OK, ReasonCode.NOT_BREACHING, words)


def _without_data(rule: Condition, current: AlarmState) -> Verdict:
    states = {
        TreatMissingData.BREACHING: AlarmState.ALARM,
        TreatMissingData.NOT_BREACHING: AlarmState.OK,
        TreatMissingData.IGNORE: current,
    }
    state = states.get(TreatMissingData(rule.treat_missing_data), AlarmState.INSUFFICIENT_DATA)
    words = f"No datapoint in {rule.buckets} periods; missing data is treated as {rule.treat_missing_data}"
    return Verdict(state, ReasonCode.NO_DATA, words)


def _sparse(rule: Condition, marks: Sequence[bool | None], current: AlarmState) -> Verdict:
    """Fewer than N datapoints under `missing` or `ignore`: a young breach does not alarm yet, an old one does."""
    real = [mark for mark in marks if mark is not None]
    if sum(real) >= rule.datapoints_to_alarm or not all(real):
        return _counted(rule, sum(real), len(real))
    is_kept = rule.treat_missing_data == TreatMissingData.IGNORE
    words = f"Only {len(real)} of {rule.evaluation_periods} datapoints are there, breaching"
    if _age_of_oldest_breach(rule, marks) >= rule.datapoints_to_alarm:
        state = current if is_kept else AlarmState.ALARM
        return Verdict(state, ReasonCode.OLD_BREACH, f"{words} and without better ones since")
    state = current if is_kept else AlarmState.INSUFFICIENT_DATA
    return Verdict(state, ReasonCode.NO_DATA, f"{words} but too young to tell")


def _age_of_oldest_breach(rule: Condition, marks: Sequence[bool | None]) -> int:
    """In periods, the newest bucket being 1; a breach older than N periods does not age into an alarm."""
    newest_first = list(reversed(marks))[: rule.evaluation_periods]
    return max((age for age, mark in enumerate(newest_first, start=1) if mark), default=0)
