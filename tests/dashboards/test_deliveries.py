import html
import re
from datetime import timedelta

import pytest

from edgeops.access.models import Audit
from edgeops.invalidations.models import Request
from edgeops.webhooks import running
from edgeops.webhooks.models import DeliveryVerdict, Endpoint, Rule, WebhookDelivery
from tests.fixtures.webhooks import event, receive

LOG = "/cache/webhooks/deliveries/"


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def delivered(endpoint, now):
    """A delivery whose rules have run."""

    def one(number=1, at=now, **data):
        delivery = receive(endpoint, event(**({"id": number} | data)), at=at, message_id=f"msg_{number}").delivery
        running.run(delivery.pk, now=at)
        delivery.refresh_from_db()
        return delivery

    return one


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"msg_1", "msg_2"}),
        ({"verdict": "processed"}, {"msg_1", "msg_2"}),
        ({"verdict": "dead"}, set()),
        ({"verdict": "nonsense"}, {"msg_1", "msg_2"}),
        ({"text": "MSG_2"}, {"msg_2"}),
        ({"text": "product.upd"}, {"msg_1", "msg_2"}),
        ({"since": "2026-11-22"}, {"msg_1"}),
        ({"until": "2026-11-21"}, {"msg_2"}),
        ({"endpoint": "999"}, set()),
        ({"endpoint": "all"}, {"msg_1", "msg_2"}),
    ],
)
def test_the_log_is_narrowed(client, vera, delivered, now, query, found):
    delivered(1)
    delivered(2, at=now - timedelta(days=1))
    client.force_login(vera)
    page = text(client.get(LOG, query))
    assert {name for name in ("msg_1", "msg_2") if f">{name}</td>" in page} == found


def test_a_day_that_cannot_be_read_is_told(client, vera, db):
    client.force_login(vera)
    assert "“&lt;b&gt;” is no day" in text(client.get(LOG, {"since": "<b>"}))


def test_a_verdict_that_there_is_not_is_told(client, vera, db):
    client.force_login(vera)
    assert "There is no verdict “nonsense”." in text(client.get(LOG, {"verdict": "nonsense"}))


def test_the_log_has_pages_and_few_queries(client, otto, delivered, django_assert_max_num_queries):
    for number in range(55):
        delivered(number)
    client.force_login(otto)
    with django_assert_max_num_queries(10):
        page = text(client.get(LOG, {"verdict": "processed"}))
    assert page.count("product.updated") == 50
    page = text(client.get(LOG + html.unescape(re.search(r'href="([^"]*)">Older<', page)[1])))
    assert page.count("product.updated") == 5
    assert 'href="?verdict=processed">Newest</a>' in page


