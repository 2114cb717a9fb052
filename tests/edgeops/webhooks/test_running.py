import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations.models import Request, Source
from edgeops.secrets import decrypt
from edgeops.timeline.models import Event, Failure
from edgeops.webhooks import applying, endpoints, rules, running
from edgeops.webhooks.definitions import Definition, for_event
from edgeops.webhooks.models import MAX_BYTES, DeliveryVerdict, RuleVersion, WebhookDelivery
from edgeops.webhooks.rules import NewRule
from tests.fixtures.threads import at_once
from tests.fixtures.webhooks import SECRET, event, receive

ADA = Actor("user", "ada")


def add_rule(endpoint, now, name, **definition):
    return rules.add(endpoint, NewRule(name, Definition(**definition)), actor=ADA, now=now)


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
    assert (request.source, request.requested_by, request.rule) == (
        Source.WEBHOOK,
        "product data",
        "product changed v1",
    )
    assert (request.cause_kind, request.cause_id) == ("webhook_delivery", str(delivery.pk))
    assert request.reason == "product.updated (msg_1)"
    assert (delivery.state, delivery.next_at, delivery.event_type) == (
        DeliveryVerdict.PROCESSED, None, "product.updated"
    )  # fmt: skip
    assert "/products/7" in delivery.outcome
    row = Audit.objects.get(action="invalidation.requested")
    assert (row.actor_kind, row.actor, row.address) == ("webhook", "product data", "192.0.2.7")


def test_a_request_bears_the_ceiling_of_its_rule(run, endpoint, now):
    add_rule(endpoint, now, "bounded", items=("/products/{id}",), select="body.data", ceiling="/products/*")
    run(event(id=7))
    assert dict(Request.objects.values_list("rule", "ceiling")) == {
        "product changed v1": "", "bounded v1": "/products/*"
    }  # fmt: skip


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
    assert (delivery.state, len(made)) == (DeliveryVerdict.RULE_ERROR, 1)
    assert [item.sent_form for item in made[0].items.all()] == ["/products"]
    assert "Rule product changed v1: /products/{id}: " in delivery.outcome


def test_a_byte_order_mark_before_an_event_changes_nothing(run):
    delivery, (made,) = run(b"\xef\xbb\xbf" + event(id=7))
    assert delivery.state == DeliveryVerdict.PROCESSED
    assert "/products/7" in made.items.values_list("sent_form", flat=True)


@pytest.mark.parametrize("body", [b"7", b'"text"', b"null", b"true", b"[]", b'[{"type": "product.updated"}]', b"{}"])
def test_a_scalar_or_an_array_is_an_event_no_rule_waits_for(run, body):
    delivery, made = run(body)
    assert (delivery.state, delivery.outcome, made) == (
        DeliveryVerdict.IGNORED, "No enabled rule waits for this.", []
    )  # fmt: skip


@pytest.mark.parametrize("body", [b"not json", b"[" * 100_000, b"\xff"])
def test_a_body_that_cannot_be_read_is_an_error_in_the_log(run, body):
    delivery, _ = run(body)
    assert (delivery.state, delivery.next_at) == (DeliveryVerdict.RULE_ERROR, None)
    assert "body" in delivery.outcome


def test_everything_never_comes_out_of_a_webhook(run, endpoint):
    """Even if such a version had been written past the checks."""
    RuleVersion.objects.update(definition={"items": ["/*"]})
    delivery, _ = run(event(id=7))
    assert delivery.state == DeliveryVerdict.RULE_ERROR
    assert not Request.objects.exists()


def test_a_good_rule_runs_beside_a_broken_one_and_the_error_is_told(run, endpoint, now):
    add_rule(endpoint, now, "by slug", items=("/{slug}",), select="body.data")
    delivery, made = run(event(id=7))
    assert delivery.state == DeliveryVerdict.RULE_ERROR
    assert "Rule by slug v1: /{slug}: the selected object has no field `slug`" in delivery.outcome
    assert len(made) == 1


def test_two_rules_that_make_the_same_item_ask_for_it_each_in_its_own_name(run, endpoint, now):
    add_rule(endpoint, now, "again", items=("/products/{id}",), select="body.data")
    _, made = run(event(id=7))
    assert sorted(request.rule for request in made) == ["again v1", "product changed v1"]
    assert all("/products/7" in request.items.values_list("sent_form", flat=True) for request in made)


def test_todays_rule_runs_and_the_request_names_its_version(delivered, endpoint, now):
    delivery = delivered(event(id=7))
    rule = endpoint.rules.existing().get()
    rules.save(rule, Definition(items=("/p/{id}",), select="body.data"), actor=ADA, now=now)
    (made,) = running.run(delivery.pk, now=now)
    assert made.rule == "product changed v2"
    assert [item.sent_form for item in made.items.all()] == ["/p/7"]
    delivery.refresh_from_db()
    assert [(one["rule"], one["version"]) for one in delivery.runs[0]["rules"]] == [("product changed", 2)]


