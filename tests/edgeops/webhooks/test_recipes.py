"""Every recipe, from its settings to the items its rules ask for, with posts signed as the sender signs them."""

import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from django.utils import timezone

from edgeops.access.audit import Actor
from edgeops.invalidations.models import Request
from edgeops.webhooks import endpoints, recipes, running, snippets
from edgeops.webhooks.models import DeliveryVerdict, SigningCertificate, WebhookDelivery
from edgeops.webhooks.schemes import known, sns
from edgeops.webhooks.schemes.seam import Draft, LiveSecret, Post
from tests.fixtures.webhooks import given_to_curl, sns_certificate

RECIPES = recipes.every()
SIGNABLE = [recipe for recipe in RECIPES if known.get(recipe.scheme).HAS_SECRET]


@pytest.fixture
def cook(distribution, now, monkeypatch):
    monkeypatch.setattr("dashboards.views.hooks.publish", lambda *_: None)

    def make(recipe):
        return endpoints.create(
            name=recipe.title,
            distribution=distribution,
            rules=recipe.rules,
            actor=Actor("user", "ada"),
            now=now,
            scheme=recipe.scheme,
            config=recipe.config,
            pins=recipe.pins,
        )

    return make


def post(endpoint, body, headers):
    headers = {name.lower(): value for name, value in headers.items()}
    content_type = headers.pop("content-type")
    return Client().generic("POST", f"/hooks/v1/{endpoint.key}", body, content_type, headers=headers)


def items_of(delivery):
    running.run(delivery.pk, now=timezone.now())
    delivery.refresh_from_db()
    made = Request.objects.filter(cause_id=str(delivery.pk))
    return sorted(item.sent_form for request in made for item in request.items.all())


def test_the_senders_that_were_promised_are_there():
    assert [recipe.key for recipe in RECIPES] == [
        "data-updated", "github-push", "shopify-product", "stripe-price", "contentful-publish", "sanity-publish",
        "strapi-entry", "s3-over-sns", "eventbridge",
    ]  # fmt: skip
    assert recipes.get("github-push").title.startswith("GitHub")
    assert recipes.get("nobody") is None


@pytest.mark.parametrize("recipe", SIGNABLE, ids=lambda recipe: recipe.key)
def test_a_recipes_sample_signed_by_its_sender_makes_what_it_says(cook, recipe):
    endpoint, secret = cook(recipe)
    body = recipe.sample_body
    draft = Draft("id-1", timezone.now(), body, f"/hooks/v1/{endpoint.key}", recipe.topic)
    headers = known.get(recipe.scheme).sign(secret, endpoint.config, draft)
    headers = {"content-type": recipe.content_type, **recipe.sample_headers, **headers}

    assert post(endpoint, body, headers).status_code == 202
    assert items_of(WebhookDelivery.objects.get()) == sorted(recipe.makes)
    assert WebhookDelivery.objects.get().state == DeliveryVerdict.PROCESSED


@pytest.mark.parametrize("recipe", SIGNABLE, ids=lambda recipe: recipe.key)
def test_a_recipes_sample_changed_on_the_way_is_refused_wherever_the_body_is_signed(cook, recipe):
    endpoint, secret = cook(recipe)
    draft = Draft("id-1", timezone.now(), recipe.sample_body, f"/hooks/v1/{endpoint.key}", recipe.topic)
    headers = known.get(recipe.scheme).sign(secret, endpoint.config, draft)
    headers = {"content-type": recipe.content_type, **recipe.sample_headers, **headers}
    is_signed = recipe.scheme != "token"
    assert post(endpoint, recipe.sample_body + b" ", headers).status_code == (401 if is_signed else 202)


def test_the_recipe_for_s3_over_sns_makes_what_it_says(cook, sns_key):
    recipe = recipes.get("s3-over-sns")
    endpoint, secret = cook(recipe)
    now = timezone.now()
    pem = sns_certificate(sns_key, now=now).decode()
    SigningCertificate.objects.create(url=recipe.sample["SigningCertURL"], pem=pem, checked_at=now)
    message = {**recipe.sample, "Timestamp": f"{now:%Y-%m-%dT%H:%M:%S.000Z}"}
    signature = sns_key.sign(sns.signed_text(message), PKCS1v15(), SHA256())
    body = json.dumps(message | {"Signature": base64.b64encode(signature).decode()}).encode()

    response = post(endpoint, body, {"content-type": recipe.content_type, "x-amz-sns-message-type": "Notification"})
    assert (secret, response.status_code) == ("", 202)
    assert items_of(WebhookDelivery.objects.get()) == sorted(recipe.makes)


