import html
import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from edgeops.access.audit import SYSTEM
from edgeops.access.models import Audit
from edgeops.invalidations.models import Suspension
from edgeops.webhooks import endpoints, pausing, recipes, refusals, rules
from edgeops.webhooks.models import Endpoint
from tests.fixtures.webhooks import event, given_to_curl, receive

NEW = "/cache/webhooks/new/"
SHOPIFY = "a client secret of Shopify's"


@pytest.fixture
def page(endpoint):
    return f"/cache/webhooks/{endpoint.pk}/"


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def filled(response):
    """What a browser sends when the forms of a page are sent as they are shown."""
    values = {}
    for form in (response.context["form"], response.context["config"]):
        for field in form:
            value = field.field.prepare_value(field.value())
            values[field.html_name] = "" if value is None else value
    return values


def test_a_new_endpoint_starts_with_who_sends(client, ada):
    client.force_login(ada)
    page = text(client.get(NEW))
    assert 'href="?recipe=github-push"' in page
    assert 'href="?scheme=hmac"' in page
    assert client.get(NEW, {"scheme": "nonsense"}).status_code == 200


@pytest.mark.parametrize("recipe", recipes.every(), ids=lambda one: one.key)
def test_a_recipe_fills_the_form_and_brings_its_rules(client, ada, distribution, recipe):
    client.force_login(ada)
    url = f"{NEW}?recipe={recipe.key}"
    shown = client.get(url)
    assert all(rule.name in text(shown) for rule in recipe.rules)
    response = client.post(url, filled(shown) | {"distribution": distribution.pk})

    endpoint = Endpoint.objects.get()
    assert endpoint.scheme == recipe.scheme
    assert endpoint.config.items() >= dict(recipe.config).items()
    assert endpoint.pins == list(recipe.pins)
    assert [rule.name for rule in endpoint.rules.existing()] == [rule.name for rule in recipe.rules]
    if recipe.scheme == "sns":
        assert response["Location"] == f"/cache/webhooks/{endpoint.pk}/"
    else:
        assert 'id="secret"' in text(response)
        assert "no-store" in response["Cache-Control"]
    assert client.get(f"/cache/webhooks/{endpoint.pk}/").status_code == 200


@pytest.mark.parametrize("recipe", [one for one in recipes.every() if one.scheme != "sns"], ids=lambda one: one.key)
def test_the_lines_beside_a_new_secret_post_as_they_stand(client, ada, distribution, monkeypatch, recipe):
    monkeypatch.setattr("dashboards.views.hooks.publish", lambda *_: None)
    client.force_login(ada)
    url = f"{NEW}?recipe={recipe.key}"
    shown = client.post(url, filled(client.get(url)) | {"distribution": distribution.pk})
    endpoint = Endpoint.objects.get()
    key, newest = endpoint.key, endpoint.secrets.get().label

    for page in (shown, client.post(f"/cache/webhooks/{endpoint.pk}/secret/", {"secret": "", "instead_of": newest})):
        headers, body = given_to_curl(page.context["curl"])
        kind = headers.pop("content-type")
        answer = Client().generic("POST", f"/hooks/v1/{key}", body, kind, headers=headers)
        assert answer.status_code in {200, 202}, "two within a second have one id"
        assert escape(page.context["curl"]) in page.content.decode()
    assert "SECRET='…'" in html.unescape(text(client.get(f"/cache/webhooks/{endpoint.pk}/")))


def test_a_secret_the_sender_has_made_is_taken(client, ada, distribution):
    client.force_login(ada)
    url = f"{NEW}?scheme=shopify"
    values = {"name": "shop", "distribution": distribution.pk, "pins": "", "secret": SHOPIFY}
    assert "16 to 500 printable" in text(client.post(url, values | {"secret": "short"}))
    client.post(url, values)
    assert [one.secret for one in endpoints.live_secrets(Endpoint.objects.get(), timezone.now())[0]] == [SHOPIFY]


@pytest.mark.parametrize(
    ("scheme", "changes", "problem"),
    [
        ("sns", {}, "lists at least one topic"),
        ("sns", {"config-topic_arns": "arn:aws:s3:::bucket"}, "lists at least one topic"),
        ("hmac", {"config-signed": "{nothing}"}, "holds {body} once"),
        ("hmac", {"config-signed": "{id}.{body}"}, "so id_header has to say"),
        ("hmac", {"config-digest": "md5"}, "available choices"),
        ("token", {"config-header": "not a name"}, "header is a header&#x27;s name"),
        ("github", {"pins": "body.repository"}, "write it as"),
        ("github", {"pins": "body.[ = x"}, "The pin on body.["),
        ("standard", {"config-headers": "other"}, "available choices"),
        ("standard", {"secret": "whsec_"}, "24 to 64 bytes"),
    ],
)
def test_settings_that_cannot_work_are_refused_beside_their_field(
    client, ada, distribution, scheme, changes, problem
):  # fmt: skip
    client.force_login(ada)
    values = {"name": "shop", "distribution": distribution.pk, "pins": "", "secret": ""}
    assert problem in text(client.post(f"{NEW}?scheme={scheme}", values | changes))
    assert not Endpoint.objects.exists()