def test_the_log_keeps_each_run_with_what_came_of_it(run, now):
    delivery, (made,) = run(event(id=7))
    (record,) = delivery.runs
    assert (record["at"], record["by"], record["state"]) == (now.isoformat(), "", "processed")
    assert record["ms"] > 0
    assert record["rules"][0] == {
        "rule": "product changed",
        "version": 1,
        "items": 2,
        "request": str(made.pk),
        "problems": [],
        "explanation": ["Selected 1 object, which make 2 items."],
    }


def test_an_event_of_another_repository_than_the_pinned_one_leads_to_nothing(delivered, endpoint, now):
    pins = [{"at": "body.data.shop", "one_of": ["acme.myshopify.com"]}]
    endpoints.change(endpoint, pins=pins, actor=ADA, now=now)
    for number, (shop, state) in enumerate(
        [("evil", "mismatched"), (None, "mismatched"), ("acme.myshopify.com", "processed")]
    ):
        delivery = delivered(event(id=7, shop=shop), f"msg_{number}")
        running.run(delivery.pk, now=now)
        delivery.refresh_from_db()
        assert delivery.state == state
    assert "body.data.shop is 'evil'" in WebhookDelivery.objects.get(message_id="msg_0").outcome


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


def test_what_is_due_is_run_a_few_together_in_one_transaction(delivered, now):
    deliveries = [delivered(event(id=number), f"msg_{number}") for number in range(running.TOGETHER + 3)]
    assert running.run_due(now=now) == running.TOGETHER
    assert Request.objects.count() == running.TOGETHER
    with CaptureQueriesContext(connection) as captured:
        assert running.run_due(now=now) == 3
    begun = [query["sql"] for query in captured if query["sql"].startswith("BEGIN")]
    assert len(begun) <= 1, "one transaction for all of them"
    assert running.run_due(now=now) == 0
    assert Request.objects.count() == len(deliveries)
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"processed"}


def test_bodies_are_read_together_only_while_they_are_small(delivered, now, monkeypatch):
    monkeypatch.setattr(running, "MAX_BYTES", 100)
    for number, size in enumerate([60, 40, 1, 99, 100, 100]):
        delivery = delivered(b"x" * size, f"msg_{number}")
        WebhookDelivery.objects.filter(pk=delivery.pk).update(next_at=now - timedelta(seconds=10 - number))
    assert [running.run_due(now=now) for _ in range(5)] == [2, 2, 1, 1, 0]


def test_with_nothing_due_a_tick_writes_nothing(delivered, now):
    running.run(delivered(event(id=7)).pk, now=now)
    with CaptureQueriesContext(connection) as captured:
        assert running.run_due(now=now) == 0
    assert {query["sql"].split()[0] for query in captured} == {"SELECT"}


def test_one_that_cannot_be_run_takes_no_others_along(delivered, now, monkeypatch):
    """A fault nobody foresaw: the batch waits for its lease once, then each is tried alone."""
    bodies = [event(id="poison" if number == 1 else number) for number in range(4)]
    deliveries = [delivered(body, f"msg_{number}") for number, body in enumerate(bodies)]
    real = applying.trials

    def fails(rules, document):
        if document.body["data"]["id"] == "poison":
            raise ZeroDivisionError
        return real(rules, document)

    monkeypatch.setattr(applying, "trials", fails)
    for minute in range(1, 12):
        for _ in range(5):
            with suppress(ZeroDivisionError):
                running.run_due(now=now + timedelta(minutes=minute))
    states = [WebhookDelivery.objects.get(pk=one.pk).state for one in deliveries]
    assert states == ["processed", "dead", "processed", "processed"]
    assert Request.objects.count() == 3


def test_two_workers_that_tick_at_once_share_what_is_due(delivered, now):
    deliveries = [delivered(event(id=number), f"msg_{number}") for number in range(4)]
    pks = [one.pk for one in deliveries]
    first = WebhookDelivery.claim_all(pks[:3], now=now, lease_seconds=30)
    second = WebhookDelivery.claim_all(pks, now=now, lease_seconds=30)
    assert ([one.pk for one in first], [one.pk for one in second]) == (pks[:3], pks[3:])
    assert [one.attempts for one in first] == [1, 1, 1]


def test_an_error_that_quotes_what_cannot_be_stored_is_told_all_the_same(delivered, endpoint, now):
    add_rule(endpoint, now, "broken", items=("/a",), when="abs(body.data.id) == `1`")
    for number, text in enumerate([r"\ud800", r"\u0000"]):
        body = b'{"type": "x", "data": {"id": "' + text.encode() + b'"}}'
        delivery = delivered(body, f"msg_{number}")
        running.run(delivery.pk, now=now)
        delivery.refresh_from_db()
        assert delivery.state == DeliveryVerdict.RULE_ERROR
        assert "In function abs()" in delivery.outcome


