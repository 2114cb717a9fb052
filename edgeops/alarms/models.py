"""Rules with their versions, the state of a rule on a series, and every transition it made."""

from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.estate.models import EdgeApi
from edgeops.metrics.models import Series


class ComparisonOperator(models.TextChoices):
    """CloudWatch's words; the statistic is the left operand."""

    GREATER = "GreaterThanThreshold", ">"
    GREATER_OR_EQUAL = "GreaterThanOrEqualToThreshold", "≥"
    LESS = "LessThanThreshold", "<"
    LESS_OR_EQUAL = "LessThanOrEqualToThreshold", "≤"


class TreatMissingData(models.TextChoices):
    """What stands in for a missing datapoint when fewer than N are there."""

    MISSING = "missing", "missing: no data is INSUFFICIENT_DATA"
    IGNORE = "ignore", "ignore: keep the state"
    BREACHING = "breaching", "breaching: no data is bad"
    NOT_BREACHING = "notBreaching", "notBreaching: no data is good"


class AlarmState(models.TextChoices):
    """CloudWatch's three states."""

    OK = "OK", "OK"
    ALARM = "ALARM", "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA", "INSUFFICIENT_DATA"


class AlarmRuleQuerySet(models.QuerySet["AlarmRule"]):
    """Queries over rules."""

    def standing(self) -> Self:
        """Rules that were not deleted, enabled or not."""
        return self.filter(deleted_at=None)


class AlarmRule(models.Model):
    """What somebody wants to be told about. The id is stable; what it says is in its versions.

    A deleted rule stays as a row: its transitions and what was told of them are history.
    """

    api = models.ForeignKey(EdgeApi, on_delete=models.CASCADE, related_name="alarm_rules")
    name = models.CharField(max_length=120)
    is_enabled = models.BooleanField(default=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = AlarmRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api", "name"], condition=Q(deleted_at=None), name="alarm_rule_name")
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def version(self) -> "AlarmRuleVersion":
        """The version in force: the newest."""
        return self.versions.latest("number")


class AlarmRuleVersion(models.Model):
    """One immutable wording of a rule; an edit adds the next."""

    rule = models.ForeignKey(AlarmRule, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    period = models.PositiveIntegerField(default=60, help_text="Seconds.")
    comparison_operator = models.CharField(max_length=40, choices=ComparisonOperator.choices)
    threshold = models.FloatField()
    evaluation_periods = models.PositiveSmallIntegerField(help_text="N: how many datapoints are looked at.")
    datapoints_to_alarm = models.PositiveSmallIntegerField(help_text="M: how many of them must breach.")
    treat_missing_data = models.CharField(max_length=20, choices=TreatMissingData.choices)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="alarm_version_once"),
            models.CheckConstraint(
                condition=Q(datapoints_to_alarm__gte=1) & Q(datapoints_to_alarm__lte=models.F("evaluation_periods")),
                name="alarm_m_of_n",
            ),
        ]

    def __str__(self) -> str:
        sign = ComparisonOperator(self.comparison_operator).label
        return f"{sign} {self.threshold:g} for {self.datapoints_to_alarm} of {self.evaluation_periods}"


class AlarmSeriesQuerySet(models.QuerySet["AlarmSeries"]):
    """Queries over rules on series."""

    def watched(self) -> Self:
        """Those whose rule is enabled and not deleted."""
        return self.filter(rule__is_enabled=True, rule__deleted_at=None)

    def unjudged(self) -> Self:
        """Watched ones with settled buckets nobody has judged."""
        newer = Q(evaluated_until=None) | Q(series__settled_until__gt=models.F("evaluated_until"))
        return self.watched().filter(newer, series__settled_until__isnull=False)


class AlarmSeries(models.Model):
    """A rule applied to a series: one state, moved on by compare-and-set on `seq`."""

    rule = models.ForeignKey(AlarmRule, on_delete=models.CASCADE, related_name="alarm_series")
    series = models.ForeignKey(Series, on_delete=models.RESTRICT, related_name="alarm_series")
    state = models.CharField(max_length=20, choices=AlarmState.choices, default=AlarmState.INSUFFICIENT_DATA)
    state_since = models.DateTimeField()
    reason = models.CharField(max_length=300, blank=True)
    seq = models.PositiveIntegerField(default=0, help_text="Transitions so far; the compare of compare-and-set.")
    evaluated_until = models.DateTimeField(null=True, help_text="End of the newest bucket judged.")
    evaluated_at = models.DateTimeField(null=True)

    objects = AlarmSeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "alarm series"
        constraints = [models.UniqueConstraint(fields=["rule", "series"], name="alarm_series_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.series_id}: {self.state}"


class Transition(models.Model):
    """A change of state with everything that led to it. Rows are only ever added."""

    alarm_series = models.ForeignKey(AlarmSeries, on_delete=models.CASCADE, related_name="transitions")
    seq = models.PositiveIntegerField()
    rule_version = models.ForeignKey(AlarmRuleVersion, on_delete=models.RESTRICT, related_name="transitions")
    from_state = models.CharField(max_length=20, choices=AlarmState.choices)
    to_state = models.CharField(max_length=20, choices=AlarmState.choices)
    reason_code = models.CharField(max_length=40)
    reason = models.CharField(max_length=300)
    datapoints = models.JSONField(help_text="[start of bucket, value or null] of every bucket looked at, oldest first.")
    observed_at = models.DateTimeField(help_text="End of the bucket that decided it.")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alarm_series", "seq"], name="transition_once")]
        indexes = [models.Index(fields=["-decided_at"], name="transition_newest")]  # recently changed

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class Incident(models.Model):
    """From going to ALARM until leaving it; at most one open per rule and series."""

    alarm_series = models.ForeignKey(AlarmSeries, on_delete=models.CASCADE, related_name="incidents")
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alarm_series"], condition=Q(ended_at=None), name="incident_open_once")
        ]

    def __str__(self) -> str:
        return f"{self.alarm_series_id} since {self.opened_at:%H:%M}"