@pytest.mark.parametrize("recipe", SIGNABLE, ids=lambda recipe: recipe.key)
def test_the_command_to_copy_is_signed_as_the_endpoint_asks(cook, recipe):
    endpoint, secret = cook(recipe)
    url = f"https://edge.example.test/hooks/v1/{endpoint.key}"
    lines = snippets.curl(
        recipe.scheme,
        endpoint.config,
        url,
        recipe.sample_body.decode(),
        topic=recipe.topic,
        more=recipe.sample_headers,
        content_type=recipe.content_type,
    )
    headers, body = given_to_curl(lines.replace("SECRET='…'", f"SECRET='{secret}'"))

    assert body.encode() == recipe.sample_body
    assert post(endpoint, body, headers).status_code == 202
    assert items_of(WebhookDelivery.objects.get()) == sorted(recipe.makes)


def test_the_same_lines_are_a_step_of_a_ci_job():
    import yaml  # noqa: PLC0415

    recipe = recipes.get("data-updated")
    lines = snippets.curl("standard", {}, "https://edge.example.test/hooks/v1/k", recipe.sample_body.decode())
    (step,) = yaml.safe_load(snippets.ci_step("Tell the cache: it's new", lines))
    assert step["name"] == "Tell the cache: it's new"
    assert step["env"] == {"EDGEOPS_WEBHOOK_SECRET": "${{ secrets.EDGEOPS_WEBHOOK_SECRET }}"}
    assert step["run"].rstrip("\n") == lines.replace(snippets.SECRET_LINE, 'SECRET="$EDGEOPS_WEBHOOK_SECRET"')


def test_sns_is_subscribed_and_published_to_since_nobody_else_can_sign():
    recipe = recipes.get("s3-over-sns")
    lines = snippets.curl("sns", recipe.config, "https://e.test/hooks/v1/k", recipe.sample_body.decode()).splitlines()
    assert lines[0] == "TOPIC=arn:aws:sns:eu-west-1:123456789012:site-changes"
    assert lines[1].endswith("--protocol https --notification-endpoint https://e.test/hooks/v1/k")
    assert "Records" in lines[2]


def test_a_captured_shopify_body_under_another_topic_deletes_nothing(cook):
    """The topic is not signed: an update replayed as a deletion must not empty the products."""
    recipe = recipes.get("shopify-product")
    endpoint, secret = cook(recipe)
    swapped = replace(recipe, topic="products/delete")
    draft = Draft("id-2", timezone.now(), recipe.sample_body, topic=swapped.topic)
    headers = known.get("shopify").sign(secret, {}, draft) | {"content-type": "application/json"}
    post(endpoint, recipe.sample_body, headers | dict(recipe.sample_headers))
    assert items_of(WebhookDelivery.objects.get()) == []


def test_an_order_under_a_products_topic_invalidates_no_product(cook):
    recipe = recipes.get("shopify-product")
    endpoint, secret = cook(recipe)
    body = json.dumps({"admin_graphql_api_id": "gid://shopify/Order/1", "handle": "x"}).encode()
    headers = known.get("shopify").sign(secret, {}, Draft("id-3", timezone.now(), body, topic="products/update"))
    post(endpoint, body, headers | dict(recipe.sample_headers) | {"content-type": "application/json"})
    assert items_of(WebhookDelivery.objects.get()) == []


def test_a_push_to_another_repository_is_not_taken_for_this_one(cook):
    recipe = recipes.get("github-push")
    endpoint, secret = cook(recipe)
    body = recipe.sample_body.replace(b"acme/site", b"evil/site")
    headers = known.get("github").sign(secret, {}, Draft("id-4", timezone.now(), body, topic="push"))
    assert post(endpoint, body, headers | {"content-type": "application/json"}).status_code == 202
    assert items_of(WebhookDelivery.objects.get()) == []
    assert WebhookDelivery.objects.get().state == DeliveryVerdict.MISMATCHED


SHELL = 'a$(touch ran)`touch ran`"$HOME\\'


def test_what_an_admin_has_typed_is_text_to_the_shell_of_whoever_copies_the_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = known.get("hmac").check_config({"prefix": SHELL, "signed": f"{SHELL}.{{body}}"})
    line = "SECRET=sixteen-characters"
    made = [
        snippets.curl(
            "token", {"header": "x-key", "prefix": SHELL, "id_header": ""}, "https://e.test/h", "{}", secret_line=line
        ),
        snippets.curl("hmac", config, "https://e.test/h", "{}", secret_line=line),
    ]
    (token, _), (signed, body) = map(given_to_curl, made)
    assert token["x-key"] == f"{SHELL}sixteen-characters"
    live = [LiveSecret("a", "sixteen-characters")]
    assert known.get("hmac").verify(
        Post(signed, body.encode()), config, live, now=timezone.now(), tolerance_seconds=None
    )
    assert not list(tmp_path.iterdir())
