from datetime import timedelta

import pytest

from edgeops.access.models import Audit
from edgeops.invalidations.models import Request, Source
from edgeops.secrets import decrypt
from edgeops.webhooks import running
from edgeops.webhooks.models import DeliveryVerdict, Rule, WebhookDelivery
from tests.fixtures.webhooks import event, receive


@pytest.fixture
def delivered(endpoint, now):
    def post(body, message_id="msg_1"):
        return receive(endpoint, body, at=now, message_id=message_id).delivery

    return post


@pytest.fixture
def run(delivered, now):
    def deliver_and_run(body):
        delivery = delivered(body)
        made = running.run(delivery.pk, now=now)
        delivery.refresh_from_db()
        return delivery, made

    return deliver_and_run


def test_an_event_leads_to_an_invalidation_that_names_its_cause(run, endpoint, now):
    delivery, made = run(event(id=7))

    request = Request.objects.get()
    assert made == [request]
    assert sorted(request.items.values_list("sent_form", flat=True)) == ["/products", "/products/7"]
    assert (request.source, request.requested_by, request.rule) == (Source.WEBHOOK, "product data", "product changed")
    assert (request.cause_kind, request.cause_id) == ("webhook_delivery", str(delivery.pk))
    assert request.reason == "product.updated (msg_1)"
    assert (delivery.state, delivery.next_at, delivery.event_type) == (
        DeliveryVerdict.PROCESSED, None, "product.updated"
    )  # fmt: skip
    assert "/products/7" in delivery.outcome
    row = Audit.objects.get(action="invalidation.requested")
    assert (row.actor_kind, row.actor, row.address) == ("webhook", "product data", "192.0.2.7")


def test_an_event_no_rule_waits_for_is_ignored(run):
    delivery, made = run(event("order.created", id=7))
    assert (delivery.state, made) == (DeliveryVerdict.IGNORED, [])
    assert "order.created" in delivery.outcome


def test_a_rule_that_is_off_waits_for_nothing(run, endpoint):
    endpoint.rules.update(is_enabled=False)
    assert run(event(id=7))[0].state == DeliveryVerdict.IGNORED


@pytest.mark.parametrize("data", [{"id": "../admin"}, {"id": ""}, {"id": None}, {"id": []}, {"id": True}, {}])
def test_a_value_that_does_not_fit_is_an_error_that_names_the_rule(run, data):
    delivery, made = run(event(**data))
    assert (delivery.state, made) == (DeliveryVerdict.RULE_ERROR, [])
    assert "Rule product changed: /products/{id}: " in delivery.outcome
    assert not Request.objects.exists()


@pytest.mark.parametrize("body", [b"not json", b"[" * 100_000, b"\xff", b'{"type":1}'])
def test_a_body_that_cannot_be_read_is_an_error_in_the_log(run, body):
    delivery, _ = run(body)
    assert (delivery.state, delivery.next_at) == (DeliveryVerdict.RULE_ERROR, None)
    assert "body" in delivery.outcome


def test_everything_never_comes_out_of_a_webhook(run, endpoint):
    endpoint.rules.update(path_templates=["/*"])
    delivery, _ = run(event(id=7))
    assert delivery.state == DeliveryVerdict.RULE_ERROR
    assert not Request.objects.exists()


def test_a_good_rule_runs_beside_a_broken_one_and_the_error_is_told(run, endpoint):
    Rule.objects.create(endpoint=endpoint, name="by slug", event_type="product.updated", path_templates=["/{slug}"])
    delivery, made = run(event(id=7))
    assert delivery.state == DeliveryVerdict.RULE_ERROR
    assert "Rule by slug: /{slug}: the event's data has no field `slug`" in delivery.outcome
    assert len(made) == 1


def test_a_delivery_run_twice_leads_to_one_invalidation(delivered, now):
    delivery = delivered(event(id=7))
    assert running.run(delivery.pk, now=now)
    assert running.run(delivery.pk, now=now) == []
    WebhookDelivery.objects.update(next_at=now)  # as after a kill between the request and its commit elsewhere
    running.run(delivery.pk, now=now)
    assert Request.objects.count() == 1


def test_a_worker_killed_in_the_middle_leaves_nothing_half_done(delivered, now, monkeypatch):
    delivery = delivered(event(id=7))

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(WebhookDelivery, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            running.run(delivery.pk, now=now)
    assert not Request.objects.exists()

    assert running.run(delivery.pk, now=now + timedelta(seconds=29)) == []
    assert running.run(delivery.pk, now=now + timedelta(seconds=30))
    assert Request.objects.count() == 1


def test_a_delivery_that_fails_five_times_is_given_up(delivered, now, settings):
    delivery = delivered(event(id=7))
    settings.ENCRYPTION_KEYS = ["b3RoZXItb25seS1rZXktbmV2ZXItaW4tcHJvZHVjdGk="]
    for hours in range(1, 7):
        assert running.run(delivery.pk, now=now + timedelta(hours=hours)) == []

    delivery.refresh_from_db()
    assert (delivery.state, delivery.next_at) == (DeliveryVerdict.DEAD, None)
    assert "EDGEOPS_ENCRYPTION_KEYS" in delivery.outcome


def test_a_delivery_recovers_when_its_key_is_back(delivered, now, settings):
    delivery = delivered(event(id=7))
    keys = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ["b3RoZXItb25seS1rZXktbmV2ZXItaW4tcHJvZHVjdGk="]
    running.run(delivery.pk, now=now)
    settings.ENCRYPTION_KEYS = keys
    assert decrypt(delivery.encrypted_body)
    assert running.run(delivery.pk, now=now + timedelta(hours=1))
