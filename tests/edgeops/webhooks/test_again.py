from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations import approvals
from edgeops.invalidations.models import Policy, Request
from edgeops.webhooks import again, endpoints, pausing, receiving, rules, running
from edgeops.webhooks.again import CannotRedeliverError
from edgeops.webhooks.definitions import Definition
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery
from tests.fixtures.threads import at_once
from tests.fixtures.webhooks import event, receive

OTTO = Actor("user", "otto")


@pytest.fixture
def ran(endpoint, now):
    def post_and_run(message_id="msg_1", body=None):
        delivery = receive(endpoint, body or event(id=7), at=now, message_id=message_id).delivery
        running.run(delivery.pk, now=now)
        delivery.refresh_from_db()
        return delivery

    return post_and_run


def save_rule(endpoint, now, *items):
    rules.save(endpoint.rules.existing().get(), Definition(items=items, select="body.data"), actor=OTTO, now=now)


def test_a_rehearsal_shows_what_todays_rules_would_do_and_does_nothing(ran, endpoint, now):
    delivery = ran()
    save_rule(endpoint, now, "/p/{id}")
    (rehearsal,) = again.rehearse([delivery])
    ((rule, trial),) = rehearsal.trials
    assert (rule.name, trial.items) == ("product changed", ("/p/7",))
    assert Request.objects.count() == 1


def test_a_redelivery_runs_todays_rules_as_a_request_of_its_own_with_its_cause(ran, endpoint, now):
    delivery = ran()
    save_rule(endpoint, now, "/p/{id}")
    later = now + timedelta(hours=1)
    assert again.redeliver([delivery], reason="the rule was wrong", actor=OTTO, now=later) == 1
    (made,) = running.run(delivery.pk, now=later)
    assert running.run(delivery.pk, now=later) == []

    assert [item.sent_form for item in made.items.all()] == ["/p/7"]
    assert (made.cause_kind, made.cause_id) == ("webhook_delivery", str(delivery.pk))
    assert made.reason == "product.updated (msg_1), run again by otto"
    assert Request.objects.count() == 2
    delivery.refresh_from_db()
    assert [(one["by"], one["rules"][0]["version"]) for one in delivery.runs] == [("", 1), ("otto", 2)]
    row = Audit.objects.get(action="webhook_delivery.redelivered")
    assert (row.actor, row.reason, row.subject_id) == ("otto", "the rule was wrong", str(delivery.pk))


def test_what_a_deleted_endpoint_took_is_not_run_again(ran, endpoint, now):
    delivery = ran()
    endpoints.delete(endpoint, actor=OTTO, now=now)
    delivery = WebhookDelivery.objects.select_related("endpoint").get(pk=delivery.pk)
    assert again.rehearse([delivery])[0].problem == "Its endpoint was deleted, and its rules with it."
    with pytest.raises(CannotRedeliverError, match="of a deleted endpoint"):
        again.redeliver([delivery], reason="try", actor=OTTO, now=now)
    assert Request.objects.count() == 1


def test_the_same_delivery_can_be_run_again_more_than_once(ran, now):
    delivery = ran()
    for _ in range(2):
        again.redeliver([delivery], reason="once more", actor=OTTO, now=now)
        assert len(running.run(delivery.pk, now=now)) == 1
    assert Request.objects.count() == 3


def test_many_are_spread_over_time_and_more_than_a_hundred_are_refused(ran, now):
    deliveries = [ran(f"msg_{number}") for number in range(11)]
    again.redeliver(deliveries, reason="a storm was lost", actor=OTTO, now=now)
    due = list(WebhookDelivery.objects.order_by("pk").values_list("next_at", flat=True))
    assert [(at - now).total_seconds() for at in due] == pytest.approx([number / 10 for number in range(11)])
    for count in (0, 101):
        with pytest.raises(CannotRedeliverError, match="From 1 to 100"):
            again.redeliver([deliveries[0]] * count, reason="x", actor=OTTO, now=now)
        with pytest.raises(CannotRedeliverError, match="From 1 to 100"):
            again.rehearse([deliveries[0]] * count)


