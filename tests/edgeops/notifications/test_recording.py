from datetime import timedelta

import pytest

from edgeops.alarms import states
from edgeops.alarms.models import AlarmSeries, Incident, Transition
from edgeops.notifications import channels, recording, routing
from edgeops.notifications.models import Delivery, DeliveryState

MINUTE = timedelta(minutes=1)


def told(channel):
    """What became of each transition for a channel, in order."""
    rows = Delivery.objects.filter(channel=channel).order_by("transition__seq")
    return [(row.transition.to_state, row.state) for row in rows]


def test_going_to_alarm_is_to_be_sent_to_every_routed_channel(routed, mailbox, hook, actor, observe, now):
    routing.set_channels(routed, [mailbox, hook], actor=actor, now=now)
    observe([1, 1, 1], now)
    deliveries = observe([9, 9], now + 2 * MINUTE)
    assert {delivery.channel for delivery in deliveries} == {mailbox, hook}
    assert told(mailbox) == told(hook) == [("OK", "suppressed"), ("ALARM", "pending")]
    assert deliveries[0].next_at == now + 2 * MINUTE


def test_the_ok_after_a_told_alarm_is_told_and_one_without_is_not(routed, mailbox, observe, now):
    observe([1, 1, 1], now)
    observe([9, 9], now + 2 * MINUTE)
    assert len(observe([1, 1], now + 4 * MINUTE)) == 1
    assert told(mailbox) == [("OK", "suppressed"), ("ALARM", "pending"), ("OK", "pending")]


def test_of_several_transitions_in_one_evaluation_only_the_newest_is_told(routed, mailbox, observe, now):
    assert len(observe([1, 1, 9, 9], now)) == 1
    assert told(mailbox) == [("OK", "superseded"), ("ALARM", "pending")]


def test_an_incident_over_before_anybody_heard_of_it_is_not_told(routed, mailbox, observe, now):
    assert observe([1, 1, 9, 9, 1, 1], now) == []
    assert told(mailbox) == [("OK", "superseded"), ("ALARM", "superseded"), ("OK", "suppressed")]
    assert Delivery.objects.filter(reason="").count() == 0


def test_missing_data_in_between_is_not_told_but_the_ok_after_it_is(routed, mailbox, observe, now):
    observe([1, 9, 9], now)
    assert observe([None] * 6, now + 6 * MINUTE) == []
    assert len(observe([1, 1, 1], now + 9 * MINUTE)) == 1
    assert told(mailbox)[-2:] == [("INSUFFICIENT_DATA", "suppressed"), ("OK", "pending")]


def test_a_disabled_channel_and_a_rule_without_channels_get_no_deliveries(rule, routed, mailbox, actor, observe, now):
    channels.edit(
        mailbox, name="On call", address="a@example.com", is_enabled=False, hears_failures=False, actor=actor, now=now
    )
    assert observe([1, 9, 9], now) == []
    assert not Delivery.objects.exists()
    assert Transition.objects.count() == 2


@pytest.mark.parametrize("end", [recording.disable_rule, recording.delete_rule])
def test_ending_a_rule_in_alarm_is_told_to_those_who_heard_of_the_alarm(end, routed, mailbox, actor, observe, now):
    observe([1, 9, 9], now)
    deliveries = end(routed, actor=actor, now=now + MINUTE)
    assert [delivery.transition.reason_code for delivery in deliveries] == ["rule_changed"]
    assert not Incident.objects.filter(ended_at=None).exists()


def test_ending_a_rule_that_is_fine_tells_nobody(routed, actor, observe, now):
    observe([1, 1, 1], now)
    assert recording.disable_rule(routed, actor=actor, now=now) == []


def test_a_failure_while_writing_deliveries_leaves_neither_state_nor_transition(
    routed, feed, observe, now, monkeypatch
):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(recording, "_delivery", fail)
    with pytest.raises(ExceptionGroup):
        observe([1, 9, 9], now)
    assert not Transition.objects.exists()
    assert AlarmSeries.objects.get(rule=routed).seq == 0


def test_a_decision_somebody_else_wrote_first_adds_no_deliveries(routed, observe, now, monkeypatch):
    monkeypatch.setattr(states, "apply", lambda decision, *, now: None)
    assert observe([1, 9, 9], now) == []
    assert Delivery.objects.filter(state=DeliveryState.PENDING).count() == 0