def test_a_connection_message_or_a_large_body_is_run_alone(delivered, now, monkeypatch):
    large = delivered(event(id="large"), "large")
    WebhookDelivery.objects.update(body_bytes=2 * MAX_BYTES)
    small = delivered(event(id="small"), "small")
    together = []
    real = running._run

    def spy(claimed, at):
        together.append([one.pk for one in claimed])
        return real(claimed, at)

    monkeypatch.setattr(running, "_run", spy)
    assert running.run_due(now=now) == 2
    assert together == [[small.pk], [large.pk]]


def test_a_delivery_that_fails_is_marked_on_the_charts_once_an_hour_and_endpoint(delivered, api, now):
    first = delivered(b"not json", "msg_1")
    for delivery in (first, delivered(event(id="../x"), "msg_2"), delivered(event(id=7), "msg_3")):
        running.run(delivery.pk, now=now)
    mark = Event.objects.get(kind="webhook.failed")
    assert (mark.subject_kind, mark.subject_id, mark.api_slug) == ("webhook_delivery", str(first.pk), api.slug)
    assert (
        mark.title == "Webhook product data could not be applied: " + WebhookDelivery.objects.get(pk=first.pk).outcome
    )


def test_deliveries_that_fail_are_one_failure_of_their_endpoint_that_quotes_no_payload(delivered, endpoint, now):
    first = delivered(event(id="../hidden"), "msg_1")
    for delivery in (first, delivered(b"not json", "msg_2"), delivered(event(id=7), "msg_3")):
        running.run(delivery.pk, now=now)
        running.run(delivery.pk, now=now)
    failure = Failure.objects.get()
    assert (failure.kind, failure.subject_id, failure.count) == ("webhook.failed", str(endpoint.pk), 2)
    assert failure.title == "A delivery to the webhook product data could not be applied"
    assert failure.path == f"/cache/webhooks/deliveries/{first.pk}/"
    assert "correct the rule or the sender" in failure.advice
    assert "hidden" not in failure.title + failure.advice


@pytest.mark.django_db(transaction=True)
def test_workers_that_note_failures_of_two_endpoints_the_other_way_round_never_wait_for_each_other(
    delivered, endpoint, now, monkeypatch
):
    """Each has noted its first before either notes its second; on SQLite, which lets one write, it comes later."""
    other, _ = endpoints.create(
        name="prices", distribution=endpoint.distribution, actor=ADA, now=now, secret=SECRET,
        rules=[NewRule("changed", for_event("product.updated", ["/prices/{id}"]))],
    )  # fmt: skip
    posted = [receive(to, event(), at=now, message_id=str(n)).delivery for n in (1, 2) for to in (endpoint, other)]
    turns = iter([posted[:2], posted[:1:-1]])
    both, noted, put = threading.Barrier(2), threading.local(), Failure.put

    def put_with_the_other(*arguments, **what):
        put(*arguments, **what)
        if not hasattr(noted, "first"):
            noted.first = True
            with suppress(threading.BrokenBarrierError):
                both.wait(1)

    def work():
        claimed = [WebhookDelivery.claim(one.pk, now=now, lease_seconds=30) for one in next(turns)]
        return running._run(claimed, now)

    monkeypatch.setattr(Failure, "put", put_with_the_other)
    monkeypatch.setattr(running, "WRITE_SECONDS", 30)  # time enough to conclude both in one transaction
    assert [type(made) for made in at_once(2, work)] == [list, list]
    assert list(Failure.objects.values_list("count", flat=True)) == [2, 2]
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {DeliveryVerdict.RULE_ERROR}


def test_a_delivery_that_is_given_up_is_a_failure(delivered, now, settings):
    delivery = delivered(event(id=7))
    settings.ENCRYPTION_KEYS = ["b3RoZXItb25seS1rZXktbmV2ZXItaW4tcHJvZHVjdGk="]
    for hours in range(1, 7):
        assert not Failure.objects.exists()
        running.run(delivery.pk, now=now + timedelta(hours=hours))
    assert "could not be worked on in five attempts" in Failure.objects.get().advice


def test_a_worker_killed_while_it_ends_a_delivery_notes_nothing_and_the_next_notes_it_once(delivered, now, monkeypatch):
    delivery = delivered(event(id="../x"))

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Event, "put", killed)
        with pytest.raises(KeyboardInterrupt):
            running.run(delivery.pk, now=now)
    assert not Failure.objects.exists()

    running.run(delivery.pk, now=now + timedelta(seconds=30))
    assert Failure.objects.get().count == 1
