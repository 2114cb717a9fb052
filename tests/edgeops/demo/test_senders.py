from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from edgeops.access.audit import SYSTEM
from edgeops.demo import seed, senders, signing, watching
from edgeops.invalidations.models import Item, Request
from edgeops.localaws.edge import Edge
from edgeops.localaws.origin import Origin
from edgeops.localaws.wire.messages import HttpRequest
from edgeops.webhooks import endpoints, recipes, running
from edgeops.webhooks.models import DeliveryVerdict, Endpoint, WebhookDelivery
from tests.edgeops.localaws.conftest import Clock, make_simulation
from tests.fixtures.webhooks import given_to_curl

HOSTS = {name: f"{name}.example.test" for name in ("products", "catalog", "orders")}


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def prepared(db, now, monkeypatch):
    monkeypatch.setattr("dashboards.views.hooks.publish", lambda *_: None)
    seed.estate()
    senders.prepare(now)


@pytest.fixture
def edge():
    simulation = make_simulation(Clock())
    return Edge(simulation, Origin(simulation))


def served(edge, host, path):
    return edge.answer(HttpRequest.from_target("GET", path, {"Host": host}, b"")).status


def run_all(now):
    for delivery in WebhookDelivery.objects.due(now):
        running.run(delivery.pk, now=now)


def test_three_senders_prove_themselves_in_three_ways(prepared):
    made = Endpoint.objects.values_list("name", "scheme", "distribution__name")
    assert set(made) == {
        (watching.ENDPOINT, "standard", "products"),
        ("Documents", "github", "products"),
        ("Stored data", "token", "catalog"),
    }
    assert all(endpoint.rules.existing().exists() for endpoint in Endpoint.objects.all())


def test_what_arrived_before_has_each_its_end(prepared, now):
    run_all(now)
    states = WebhookDelivery.objects.order_by("pk").values_list("endpoint__name", "state")
    assert list(states) == [
        (watching.ENDPOINT, DeliveryVerdict.PROCESSED),
        (watching.ENDPOINT, DeliveryVerdict.IGNORED),
        (watching.ENDPOINT, DeliveryVerdict.REJECTED),
        ("Documents", DeliveryVerdict.CONTROL),
        ("Documents", DeliveryVerdict.PROCESSED),
        ("Stored data", DeliveryVerdict.PROCESSED),
    ]


def test_whatever_arrived_before_can_be_proven_at_the_edge(prepared, edge, now):
    run_all(now)
    asked = Item.objects.values_list("request__distribution__name", "sent_form")
    assert len(asked) == 5
    assert {served(edge, HOSTS[name], path) for name, path in asked} == {200}


def test_preparing_again_adds_nothing_and_a_deleted_endpoint_stays_deleted(prepared, now):
    endpoints.delete(Endpoint.objects.get(name="Documents"), actor=SYSTEM, now=now)
    before = WebhookDelivery.objects.count()
    senders.prepare(now + timedelta(hours=1))
    assert (Endpoint.objects.count(), Endpoint.objects.existing().count()) == (3, 2)
    assert WebhookDelivery.objects.count() == before
    assert [command.endpoint.name for command in senders.commands(now)] == ["Stored data"]


def posted(lines):
    """What `curl` would have sent, had it been let out: the answer."""
    headers, body = given_to_curl(lines)
    key = lines.partition("/hooks/v1/")[2].split()[0].strip("'")
    return Client().generic("POST", f"/hooks/v1/{key}", body, headers.pop("content-type"), headers=headers)


@pytest.mark.parametrize("number", range(len(senders.SENDERS)))
def test_the_commands_of_a_sender_work_as_they_stand_and_lead_to_what_can_be_proven(prepared, edge, now, number):
    command = senders.commands(now)[number]
    WebhookDelivery.objects.all().delete()
    assert posted(command.lines).status_code == 202
    run_all(timezone.now())
    assert WebhookDelivery.objects.get().state == DeliveryVerdict.PROCESSED
    host = HOSTS[command.endpoint.distribution.name]
    forms = list(Request.objects.get().items.values_list("sent_form", flat=True))
    assert {served(edge, host, form) for form in forms} == {200}


def test_after_a_secret_is_turned_over_the_commands_hold_the_new_one(prepared, now):
    for name in (watching.ENDPOINT, "Stored data"):
        endpoints.rotate(Endpoint.objects.get(name=name), actor=SYSTEM, now=now)
    late = now + timedelta(days=2)
    fresh = senders.secret_of(Endpoint.objects.get(name="Stored data"), late)
    assert fresh in next(one.lines for one in senders.commands(late) if one.scheme == "Token in a header")
    assert signing.webhook_command(late) is not None
    Endpoint.objects.get(name=watching.ENDPOINT).secrets.all().delete()
    assert signing.webhook_command(late) is None


@pytest.mark.parametrize("recipe", recipes.every(), ids=lambda one: one.key)
def test_whatever_a_recipes_sample_makes_is_served_in_the_demo(edge, recipe):
    assert {served(edge, HOSTS["products"], path) for path in recipe.makes} == {200}
