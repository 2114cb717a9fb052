from dataclasses import replace
from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.invalidations.models import Request, RequestState
from edgeops.webhooks import definitions, endpoints, rules, running
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery
from edgeops.webhooks.rules import NewRule
from edgeops.webhooks.schemes import known
from edgeops.webhooks.schemes.seam import Draft
from tests.fixtures.webhooks import event, receive

BODY = event(id=7)


@pytest.fixture
def shop(distribution, now):
    rule = NewRule("changed", definitions.for_event("product.updated", ["/products/{id}"]))
    made, secret = endpoints.create(
        name="shop", distribution=distribution, rules=[rule], actor=Actor("user", "ada"), now=now, scheme="shopify"
    )
    made.test_secret = secret
    return made


@pytest.fixture
def post(shop, now):
    """Posts as somebody can who captured one: the same body, signed as it was, under an id of their choice."""

    def send(message_id, body=BODY, at=now):
        headers = known.get("shopify").sign(shop.test_secret, {}, Draft(message_id, at, body))
        delivery = receive(shop, body, at=at, headers=headers).delivery
        running.run(delivery.pk, now=at)
        delivery.refresh_from_db()
        return delivery

    return send


def set_states(state):
    Request.objects.update(state=state)


def test_the_same_body_under_a_new_id_joins_the_request_that_is_still_unsent(post):
    first = post("1")
    set_states(RequestState.QUEUED)
    again = post("2")
    assert (again.state, again.same_as) == (DeliveryVerdict.JOINED, first)
    assert Request.objects.count() == 1


def test_the_same_body_joins_only_what_asks_for_all_that_rules_make_of_it_now(post, shop, now):
    """Headers that nobody signs may say another topic, and a rule may have been mended meanwhile."""
    post("1")
    rule = shop.rules.existing().get()
    more = replace(rules.definition_of(rule), items=("/products/{id}", "/products"))
    rules.save(rule, more, actor=Actor("user", "ada"), now=now)
    again = post("2")
    assert again.state == DeliveryVerdict.PROCESSED
    asked = Request.objects.get(cause_id=str(again.pk))
    assert sorted(item.sent_form for item in asked.items.all()) == ["/products", "/products/7"]
    assert post("3").state == DeliveryVerdict.JOINED


def test_once_it_was_sent_the_same_body_is_invalidated_for_again(post):
    first = post("1")
    set_states(RequestState.SUBMITTED)
    again = post("2")
    assert (again.state, again.same_as) == (DeliveryVerdict.PROCESSED, first)
    assert Request.objects.count() == 2


def test_repeats_beyond_the_budget_are_kept_and_lead_to_nothing(post, shop, now):
    shop.replay_budget = 2
    shop.save()
    for number in range(5):
        post(str(number))
        set_states(RequestState.SUBMITTED)
    states = list(WebhookDelivery.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["processed"] * 3 + ["repeated"] * 2
    assert Request.objects.count() == 3
    later = post("later", at=now + timedelta(hours=2))
    assert later.state == DeliveryVerdict.PROCESSED


def test_repeats_of_a_body_of_which_one_value_does_not_fit_draw_on_the_budget_too(post, shop):
    """Its other values are invalidated each time, so whoever captured it could otherwise send it for ever."""
    rule = shop.rules.existing().get()
    both = replace(rules.definition_of(rule), items=("/products/{id}", "/products/of/{maker}"))
    rules.save(rule, both, actor=Actor("user", "ada"), now=rule.current.saved_at)
    shop.replay_budget = 2
    shop.save()
    states = []
    for number in range(5):
        states.append(post(str(number), event(id=7, maker="*")).state)
        set_states(RequestState.SUBMITTED)
    assert states == ["rule_error"] * 3 + ["repeated"] * 2
    assert Request.objects.count() == 3


def test_what_joined_draws_nothing_from_the_budget(post, shop):
    shop.replay_budget = 1
    shop.save()
    post("1")
    set_states(RequestState.QUEUED)
    assert [post(str(number)).state for number in (2, 3, 4)] == [DeliveryVerdict.JOINED] * 3
    set_states(RequestState.SUBMITTED)
    assert post("5").state == DeliveryVerdict.PROCESSED


def test_an_id_nobody_signs_keeps_no_other_body_out(post, shop, now):
    """Whoever captured a post could send it under the ids that are to come, and each event would be taken for known."""
    post("1")
    taken = post("2")
    meant = post("2", event(id=8))
    assert (taken.state, meant.state) == (DeliveryVerdict.JOINED, DeliveryVerdict.PROCESSED)
    assert (taken.message_id, meant.message_id) == ("2", None)
    assert post("2") == taken
    # The sender's own retry is told by its body.
    assert post("2", event(id=8)).same_as == meant
    assert post("2", event(id=9)).state == DeliveryVerdict.PROCESSED


def test_another_body_is_another_event(post):
    post("1")
    set_states(RequestState.QUEUED)
    assert post("2", event(id=8)).same_as is None


def test_a_body_is_remembered_for_seven_days(post, now):
    post("1")
    set_states(RequestState.SUBMITTED)
    assert post("2", at=now + timedelta(days=7)).same_as is not None
    assert post("3", at=now + timedelta(days=15)).same_as is None


def test_a_rule_that_waits_for_the_origin_waits_anew_for_each_post(post, shop, now):
    rule = shop.rules.existing().get()
    delayed = replace(rules.definition_of(rule), not_before_seconds=2)
    rules.save(rule, delayed, actor=Actor("user", "ada"), now=now)
    post("1")
    post("2", at=now + timedelta(seconds=1))
    assert list(Request.objects.order_by("requested_at").values_list("state", "not_before")) == [
        (RequestState.REQUESTED, now + timedelta(seconds=2)),
        (RequestState.REQUESTED, now + timedelta(seconds=3)),
    ]


def test_where_the_id_is_signed_the_same_body_is_a_second_event(endpoint, now):
    for number in range(3):
        delivery = receive(endpoint, BODY, at=now, message_id=f"msg_{number}").delivery
        running.run(delivery.pk, now=now)
    assert Request.objects.count() == 3
    assert not WebhookDelivery.objects.exclude(same_as=None).exists()
