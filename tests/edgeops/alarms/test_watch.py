from dataclasses import replace
from datetime import timedelta

import pytest

from edgeops.alarms import evaluation, rules, states, watch
from edgeops.alarms.models import AlarmSeries, AlarmState, Incident, Transition
from edgeops.metrics import reading
from edgeops.timeline.models import Event
from tests.edgeops.metrics import rows

MINUTE = timedelta(minutes=1)


@pytest.fixture
def judge(rule):
    """Judge everything due and write it, as the task does, without anybody to tell."""

    def run(now):
        watch.evaluate_due(lambda decision: states.apply(decision, now=now), now=now)
        return AlarmSeries.objects.get(rule=rule)

    return run


def path(rule):
    return [t.to_state for t in Transition.objects.filter(alarm_series__rule=rule).order_by("seq")]


def test_the_first_evaluation_turns_a_past_incident_into_history(judge, rule, feed, now):
    feed([1, 1, 1, 9, 9, 9, 1, 1, 1], until=now)
    alarm_series = judge(now)

    assert path(rule) == ["OK", "ALARM", "OK"]
    assert (alarm_series.state, alarm_series.seq, alarm_series.evaluated_until) == ("OK", 3, now)
    incident = Incident.objects.get()
    assert (incident.opened_at, incident.ended_at) == (now - 4 * MINUTE, now - 1 * MINUTE)


def test_a_transition_keeps_the_datapoints_that_decided_it_with_their_gaps(judge, rule, feed, now):
    feed([1, 9, None, 9], until=now)
    judge(now)
    alarm = Transition.objects.get(to_state="ALARM")
    assert [value for _, value in alarm.datapoints] == [None, 1, 9, None, 9]
    assert alarm.datapoints[-1][0] == (now - MINUTE).isoformat()
    assert (alarm.reason_code, alarm.rule_version, alarm.observed_at) == ("breaching", rule.version, now)


def test_buckets_that_have_not_settled_are_not_judged(judge, rule, feed, series, now):
    feed([1, 1, 9, 9], until=now)
    series.settled_until = now - 2 * MINUTE
    series.save()
    assert judge(now).evaluated_until == now - 2 * MINUTE
    assert path(rule) == ["OK"]


def test_judging_again_without_new_buckets_changes_nothing(judge, rule, feed, now):
    feed([1, 9, 9], until=now)
    judge(now)
    assert watch.evaluate_due(lambda decision: pytest.fail("nothing is due"), now=now + MINUTE) == 0
    assert path(rule) == ["OK", "ALARM"]


def test_after_an_outage_every_bucket_is_judged_in_order(judge, rule, feed, now):
    feed([1, 1, 1], until=now)
    judge(now)
    feed([9, 9, 9, 1, 1, 1], until=now + 6 * MINUTE)
    judge(now + 6 * MINUTE)
    assert path(rule) == ["OK", "ALARM", "OK"]


def test_a_late_breach_still_inside_the_window_fires_without_rewriting_history(judge, rule, feed, series, now):
    feed([1, 1, None, 9], until=now)
    judge(now)
    assert path(rule) == ["OK"]

    rows.put(series, now - 2 * MINUTE, [9])
    feed([None], until=now + MINUTE)
    judge(now + MINUTE)
    assert path(rule) == ["OK", "ALARM"]
    assert Transition.objects.get(to_state="ALARM").observed_at == now + MINUTE


def test_data_that_stops_becomes_insufficient_data(judge, rule, feed, now):
    feed([1, 1, 1], until=now)
    judge(now)
    feed([None] * 6, until=now + 6 * MINUTE)
    assert judge(now + 6 * MINUTE).state == AlarmState.INSUFFICIENT_DATA


def test_a_series_never_polled_or_a_disabled_rule_is_not_judged(judge, rule, actor, feed, now):
    assert judge(now).evaluated_until is None
    rules.disable(rule, actor=actor, now=now)
    feed([9, 9, 9], until=now)
    assert judge(now).evaluated_until is None


def test_no_more_than_a_day_is_caught_up(judge, rule, feed, now):
    feed([9, 9, 9, 1, 1, 1] + [1] * 24 * 60, until=now)
    judge(now)
    assert path(rule) == ["OK"]


def test_of_two_workers_deciding_the_same_thing_one_writes(rule, feed, now):
    feed([1, 9, 9], until=now)
    alarm_series = AlarmSeries.objects.select_related("rule__api", "series").get(rule=rule)
    decision = watch.decide(alarm_series, now=now)
    assert states.apply(decision, now=now) is not None
    assert states.apply(decision, now=now) is None
    assert path(rule) == ["OK", "ALARM"]