def test_whoever_has_a_delivery_run_again_asks_for_it_and_is_no_second_person(ran, endpoint, now):
    delivery = ran()
    Policy.objects.create(distribution=endpoint.distribution, max_items=1, asks_approval=True)
    again.redeliver([delivery], reason="Prices", actor=OTTO, now=now)
    (asked,) = running.run(delivery.pk, now=now)
    assert (asked.state, asked.requested_by_kind, asked.requested_by) == ("awaiting_approval", "user", "otto")
    assert not approvals.may_decide(asked, OTTO)
    assert approvals.may_decide(asked, Actor("user", "ada"))


def test_what_is_run_again_is_held_with_its_endpoint(ran, endpoint, now):
    delivery = ran()
    pausing.pause(endpoint, reason="Storm", actor=OTTO, now=now)
    again.redeliver([delivery], reason="Prices", actor=OTTO, now=now)
    (asked,) = running.run(delivery.pk, now=now)
    assert (asked.state, asked.lane) == ("held", "webhook product data")


@pytest.mark.django_db(transaction=True)
def test_asked_for_twice_at_one_moment_a_delivery_is_run_again_once(ran, now):
    delivery = ran()
    made = at_once(4, lambda: again.redeliver([delivery], reason="Prices", actor=OTTO, now=now))
    assert sorted(type(one).__name__ for one in made) == ["CannotRedeliverError"] * 3 + ["int"]
    delivery.refresh_from_db()
    assert delivery.reruns == 1
    assert Audit.objects.filter(action="webhook_delivery.redelivered").count() == 1


def test_without_a_reason_nothing_is_run(ran, now):
    with pytest.raises(CannotRedeliverError, match="Say why"):
        again.redeliver([ran()], reason=" ", actor=OTTO, now=now)


def test_what_was_refused_waits_or_has_no_body_any_more_cannot_be_run_again(ran, endpoint, now):
    good = ran()
    refused = receive(endpoint, b"{}", at=now, headers={})
    assert refused.delivery is None
    rejected = WebhookDelivery.objects.get(state=DeliveryVerdict.REJECTED)
    waiting = receive(endpoint, event(id=8), at=now, message_id="waiting").delivery
    for bad in (rejected, waiting):
        with pytest.raises(CannotRedeliverError, match="1 of 2 cannot be run again"):
            again.redeliver([good, bad], reason="x", actor=OTTO, now=now)
    receiving.tidy(now + timedelta(days=8))
    good.refresh_from_db()
    with pytest.raises(CannotRedeliverError, match="older than 7 days"):
        again.redeliver([good], reason="x", actor=OTTO, now=now)
    assert again.rehearse([good])[0].problem == "Its body was deleted after 7 days."
    assert not Audit.objects.filter(action="webhook_delivery.redelivered").exists()


def test_dead_letters_are_found_and_can_be_retried_in_bulk(ran, endpoint, now, settings):
    keys = settings.ENCRYPTION_KEYS
    dead = [receive(endpoint, event(id=n), at=now, message_id=f"d{n}").delivery for n in range(3)]
    settings.ENCRYPTION_KEYS = ["b3RoZXItb25seS1rZXktbmV2ZXItaW4tcHJvZHVjdGk="]
    for hours in range(1, 8):
        for delivery in dead:
            running.run(delivery.pk, now=now + timedelta(hours=hours))
    settings.ENCRYPTION_KEYS = keys
    assert list(again.dead_letters()) == list(again.dead_letters(endpoint.pk)) == dead
    assert not again.dead_letters(endpoint.pk + 1)

    later = now + timedelta(days=1)
    assert again.redeliver(again.dead_letters(), reason="the key is back", actor=OTTO, now=later) == 3
    assert [len(running.run(one.pk, now=later + timedelta(seconds=1))) for one in dead] == [1, 1, 1]
    assert not again.dead_letters()


def test_a_body_nobody_can_read_says_so_in_the_rehearsal(ran):
    delivery = ran(body=b"not json")
    assert delivery.state == DeliveryVerdict.RULE_ERROR
    assert "not JSON" in again.rehearse([delivery])[0].problem
