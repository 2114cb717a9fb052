"""From a breach in CloudWatch to a mail and a signed webhook as really received, through real processes."""

import pytest
from django.utils import timezone

from edgeops.access.models import User
from edgeops.alarms.models import AlarmSeries, AlarmState, Incident, Transition
from edgeops.demo import signing, watching
from edgeops.metrics import planning
from edgeops.notifications.models import Channel, Delivery, DeliveryAttempt, DeliveryState
from edgeops.timeline.models import Event

FIRING, RECOVERED = "Browse targets unhealthy", "Products function fails"
SENT = {DeliveryState.DELIVERED, DeliveryState.ACCEPTED}


@pytest.fixture
def watched(house):
    """The demo's two alarms on both channels, first polls planned."""
    now = timezone.now()
    watching.alarms(watching.channels(now), now)
    planning.plan(now)


def told():
    """Deliveries of the firing alarm that somebody was told of, by channel."""
    firing = Delivery.objects.filter(transition__alarm_series__rule__name=FIRING, transition__to_state=AlarmState.ALARM)
    return {delivery.channel.name: delivery for delivery in firing.select_related("channel")}


def await_told(house):
    house.until(lambda: len(told()) == 2 and {found.state for found in told().values()} <= SENT, "both channels told")


def assert_told_once(house):
    (posted,) = house.messages("webhook")
    (mailed,) = house.messages("email")
    deliveries = told()
    assert posted.header("webhook-id") == str(deliveries[watching.WEBHOOK_CHANNEL].message_id)
    assert signing.signer(posted) == watching.WEBHOOK_CHANNEL
    assert str(deliveries[watching.MAIL_CHANNEL].message_id) in mailed.header("Message-ID")
    assert FIRING in mailed.header("Subject")


def test_a_breach_goes_to_alarm_and_is_told_by_mail_and_signed_webhook(house, watched):
    house.start("worker", "beat", "web")
    await_told(house)

    assert_told_once(house)
    # The incident that was over before anybody looked is history, and nobody is woken for it.
    past = Transition.objects.filter(alarm_series__rule__name=RECOVERED).order_by("seq")
    assert [transition.to_state for transition in past][-2:] == [AlarmState.ALARM, AlarmState.OK]
    assert Incident.objects.filter(alarm_series__rule__name=RECOVERED, ended_at=None).count() == 0
    firing = AlarmSeries.objects.get(rule__name=FIRING)
    assert firing.state == AlarmState.ALARM
    assert firing.incidents.filter(ended_at=None).count() == 1
    assert Event.objects.filter(kind="alarm.ALARM", api_slug="catalog").count() == 1

    house.await_web()
    cookies = house.sign_in(User.objects.get(username="viewer"))
    page = house.get(f"/alarms/{firing.rule_id}/", cookies)
    assert page.status == 200
    assert "ALARM" in page.text
    assert "Signature verified" in house.get("/demo/inbox/", cookies).text


def test_killing_worker_and_redis_in_the_middle_tells_everybody_once(house, watched):
    # The receivers hold connections and answer nothing: the worker is in the middle of sending.
    house.freeze("receivers")
    house.start("worker", "beat")
    house.until(lambda: len(told()) == 2, "the deliveries to be decided")
    house.until(lambda: Delivery.objects.exclude(lease_until=None).exists(), "a worker to be sending")
    house.kill("worker", "receivers")
    house.forget_redis()
    assert not DeliveryAttempt.objects.filter(outcome__in=["delivered", "accepted"]).exists()
    assert house.messages("webhook") == house.messages("email") == []

    house.let_leases_run_out()
    house.start("redis", "receivers", "worker")
    await_told(house)

    assert_told_once(house)
    assert all(delivery.attempts >= 1 for delivery in told().values())
    assert Transition.objects.filter(alarm_series__rule__name=FIRING, to_state=AlarmState.ALARM).count() == 1
    assert set(Channel.objects.values_list("consecutive_failures", flat=True)) == {0}


def test_a_receiver_that_is_down_is_tried_again_until_it_is_up(house, watched):
    house.kill("receivers")
    house.start("worker", "beat")
    house.until(lambda: DeliveryAttempt.objects.filter(outcome="temporary").count() >= 2, "two failed attempts")
    assert Channel.objects.filter(consecutive_failures__gt=0).exists()

    house.start("receivers")
    await_told(house)

    assert_told_once(house)