def test_everyone_sees_how_an_endpoint_is_proven_and_what_to_copy(
    client, vera, endpoint, page, now, django_assert_max_num_queries
):
    receive(endpoint, event(id=7), at=now)
    refusals.count(endpoint, "not proven", now=now)
    client.force_login(vera)
    with django_assert_max_num_queries(18):
        shown = text(client.get(page))
    assert f"/hooks/v1/{endpoint.key}" in shown
    assert "300 s from now at most" in shown
    assert "curl -i" in shown
    assert "EDGEOPS_WEBHOOK_SECRET" in shown
    assert "1 not proven" in shown
    assert "msg_1" in shown
    assert "<dt>Headers</dt>" in shown
    log = client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert log.lstrip().startswith('<section class="card" id="live"')
    assert "curl -i" not in log, "what somebody copies must not be replaced under their hands"
    for word in ("New secret", "Pause</button>", "Close</button>", ">Edit<", ">Delete<"):
        assert word not in shown


def test_an_admin_changes_pins_and_bounds(client, ada, endpoint, page):
    client.force_login(ada)
    values = filled(client.get(page + "edit/"))
    assert "Saved." in text(
        client.post(page + "edit/", values | {"pins": "body.shop = acme, beta", "max_per_minute": "60"}, follow=True)
    )
    endpoint.refresh_from_db()
    assert endpoint.pins == [{"at": "body.shop", "one_of": ["acme", "beta"]}]
    assert endpoint.max_per_minute == 60
    assert Audit.objects.filter(action="webhook_endpoint.changed").count() == 1
    assert "body.shop = acme, beta" in text(client.get(page + "edit/"))
    for changes, problem in (({"max_bytes": "0"}, "up to 26,214,400"), ({"tolerance_seconds": "x"}, "whole number")):
        assert problem in text(client.post(page + "edit/", values | changes))


def test_a_given_secret_replaces_the_old_one(client, ada, endpoint, page, now):
    client.force_login(ada)
    given = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"
    newest = endpoint.secrets.get().label
    assert given in text(client.post(page + "secret/", {"secret": given, "instead_of": newest}))
    assert endpoint.secrets.filter(not_after=None).count() == 1
    assert "is not base64" in text(client.post(page + "secret/", {"secret": "whsec_x"}, follow=True))


def test_a_secret_that_leaked_is_ended_with_the_new_one(client, ada, endpoint, page):
    client.force_login(ada)
    assert "A secret leaked: end the others at once" in text(client.get(page))
    for form, live in (({}, 2), ({"ends_others": "on"}, 1)):
        newest = endpoints.newest_label(endpoint, timezone.now())
        client.post(page + "secret/", {"instead_of": newest, **form})
        assert endpoint.secrets.live(timezone.now()).count() == live


def test_an_operator_pauses_and_resumes(client, otto, endpoint, page):
    client.force_login(otto)
    assert "Say why" in text(client.post(page + "pause/", {"paused": "yes"}, follow=True))
    shown = text(client.post(page + "pause/", {"paused": "yes", "reason": "A <loop>"}, follow=True))
    assert "A &lt;loop&gt;" in shown
    assert "What is held, and one wildcard instead</a>" in shown
    assert "Let it go on</h2>" in shown
    assert "A &lt;loop&gt;" in text(client.get("/cache/webhooks/"))
    assert pausing.paused([endpoint], timezone.now())
    assert "Resumed" in text(client.post(page + "pause/", follow=True))
    assert not Suspension.objects.active(timezone.now()).exists()


def test_an_admin_deletes_by_typing_the_name(client, ada, endpoint, page):
    client.force_login(ada)
    assert "That is not its name" in text(client.post(page + "delete/", {"confirm": "shop"}))
    assert "answered 410" in text(client.post(page + "delete/", {"confirm": endpoint.name}, follow=True))
    assert client.get(page).status_code == 404
    assert client.post(f"/hooks/v1/{endpoint.key}", b"{}", content_type="application/json").status_code == 410


@pytest.mark.parametrize("path", ["edit/", "delete/", "secret/", "switch/"])
def test_an_operator_changes_nothing(client, otto, endpoint, page, path):
    client.force_login(otto)
    assert client.post(page + path, {"confirm": endpoint.name}).status_code == 403
    assert Endpoint.objects.existing().get().is_enabled


def test_a_viewer_pauses_nothing(client, vera, page):
    client.force_login(vera)
    assert client.post(page + "pause/", {"paused": "yes", "reason": "x"}).status_code == 403
    assert not Suspension.objects.exists()


def test_an_endpoint_without_rules_or_secrets_says_so(client, ada, endpoint, page, now):
    endpoint.secrets.update(not_after=now - timedelta(days=1))
    rules.delete(endpoint.rules.get(), actor=SYSTEM, now=now)
    client.force_login(ada)
    shown = text(client.get(page))
    assert "No rule yet" in shown
    assert "every post is refused" in shown


@pytest.mark.parametrize("recipe", recipes.every(), ids=lambda one: one.key)
def test_what_is_copied_and_tried_is_the_sample_of_the_recipe(client, ada, distribution, recipe):
    client.force_login(ada)
    url = f"{NEW}?recipe={recipe.key}"
    client.post(url, filled(client.get(url)) | {"distribution": distribution.pk})
    endpoint = Endpoint.objects.get()
    shown = html.unescape(text(client.get(f"/cache/webhooks/{endpoint.pk}/")))
    assert json.dumps(recipe.sample, separators=(",", ":"))[:60] in shown or recipe.scheme == "sns"
    first = endpoint.rules.existing()[0]
    editor = client.get(f"/cache/webhooks/rules/{first.pk}/edit/")
    values = {}
    for form in (editor.context["form"], editor.context["event"]):
        values |= {one.html_name: one.field.prepare_value(one.value()) or "" for one in form}
    page = text(client.post(f"/cache/webhooks/rules/{first.pk}/edit/", values | {"try": "1"}))
    assert all(f"<li>{item}</li>" in page for item in recipe.makes)