def test_a_rule_disabled_between_judging_and_writing_does_not_go_to_alarm(rule, actor, feed, now):
    feed([1, 9, 9], until=now)
    decision = watch.decide(AlarmSeries.objects.select_related("rule__api", "series").get(rule=rule), now=now)
    rules.disable(rule, actor=actor, now=now)
    assert states.apply(decision, now=now) is None
    assert path(rule) == []


def test_one_poisonous_rule_is_shown_and_raised_but_stops_no_other(
    judge, rule, api, series, condition, actor, feed, now, monkeypatch
):
    other = rules.create(api=api, name="Other", series=series, condition=condition, actor=actor, now=now)
    feed([1, 9, 9], until=now)
    real, calls = evaluation.judge, []

    def poisonous(*args, **kwargs):
        calls.append(args)
        if len(calls) == 1:
            raise ZeroDivisionError
        return real(*args, **kwargs)

    monkeypatch.setattr(evaluation, "judge", poisonous)
    with pytest.raises(ExceptionGroup, match="1 of 2 alarms"):
        judge(now)

    assert (path(rule), path(other)) == ([], ["OK", "ALARM"])
    assert "could not judge" in AlarmSeries.objects.get(rule=rule).reason


def test_a_hundred_alarms_that_stay_as_they_are_cost_hardly_more_queries_than_one(
    rule, api, series, condition, actor, feed, judge, now, django_assert_max_num_queries
):
    for number in range(100):
        rules.create(api=api, name=f"Rule {number}", series=series, condition=condition, actor=actor, now=now)
    feed([1, 1, 1], until=now)
    judge(now)
    feed([1], until=now + MINUTE)

    with django_assert_max_num_queries(10):
        watch.evaluate_due(lambda _decision: pytest.fail("nothing changes"), now=now + MINUTE)

    judged = set(AlarmSeries.objects.values_list("state", "evaluated_until", "evaluated_at", "seq"))
    assert judged == {("OK", now + MINUTE, now + MINUTE, 1)}


def test_alarms_that_look_back_differently_far_are_each_judged_on_their_own_window(
    rule, api, series, condition, actor, feed, judge, now
):
    longer = replace(condition, evaluation_periods=8, datapoints_to_alarm=8)
    patient = rules.create(api=api, name="Patient", series=series, condition=longer, actor=actor, now=now)
    feed([1, 1, 1, 9, 9, 9, 9], until=now)

    judge(now)

    assert (path(rule), path(patient)) == (["OK", "ALARM"], ["OK"])


def test_lines_that_cannot_be_read_fail_only_the_alarms_that_share_them(
    rule, api, series, condition, actor, feed, judge, now, monkeypatch
):
    longer = replace(condition, evaluation_periods=8)
    patient = rules.create(api=api, name="Patient", series=series, condition=longer, actor=actor, now=now)
    feed([1, 9, 9], until=now)
    real, windows = reading.load, []

    def broken(wanted, start, *args, **kwargs):
        windows.append(start)
        if len(windows) == 1:
            raise ZeroDivisionError
        return real(wanted, start, *args, **kwargs)

    monkeypatch.setattr(reading, "load", broken)
    with pytest.raises(ExceptionGroup, match="1 of 2 alarms"):
        judge(now)

    assert (path(rule), path(patient)) == ([], ["OK", "ALARM"])


def test_what_somebody_moved_meanwhile_is_not_settled_over(rule, feed, now):
    decision = unchanged(rule, feed, now)
    AlarmSeries.objects.update(seq=4, reason="moved on")

    states.settle([decision], now=now)

    assert AlarmSeries.objects.get().reason == "moved on"


def test_a_rule_disabled_meanwhile_keeps_what_disabling_it_wrote(rule, actor, feed, now):
    decision = unchanged(rule, feed, now)
    rules.disable(rule, actor=actor, now=now)
    before = AlarmSeries.objects.values().get()

    states.settle([decision], now=now)

    assert AlarmSeries.objects.values().get() == before


def unchanged(rule, feed, now):
    """A decision that leaves the state as it is."""
    feed([1, 1, 1], until=now)
    alarm_series = AlarmSeries.objects.select_related("rule__api", "series").get(rule=rule)
    return replace(watch.decide(alarm_series, now=now), changes=())


def test_an_alarm_that_begins_and_ends_is_marked_on_the_timeline(judge, rule, feed, now):
    feed([1, 9, 9, 1, 1], until=now)
    judge(now)
    events = Event.objects.order_by("at")
    assert [(event.kind, event.api_slug) for event in events] == [("alarm.ALARM", "products"), ("alarm.OK", "products")]
    assert events[0].title == "Slow handler: OK → ALARM"
