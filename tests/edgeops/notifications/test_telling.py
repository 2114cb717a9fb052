from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from edgeops.notifications import channels, telling
from edgeops.notifications.models import Delivery
from edgeops.timeline.models import Failure

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def listening(mailbox, hook, actor, now):
    """Both channels, told of failures from a minute ago on."""
    since = now - MINUTE
    for one in (mailbox, hook):
        hear(one, actor, since)
    return mailbox, hook


def hear(channel, actor, at, *, wished=True, is_enabled=True):
    channels.edit(
        channel, name=channel.name, address=channel.address, is_enabled=is_enabled, hears_failures=wished,
        actor=actor, now=at,
    )  # fmt: skip


def fail(at, *, times=1, subject=("distribution", 7)):
    for _ in range(times):
        Failure.put(
            "invalidation.failed", subject=subject, title="An invalidation failed", advice="Mend it.",
            path="/cache/", at=at,
        )  # fmt: skip


def told(channel):
    return list(Delivery.objects.filter(channel=channel).order_by("pk").values_list("times", flat=True))


def test_a_failure_is_told_to_every_channel_that_wants_to_hear_of_it(listening, now):
    fail(now)
    deliveries = telling.tell(now=now + SECOND)
    assert {delivery.channel for delivery in deliveries} == set(listening)
    assert {delivery.pk for delivery in deliveries} == set(Delivery.objects.values_list("pk", flat=True))
    one = Delivery.objects.first()
    assert (one.kind, one.state, one.next_at) == ("failure", "pending", now + SECOND)
    assert (one.times, one.reason) == (1, "It happened once so far")


def test_a_sweep_that_comes_twice_tells_once(listening, now):
    fail(now)
    telling.tell(now=now)
    assert telling.tell(now=now) == []
    assert telling.tell(now=now + 59 * MINUTE) == []
    assert Delivery.objects.count() == 2


def test_two_workers_that_found_the_same_failure_tell_once(listening, now):
    fail(now)
    first, second = Failure.objects.get(), Failure.objects.get()
    assert len(telling._tell(first, now)) == 2
    assert telling._tell(second, now) == []
    assert Delivery.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_tell_once(listening, now):
    fail(now, times=3)

    def work():
        try:
            return len(telling.tell(now=now))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as workers:
        written = [done.result() for done in [workers.submit(work) for _ in range(12)]]
    assert sorted(written) == [0] * 11 + [2]
    assert Delivery.objects.count() == 2


def test_a_worker_killed_between_two_deliveries_leaves_neither_and_the_next_writes_both(listening, now, monkeypatch):
    fail(now)
    real, made = telling._delivery, []

    def killed(*arguments):
        if made:
            raise KeyboardInterrupt
        made.append(arguments)
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(telling, "_delivery", killed)
        with pytest.raises(KeyboardInterrupt):
            telling.tell(now=now)
    assert not Delivery.objects.exists()
    assert Failure.objects.get().told == 0

    assert len(telling.tell(now=now + SECOND)) == 2


def test_five_hundred_in_a_minute_are_one_message_that_says_how_many(listening, mailbox, now):
    fail(now, times=37)
    telling.tell(now=now)
    fail(now + 30 * SECOND, times=463)
    for seconds in range(60):
        assert telling.tell(now=now + seconds * MINUTE) == []
    assert told(mailbox) == [37]
    assert Delivery.objects.first().reason == "It happened 37 times so far"

    telling.tell(now=now + HOUR)
    assert told(mailbox) == [37, 500]
    assert Delivery.objects.last().reason == "It happened 463 more times since the last message, 500 in all"


def test_what_goes_on_is_told_once_an_hour_and_after_a_quiet_hour_it_is_over(listening, mailbox, now):
    for minute in range(170):
        fail(now + minute * MINUTE)
        telling.tell(now=now + minute * MINUTE)
    assert told(mailbox) == [1, 61, 121]
    for minute in range(170, 400):
        telling.tell(now=now + minute * MINUTE)
    assert told(mailbox) == [1, 61, 121, 170]
    assert Failure.objects.get().look_at is None

    fail(now + 400 * MINUTE)
    telling.tell(now=now + 400 * MINUTE)
    assert told(mailbox) == [1, 61, 121, 170, 1]


def test_another_subject_is_told_at_once(listening, mailbox, now):
    fail(now)
    telling.tell(now=now)
    fail(now + SECOND, subject=("distribution", 8))
    telling.tell(now=now + SECOND)
    assert told(mailbox) == [1, 1]


def test_what_failed_before_a_channel_wished_to_hear_of_it_is_not_told_even_if_nobody_looked_since(mailbox, actor, now):
    fail(now)
    hear(mailbox, actor, now + SECOND)
    telling.tell(now=now + MINUTE)
    assert told(mailbox) == []
    telling.tell(now=now + 2 * HOUR)
    assert told(mailbox) == []


def test_a_channel_that_begins_to_listen_is_told_when_it_goes_on(mailbox, actor, now):
    fail(now)
    telling.tell(now=now)
    hear(mailbox, actor, now + MINUTE)
    fail(now + 2 * MINUTE)
    telling.tell(now=now + HOUR)
    assert told(mailbox) == [2]


@pytest.mark.parametrize("changes", [{"wished": False}, {"is_enabled": False}])
def test_a_channel_that_does_not_listen_any_more_is_told_nothing(listening, mailbox, actor, now, changes):
    hear(mailbox, actor, now, **changes)
    fail(now)
    telling.tell(now=now)
    assert told(mailbox) == []


def test_an_edit_that_keeps_the_wish_misses_nothing(listening, mailbox, actor, now):
    fail(now)
    hear(mailbox, actor, now + SECOND)
    telling.tell(now=now + MINUTE)
    assert told(mailbox) == [1]


def test_a_failure_that_nobody_was_there_to_tell_for_hours_is_told_all_the_same(listening, mailbox, now):
    fail(now)
    telling.tell(now=now + 5 * HOUR)
    assert told(mailbox) == [1]
    assert Failure.objects.get().look_at == now + 6 * HOUR


def test_a_delivery_is_of_one_thing(listening, mailbox, now):
    fail(now)
    (one, _) = telling.tell(now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=one.pk).update(failure=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(pk=one.pk).update(times=None)
