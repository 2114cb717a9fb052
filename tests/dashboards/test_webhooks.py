import re

import pytest
from django.utils import timezone

from edgeops.access.models import Audit
from edgeops.webhooks import endpoints, rules, running
from edgeops.webhooks.models import Endpoint
from edgeops.webhooks.schemes import standard
from tests.fixtures.webhooks import event, receive

NEW = "/cache/webhooks/new/"


@pytest.fixture
def form(distribution):
    return {
        "name": "shop",
        "distribution": distribution.pk,
        "event_type": "product.updated",
        "paths": "/products/{id}\r\n/products\r\n",
    }


def shown_secret(response):
    return re.search(r'id="secret">(whsec_[^<]+)<', response.content.decode())[1]


def test_an_admin_makes_an_endpoint_and_sees_its_secret_once(client, ada, form):
    client.force_login(ada)
    response = client.post(NEW, form)

    endpoint = Endpoint.objects.get()
    secret = shown_secret(response)
    assert [live.secret for live in endpoints.live_secrets(endpoint, timezone.now())[0]] == [secret]
    assert rules.definition_of(endpoint.rules.get()).items == ("/products/{id}", "/products")
    assert "no-store" in response["Cache-Control"]
    assert set(Audit.objects.values_list("actor", flat=True)) == {"ada"}
    assert secret not in client.get("/cache/webhooks/").content.decode()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"paths": "/*"}, "never invalidates"),
        ({"paths": "\n".join(f"/{number}/{{id}}*" for number in range(16))}, "16 wildcards are more than the 15"),
        ({"paths": "\n".join(f"/{number}/{{id}}" for number in range(51))}, "up to 50 templates"),
        ({"paths": "products/{id}"}, "slash"),
        ({"paths": "/{a b}"}, "no field&#x27;s name"),
        ({"distribution": "E9"}, "available choices"),
        ({"name": ""}, "required"),
    ],
)
def test_an_endpoint_that_cannot_work_is_refused_in_words(client, ada, form, changes, problem):
    client.force_login(ada)
    assert problem in client.post(NEW, form | changes).content.decode()
    assert not Endpoint.objects.exists()


def test_a_name_is_taken_once(client, ada, form, endpoint):
    client.force_login(ada)
    assert "already" in client.post(NEW, form | {"name": endpoint.name}).content.decode()
    assert Endpoint.objects.count() == 1


def instead_of(client, endpoint):
    """What the button on the endpoint's page sends."""
    page = client.get(f"/cache/webhooks/{endpoint.pk}/").content.decode()
    return {"instead_of": re.search(r'name="instead_of" value="([^"]*)"', page)[1]}


def test_an_admin_turns_a_secret_over_until_three_are_live(client, ada, endpoint):
    client.force_login(ada)
    url = f"/cache/webhooks/{endpoint.pk}/secret/"
    assert len(standard.key(shown_secret(client.post(url, instead_of(client, endpoint))))) == 32
    client.post(url, instead_of(client, endpoint))
    response = client.post(url, instead_of(client, endpoint), follow=True)
    assert "3 live secrets already" in response.content.decode()
    assert endpoint.secrets.count() == 3


def test_loading_the_page_of_a_new_secret_again_replaces_nothing(client, ada, endpoint):
    client.force_login(ada)
    url = f"/cache/webhooks/{endpoint.pk}/secret/"
    posted = instead_of(client, endpoint)
    client.post(url, posted)
    page = client.post(url, posted, follow=True).content.decode()
    assert "A new secret was made already" in page
    assert client.post(url).status_code == 302  # made by hand, it names none
    assert endpoint.secrets.count() == 2


def test_an_admin_closes_and_opens_an_endpoint(client, ada, endpoint):
    client.force_login(ada)
    client.post(f"/cache/webhooks/{endpoint.pk}/switch/", {"enabled": "no"})
    assert not Endpoint.objects.get().is_enabled
    client.post(f"/cache/webhooks/{endpoint.pk}/switch/", {"enabled": "yes"})
    assert Endpoint.objects.get().is_enabled


@pytest.mark.parametrize("path", ["new/", "{pk}/secret/", "{pk}/switch/"])
def test_an_operator_manages_nothing(client, otto, endpoint, form, path):
    client.force_login(otto)
    assert client.post("/cache/webhooks/" + path.format(pk=endpoint.pk), form).status_code == 403
    assert Endpoint.objects.get().is_enabled
    assert endpoint.secrets.count() == 1


@pytest.mark.parametrize("path", ["{pk}/secret/", "{pk}/switch/"])
def test_changes_are_posts(client, ada, endpoint, path):
    client.force_login(ada)
    assert client.get("/cache/webhooks/" + path.format(pk=endpoint.pk)).status_code == 405


def test_everyone_sees_address_rules_and_what_arrived(client, vera, endpoint, now, django_assert_max_num_queries):
    body = event(id="<b>7</b>".replace("/", ""))
    for number in range(3):
        delivery = receive(endpoint, body, at=now, message_id=f"msg_{number}").delivery
        (made,) = running.run(delivery.pk, now=now)
    receive(endpoint, b"{}", at=now, headers={}, address=None)
    client.force_login(vera)
    with django_assert_max_num_queries(14):
        page = client.get("/cache/webhooks/").content.decode()
    assert f"/hooks/v1/{endpoint.key}" in page
    assert "/products/{id}" in page
    assert str(made.uuid) in page
    assert "Refused" in page
    assert "<b>7" not in page
    assert "New secret" not in page


def test_no_endpoint_yet_is_said(client, vera):
    client.force_login(vera)
    page = client.get("/cache/webhooks/").content.decode()
    assert "No endpoint yet" in page
    assert "Nothing has arrived yet" in page
