"""From a signed webhook to an invalidation that is proven at the edge, through real processes."""

import json
import re

import pytest
from django.utils import timezone

from edgeops.access.models import Audit, User
from edgeops.demo import watching
from edgeops.estate.models import Distribution
from edgeops.invalidations.models import Batch, BatchAttempt, Request, RequestState
from edgeops.timeline.models import Event
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery
from tests.fixtures.webhooks import SECRET, signed_headers


@pytest.fixture
def endpoint(house):
    return watching.endpoint(timezone.now(), secret=SECRET)


@pytest.fixture
def post(house, endpoint):
    def send(message_id="msg_1", product="1", secret=SECRET):
        body = json.dumps({"type": watching.EVENT, "data": {"id": product}}).encode()
        headers = signed_headers(body, timezone.now(), message_id=message_id, secret=secret)
        return house.post(f"/hooks/v1/{endpoint.key}", body, {**headers, "Content-Type": "application/json"})

    return send


def states():
    return list(Request.objects.values_list("state", flat=True))


def await_proof(house):
    house.until(lambda: states() == [RequestState.VERIFIED], "one verified request")


def make_stale(house):
    """Have the edge cache product 1, then change it at its origin."""
    house.view("/products/1")
    house.change_product(1, name="Renamed kettle")
    stale = house.view("/products/1")
    assert "Renamed" not in stale.text
    assert stale.headers["X-Cache"] == "Hit from cloudfront"


def test_a_product_update_is_invalidated_and_proven_and_everybody_can_see_why(house, post):
    house.start("worker", "beat", "web")
    house.await_web()
    make_stale(house)

    assert post(secret="whsec_" + "A" * 32).status == 401
    assert post().status == 202
    assert post().status == 200, "a sender that tries again is told that it was received"
    await_proof(house)

    assert "Renamed kettle" in house.view("/products/1").text
    delivery, batch = WebhookDelivery.objects.get(message_id="msg_1"), Batch.objects.get()
    assert delivery.state == DeliveryVerdict.PROCESSED
    assert [(made["caller_reference"], made["paths"]) for made in house.created_invalidations()] == [
        (batch.caller_reference, ["/products/1"])
    ]
    kinds = set(Event.objects.values_list("kind", flat=True))
    assert {f"invalidation.{word}" for word in ("requested", "submitted", "completed", "verified")} <= kinds
    assert Audit.objects.filter(action="invalidation.requested", actor_kind="webhook").count() == 1
    cookies = house.sign_in(User.objects.get(username="viewer"))
    page = house.get(f"/cache/invalidations/{Request.objects.get().pk}/", cookies)
    assert page.status == 200
    assert watching.ENDPOINT in page.text
    assert batch.aws_id in page.text


def test_the_form_enters_the_same_road(house):
    house.start("worker", "beat", "web")
    house.await_web()
    make_stale(house)
    cookies = house.sign_in(User.objects.get(username="operator"))
    send = house.open_form("/cache/invalidations/new/", cookies)
    products = Distribution.objects.get(name="products")
    filled = {"distribution": products.pk, "paths": "/products/1", "reason": "price was wrong"}

    preview = send(filled)
    pressed = filled | {"seen": re.search(r'name="seen" value="(\w+)"', preview.text)[1]}
    first, second = send(pressed), send(pressed)

    assert (first.status, second.status) == (302, 302)
    assert first.headers["Location"] == second.headers["Location"], "a double click is one request"
    await_proof(house)
    assert "Renamed kettle" in house.view("/products/1").text
    assert len(house.created_invalidations()) == 1
    audit = Audit.objects.get(action="invalidation.requested")
    assert (audit.actor, audit.reason) == ("operator", "price was wrong")


def test_killing_worker_and_redis_in_the_middle_neither_loses_nor_repeats_an_invalidation(house, post):
    house.start("web")
    house.await_web()
    make_stale(house)

    # Redis dies before the post: the row is durable, so the sender is told 202.
    house.forget_redis()
    assert post().status == 202
    # The worker dies while AWS is creating the invalidation: AWS has it, nobody here knows.
    house.local_aws.control(
        "faults",
        {"kind": "delay", "service": "cloudfront", "operation": "CreateInvalidation", "delay_seconds": 2, "calls": 1},
    )
    house.start("redis", "worker", "beat")
    house.until(lambda: not house.local_aws.control("state")["faults"], "the call to have reached AWS")
    house.kill("worker")
    house.until(lambda: len(house.created_invalidations()) == 1, "AWS to have created it")
    assert not BatchAttempt.objects.exists(), "the killed worker recorded nothing"
    # Redis dies once more, with whatever the broker still held.
    house.forget_redis()
    house.let_leases_run_out()
    house.start("redis", "worker")
    await_proof(house)

    batch = Batch.objects.get()
    assert batch.attempts > 1
    assert [made["caller_reference"] for made in house.created_invalidations()] == [batch.caller_reference]
    assert house.local_aws.control("state")["billed_paths"] == 1
    assert WebhookDelivery.objects.get().state == DeliveryVerdict.PROCESSED
    assert Audit.objects.filter(action="invalidation.requested").count() == 1
    assert "Renamed kettle" in house.view("/products/1").text
