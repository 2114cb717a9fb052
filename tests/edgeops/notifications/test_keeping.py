from datetime import timedelta

import pytest

from edgeops.alarms.models import AlarmSeries, Incident, Transition
from edgeops.notifications import keeping
from edgeops.notifications.models import Delivery, DeliveryAttempt, DeliveryState
from edgeops.timeline.models import Failure

DAY = timedelta(days=1)
KEPT = 455 * DAY


@pytest.fixture
def told(routed, now):
    """An alarm that went to ALARM and back, and of whose every step somebody was told."""
    alarm_series = AlarmSeries.objects.get(rule=routed)
    version = routed.version
    for seq, (before, after) in enumerate((("OK", "ALARM"), ("ALARM", "OK"), ("OK", "ALARM")), 1):
        transition = Transition.objects.create(
            alarm_series=alarm_series, seq=seq, rule_version=version, from_state=before, to_state=after,
            reason_code="breach", reason="3 of 5", datapoints=[], observed_at=now, decided_at=now,
        )  # fmt: skip
        delivery = Delivery.objects.create(
            transition=transition, channel=routed.routes.get().channel, kind="state", state=DeliveryState.DELIVERED,
            message_id=f"00000000-0000-0000-0000-00000000000{seq}", created_at=now, sent_at=now,
        )  # fmt: skip
        DeliveryAttempt.objects.create(delivery=delivery, started_at=now, duration_seconds=1, outcome="delivered")
    AlarmSeries.objects.update(seq=3, state="ALARM")
    Incident.objects.create(alarm_series=alarm_series, opened_at=now, ended_at=now)
    Incident.objects.create(alarm_series=alarm_series, opened_at=now)
    return alarm_series


def test_what_alarms_did_is_kept_for_455_days_with_who_was_told(told, now):
    assert keeping.tidy(now + KEPT) == 0
    assert keeping.tidy(now + KEPT + DAY) == 2 * 3 + 1
    assert keeping.tidy(now + KEPT + DAY) == 0


def test_the_transition_an_alarm_stands_at_and_its_open_incident_stay(told, now):
    keeping.tidy(now + 2 * KEPT)
    assert told.transitions.get().seq == 3
    assert Delivery.objects.get().tries.count() == 1
    assert Incident.objects.get().ended_at is None


def test_failures_go_with_who_was_told_once_they_are_over(routed, now):
    Failure.put("x", subject=("s", 1), title="t", advice="a", path="/", at=now)
    failure = Failure.objects.get()
    delivery = Delivery.objects.create(
        failure=failure, times=1, channel=routed.routes.get().channel, kind="failure", next_at=now,
        message_id="00000000-0000-0000-0000-000000000001", created_at=now,
    )  # fmt: skip
    assert keeping.tidy(now + 2 * KEPT) == 0
    Failure.objects.update(look_at=None)
    assert keeping.tidy(now + 2 * KEPT) == 0
    Delivery.objects.update(next_at=None)
    assert keeping.tidy(now + KEPT) == 0
    assert keeping.tidy(now + KEPT + DAY) == 2
    assert not Delivery.objects.filter(pk=delivery.pk).exists()


def test_what_somebody_is_still_to_be_told_of_stays(told, now):
    Delivery.objects.filter(transition__seq=1).update(state=DeliveryState.RETRY, next_at=now)
    keeping.tidy(now + 2 * KEPT)
    assert sorted(told.transitions.values_list("seq", flat=True)) == [1, 3]
