from datetime import timedelta

import pytest

from edgeops.notifications import channels, delivery, telling
from edgeops.notifications.models import Channel, Delivery, DeliveryAttempt
from edgeops.notifications.transports.base import Outcome, TransportError
from edgeops.timeline.models import Failure

MINUTE = timedelta(minutes=1)


class FakeTransport:
    """Takes every message, unless it was told how to fail the next ones."""

    def __init__(self):
        self.messages = []
        self.failures = []
        self.outcome = Outcome.DELIVERED

    def __call__(self, channel, message, *, now):
        self.messages.append(message)
        if self.failures:
            raise self.failures.pop(0)
        return self.outcome


@pytest.fixture
def transport():
    return FakeTransport()


@pytest.fixture
def send(transport):
    def run(row, now):
        delivery.send(row.pk, now=now, transports={"email": transport, "webhook": transport})
        row.refresh_from_db()
        return row

    return run


@pytest.fixture
def alarm(routed, observe, now):
    """A delivery that tells of an ALARM, due now."""
    return observe([1, 9, 9], now)[0]


def test_a_sent_delivery_ends_and_shows_on_its_channel(alarm, send, transport, now):
    sent = send(alarm, now)
    assert (sent.state, sent.next_at, sent.attempts) == ("delivered", None, 1)
    assert sent.sent_at >= now
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.outcome, attempt.detail) == ("delivered", "")
    channel = Channel.objects.get()
    assert (channel.consecutive_failures, channel.last_success_at) == (0, sent.sent_at)
    assert transport.messages[0].subject == "[ALARM] Slow handler (Products API)"


def test_a_delivery_sent_already_or_held_by_another_worker_is_not_sent_again(alarm, send, transport, now):
    send(alarm, now)
    send(alarm, now)
    assert len(transport.messages) == 1


def test_two_workers_at_once_send_once(alarm, send, transport, now):
    Delivery.claim(alarm.pk, now=now, lease_seconds=30)
    send(alarm, now)
    assert transport.messages == []


def test_accepted_is_not_called_delivered(alarm, send, transport, now):
    transport.outcome = Outcome.ACCEPTED
    assert send(alarm, now).state == "accepted"


def test_a_temporary_failure_is_retried_with_the_same_message_id(alarm, send, transport, now):
    transport.failures = [TransportError("HTTP 503")]
    failed = send(alarm, now)
    assert (failed.state, failed.last_error) == ("retry", "HTTP 503")
    assert now <= failed.next_at <= now + timedelta(seconds=6)
    assert Channel.objects.get().consecutive_failures == 1
    assert Channel.objects.get().last_failure == "HTTP 503"

    assert send(alarm, failed.next_at + timedelta(seconds=1)).state == "delivered"
    assert len({message.message_id for message in transport.messages}) == 1
    assert [row.outcome for row in DeliveryAttempt.objects.order_by("pk")] == ["temporary", "delivered"]
    assert Channel.objects.get().consecutive_failures == 0


def test_a_receiver_that_says_when_to_come_back_is_obeyed(alarm, send, transport, now):
    transport.failures = [TransportError("HTTP 429", retry_after=600)]
    wait = send(alarm, now).next_at - now
    assert timedelta(seconds=600) <= wait < timedelta(seconds=602)


def test_a_permanent_failure_ends_it(alarm, send, transport, now):
    transport.failures = [TransportError("HTTP 410", permanent=True)]
    assert (send(alarm, now).state, alarm.next_at) == ("dead", None)


def test_after_a_day_of_failures_it_is_given_up(alarm, send, transport, now):
    transport.failures = [TransportError("HTTP 500")] * 2
    late = now + timedelta(hours=23, minutes=59, seconds=59)
    transport.failures[0].retry_after = 3600
    assert send(alarm, late).state == "dead"

    Delivery.objects.filter(pk=alarm.pk).update(next_at=now, state="retry")
    assert send(alarm, now + timedelta(hours=25)).state == "dead"
    assert len(transport.messages) == 1


