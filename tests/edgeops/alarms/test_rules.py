import math
from dataclasses import replace
from datetime import timedelta

import pytest

from edgeops.access.models import Audit
from edgeops.alarms import rules, states, watch
from edgeops.alarms.models import AlarmRule, AlarmSeries, Incident
from edgeops.alarms.rules import InvalidRuleError
from edgeops.estate.models import EdgeApi, Hop
from edgeops.metrics.models import Interest, Series


def judge(now):
    watch.evaluate_due(lambda decision: states.apply(decision, now=now), now=now)


def test_a_new_rule_has_a_first_version_keeps_its_series_polled_and_is_audited(rule, series, actor):
    assert (rule.version.number, rule.version.created_by) == (1, "otto")
    assert AlarmSeries.objects.get(rule=rule).state == "INSUFFICIENT_DATA"
    assert Interest.objects.get(holder_kind="alarm", holder_id=str(rule.pk)).series == series
    audit = Audit.objects.get(action="alarm.created")
    assert (audit.actor, audit.subject_id, audit.address) == ("otto", str(rule.pk), "192.0.2.7")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"threshold": math.nan}, "threshold"),
        ({"threshold": math.inf}, "threshold"),
        ({"datapoints_to_alarm": 4}, "datapoints_to_alarm"),
        ({"datapoints_to_alarm": 0}, "datapoints_to_alarm"),
        ({"evaluation_periods": 0}, "evaluation_periods"),
        ({"evaluation_periods": 1441}, "evaluation_periods"),
        ({"comparison_operator": "about"}, "comparison_operator"),
        ({"treat_missing_data": "hope"}, "treat_missing_data"),
    ],
)
def test_a_condition_that_cannot_be_is_refused_by_its_field(api, series, condition, actor, now, change, field):
    with pytest.raises(InvalidRuleError) as refusal:
        rules.create(api=api, name="x", series=series, condition=replace(condition, **change), actor=actor, now=now)
    assert list(refusal.value.problems) == [field]
    assert not AlarmRule.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "Slow handler", " Slow handler "])
def test_a_name_that_is_empty_too_long_or_taken_is_refused(rule, api, series, condition, actor, now, name):
    with pytest.raises(InvalidRuleError) as refusal:
        rules.create(api=api, name=name, series=series, condition=condition, actor=actor, now=now)
    assert list(refusal.value.problems) == ["name"]


def test_the_series_of_another_api_is_refused(api, series, condition, actor, now):
    other = EdgeApi.objects.create(
        slug="other", name="Other", account=api.account, region="eu-west-1", distribution=api.distribution
    )
    hop = Hop.objects.create(
        api=other, account=api.account, region="eu-west-1", kind="lambda", position=1, name="f", dimensions={}
    )
    foreign = Series.objects.create(
        account=api.account, region="eu-west-1", hop=hop, namespace="AWS/Lambda", metric="Errors", statistic="Sum",
        dimensions={}, dimensions_key="f",
    )  # fmt: skip
    with pytest.raises(InvalidRuleError) as refusal:
        rules.create(api=api, name="x", series=foreign, condition=condition, actor=actor, now=now)
    assert list(refusal.value.problems) == ["series"]


def test_an_edit_adds_a_version_and_leaves_the_old_one_as_it_was(rule, condition, actor, now):
    rules.edit(rule, name="Slow", condition=replace(condition, threshold=7.0), actor=actor, now=now)
    rule.refresh_from_db()
    assert rule.name == "Slow"
    assert [(v.number, v.threshold) for v in rule.versions.order_by("number")] == [(1, 5.0), (2, 7.0)]
    assert Audit.objects.filter(action="alarm.edited").count() == 1


def test_disabling_ends_the_open_incident_and_the_interest_with_a_reason(rule, actor, feed, now):
    feed([1, 9, 9], until=now)
    judge(now)
    assert Incident.objects.filter(ended_at=None).exists()

    transitions = rules.disable(rule, actor=actor, now=now)
    assert [(t.from_state, t.to_state, t.reason_code) for t in transitions] == [
        ("ALARM", "INSUFFICIENT_DATA", "rule_changed")
    ]
    assert not Incident.objects.filter(ended_at=None).exists()
    assert not Interest.objects.exists()
    assert rules.disable(rule, actor=actor, now=now) == []


def test_a_rule_enabled_again_is_judged_from_then_on(rule, actor, feed, now):
    rules.disable(rule, actor=actor, now=now)
    feed([9, 9, 9], until=now + timedelta(minutes=3))
    rules.enable(rule, actor=actor, now=now + timedelta(minutes=3))
    assert Interest.objects.exists()
    judge(now + timedelta(minutes=3))
    assert AlarmSeries.objects.get(rule=rule).state == "INSUFFICIENT_DATA"

    feed([9], until=now + timedelta(minutes=4))
    judge(now + timedelta(minutes=4))
    assert AlarmSeries.objects.get(rule=rule).state == "ALARM"


def test_a_deleted_rule_keeps_its_history_and_gives_its_name_back(rule, api, series, condition, actor, feed, now):
    feed([1, 9, 9], until=now)
    judge(now)
    rules.delete(rule, actor=actor, now=now)

    assert not AlarmRule.objects.standing().exists()
    assert not Incident.objects.filter(ended_at=None).exists()
    assert AlarmSeries.objects.get(rule=rule).transitions.count() == 3
    assert Audit.objects.filter(action="alarm.deleted").exists()
    rules.create(api=api, name=rule.name, series=series, condition=condition, actor=actor, now=now)


def test_the_same_form_sent_twice_at_once_is_a_clear_refusal(rule, api, series, condition, actor, now, monkeypatch):
    # Both looked before either wrote.
    monkeypatch.setattr(rules, "problems_of", lambda **_: {})
    with pytest.raises(InvalidRuleError) as refused:
        rules.create(api=api, name=rule.name, series=series, condition=condition, actor=actor, now=now)

    assert "already" in refused.value.problems["name"]
    assert AlarmRule.objects.count() == Audit.objects.filter(action="alarm.created").count() == 1