def test_a_delivery_shows_what_came_what_the_rules_made_and_when(client, otto, delivered):
    delivery = delivered(7, note="<script>alert(1)</script>")
    client.force_login(otto)
    page = text(client.get(f"{LOG}{delivery.pk}/"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "product changed v1: 2 items." in page
    assert f'href="/cache/invalidations/{Request.objects.get().uuid}/"' in page
    assert "•••" in page
    assert "192.0.2.7" in page
    assert "Rehearse it again" in page


def test_a_viewer_sees_no_body_and_runs_nothing(client, vera, delivered):
    delivery = delivered(7, note="secret of the shop")
    client.force_login(vera)
    page = text(client.get(f"{LOG}{delivery.pk}/"))
    assert "secret of the shop" not in page
    assert "Rehearse" not in page
    assert "Rehearse" not in text(client.get(LOG))
    for path in ("rehearse/", "redeliver/"):
        assert client.post(LOG + path, {"delivery": delivery.pk, "reason": "x"}).status_code == 403
    assert Request.objects.count() == 1


def test_a_body_that_is_gone_or_binary_is_said(client, otto, endpoint, delivered, now):
    delivery = delivered()
    WebhookDelivery.objects.update(encrypted_body="")
    client.force_login(otto)
    page = text(client.get(f"{LOG}{delivery.pk}/"))
    assert "It was deleted after 7 days." in page
    assert "Rehearse it again" not in page
    receive(endpoint, b"\x00\xff" * 4_000, at=now, headers={})
    refused = WebhookDelivery.objects.get(state=DeliveryVerdict.REJECTED)
    assert "Only the beginning is shown." in text(client.get(f"{LOG}{refused.pk}/"))
    assert client.get(f"{LOG}999999/").status_code == 404


def test_deliveries_are_rehearsed_then_run_again_as_new_invalidations(client, otto, delivered, now):
    first, second = delivered(1), delivered(2)
    client.force_login(otto)
    page = text(client.post(LOG + "rehearse/", {"delivery": [first.pk, second.pk]}))
    assert "Nothing has been run." in page
    assert "/products, /products/1" in page or "/products/1, /products" in page
    assert Request.objects.count() == 2
    assert "Say why" in text(client.post(LOG + "redeliver/", {"delivery": [first.pk]}, follow=True))
    page = text(client.post(LOG + "redeliver/", {"delivery": [first.pk, second.pk], "reason": "Lost"}, follow=True))
    assert "2 run again" in page
    assert Audit.objects.filter(action="webhook_delivery.redelivered", actor="otto").count() == 2


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ([], "From 1 to 100 deliveries"),
        (["x", "-1", "9" * 30], "From 1 to 100 deliveries"),
        ([str(number) for number in range(101)], "Choose up to 100"),
    ],
)
def test_too_few_or_too_many_are_refused(client, otto, db, chosen, words):
    client.force_login(otto)
    assert words in text(client.post(LOG + "rehearse/", {"delivery": chosen}, follow=True))
    assert words in text(client.post(LOG + "redeliver/", {"delivery": chosen, "reason": "x"}, follow=True))


def test_dead_letters_are_rehearsed_together(client, otto, delivered):
    dead = delivered(1)
    delivered(2)
    WebhookDelivery.objects.filter(pk=dead.pk).update(state=DeliveryVerdict.DEAD)
    client.force_login(otto)
    page = text(client.post(LOG + "rehearse/", {"dead": "1"}))
    assert f'name="delivery" value="{dead.pk}"' in page
    assert "of 1 delivery" in page


def test_only_what_can_be_run_again_can_be_chosen(client, otto, delivered):
    fit, refused, control = delivered(1), delivered(2), delivered(3)
    WebhookDelivery.objects.filter(pk=refused.pk).update(state=DeliveryVerdict.REJECTED)
    WebhookDelivery.objects.filter(pk=control.pk).update(is_control=True)
    client.force_login(otto)
    page = text(client.get(LOG))
    assert re.findall(r'name="delivery" value="(\d+)"', page) == [str(fit.pk)]
    Endpoint.objects.update(deleted_at=fit.received_at)
    assert 'name="delivery"' not in text(client.get(LOG))


def test_dead_letters_are_offered_where_there_are_any(client, otto, delivered):
    dead = delivered(1)
    client.force_login(otto)
    assert "Rehearse the dead letters" not in text(client.get(LOG))
    WebhookDelivery.objects.filter(pk=dead.pk).update(state=DeliveryVerdict.DEAD)
    assert "Rehearse the dead letters" in text(client.get(LOG))


def test_a_rehearsal_without_rules_says_that_nothing_comes_of_it(client, otto, delivered):
    delivery = delivered(1)
    Rule.objects.update(is_enabled=False)
    client.force_login(otto)
    assert "nothing would come of it" in text(client.post(LOG + "rehearse/", {"delivery": delivery.pk}))


def test_the_log_follows_what_is_run_again_until_it_is_over(client, otto, delivered, now):
    delivery = delivered(1)
    client.force_login(otto)
    assert "data-refresh-seconds" not in text(client.get(LOG))
    WebhookDelivery.objects.filter(pk=delivery.pk).update(next_at=now, state=DeliveryVerdict.ACCEPTED)
    assert 'data-refresh-seconds="2"' in text(client.get(LOG))
    assert text(client.get(LOG, headers={"HX-Request": "true"})).lstrip().startswith('<div id="live"')