def test_an_ok_waits_for_its_alarm_and_never_overtakes_it(alarm, observe, send, transport, now):
    transport.failures = [TransportError("HTTP 500", retry_after=300)]
    send(alarm, now)
    over = observe([1, 1], now + 2 * MINUTE)[0]

    waiting = send(over, now + 2 * MINUTE)
    assert (waiting.state, waiting.attempts) == ("pending", 0)
    assert waiting.next_at > Delivery.objects.get(pk=alarm.pk).next_at
    assert len(transport.messages) == 1

    later = now + 10 * MINUTE
    send(alarm, later)
    assert send(over, later).state == "delivered"
    assert [message.subject[:7] for message in transport.messages] == ["[ALARM]", "[ALARM]", "[OK] Sl"]


def test_an_ok_whose_alarm_was_given_up_is_not_told(alarm, observe, send, transport, now):
    over = observe([1, 1], now + 2 * MINUTE)[0]
    transport.failures = [TransportError("HTTP 410", permanent=True)]
    send(alarm, now + 2 * MINUTE)
    assert send(over, now + 3 * MINUTE).state == "suppressed"
    assert len(transport.messages) == 1


def test_a_channel_disabled_meanwhile_is_not_told(alarm, mailbox, actor, send, transport, now):
    channels.edit(
        mailbox, name="On call", address="a@example.com", is_enabled=False, hears_failures=False, actor=actor, now=now
    )
    assert send(alarm, now).state == "suppressed"
    assert transport.messages == []


def test_a_worker_that_slept_through_its_lease_does_not_overwrite_the_outcome(alarm, transport, now):
    def slow(channel, message, *, now):
        later = now + 5 * MINUTE
        delivery.send(alarm.pk, now=later, transports={"email": transport})
        raise TransportError("HTTP 500")

    delivery.send(alarm.pk, now=now, transports={"email": slow})
    alarm.refresh_from_db()
    assert alarm.state == "delivered"
    assert DeliveryAttempt.objects.count() == 2
    assert Channel.objects.get().consecutive_failures == 0


def test_a_delivery_that_is_gone_is_no_error(db, now):
    delivery.send(404, now=now)
    assert not DeliveryAttempt.objects.exists()


@pytest.fixture
def failed(mailbox, actor, now):
    """Let an invalidation fail and write the delivery that tells of it."""
    channels.edit(
        mailbox, name="On call", address="a@example.com", is_enabled=True, hears_failures=True, actor=actor, now=now
    )

    def fail(at):
        subject = ("distribution", 7)
        Failure.put("invalidation.failed", subject=subject, title="It failed", advice="Mend it.", path="/", at=at)
        return telling.tell(now=at)[0]

    return fail


def test_a_failure_takes_the_same_road_with_retries_and_attempts(failed, send, transport, now):
    transport.failures = [TransportError("HTTP 503")]
    waiting = send(failed(now), now)
    assert (waiting.state, waiting.last_error) == ("retry", "HTTP 503")

    assert send(waiting, waiting.next_at).state == "delivered"
    assert {message.subject for message in transport.messages} == {"[EdgeOps] It failed"}
    assert len({message.message_id for message in transport.messages}) == 1
    assert [row.outcome for row in DeliveryAttempt.objects.order_by("pk")] == ["temporary", "delivered"]


def test_the_next_hours_message_of_a_failure_waits_for_the_first(failed, send, transport, now):
    transport.failures = [TransportError("HTTP 503", retry_after=2 * 3600)]
    first = send(failed(now), now)
    later = now + timedelta(hours=1)
    second = failed(later)
    assert send(second, later).attempts == 0

    send(first, now + timedelta(hours=2, minutes=1))
    assert send(second, now + timedelta(hours=3)).state == "delivered"
    assert [message.subject for message in transport.messages][1:] == [
        "[EdgeOps] It failed",
        "[EdgeOps] It failed (2 times)",
    ]


def test_a_channel_disabled_meanwhile_is_not_told_of_a_failure(failed, mailbox, actor, send, transport, now):
    waiting = failed(now)
    channels.edit(
        mailbox, name="On call", address="a@example.com", is_enabled=False, hears_failures=False, actor=actor, now=now
    )
    assert send(waiting, now).state == "suppressed"
    assert transport.messages == []
