from dataclasses import replace
from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.webhooks import definitions, endpoints, rules
from edgeops.webhooks.definitions import DefinitionError
from edgeops.webhooks.endpoints import Bounds, TooManySecretsError
from edgeops.webhooks.models import Endpoint
from edgeops.webhooks.receiving import Answer
from edgeops.webhooks.rules import NewRule
from edgeops.webhooks.schemes import standard
from edgeops.webhooks.schemes.seam import ConfigError, SecretError
from tests.fixtures.threads import at_once
from tests.fixtures.webhooks import event, receive

ADA = Actor("user", "ada")


def test_a_new_endpoint_has_a_secret_of_its_own_kept_encrypted_and_out_of_the_audit_log(distribution, now):
    rule = NewRule("changed", definitions.for_event("product.updated", [" /products/{id} "]))
    endpoint, secret = endpoints.create(name="shop", distribution=distribution, rules=[rule], actor=ADA, now=now)

    assert len(standard.key(secret)) == 32
    assert rules.definition_of(endpoint.rules.get()).items == ("/products/{id}",)
    assert [live.secret for live in endpoints.live_secrets(endpoint, now)[0]] == [secret]
    assert secret not in endpoint.secrets.get().encrypted_secret
    row = Audit.objects.get(action="webhook_endpoint.created")
    assert secret not in f"{row.summary} {row.detail}"
    assert len(endpoint.key) >= 22


def test_a_bad_template_makes_no_endpoint(distribution, now):
    rule = NewRule("all", definitions.for_event("x", ["/*"]))
    with pytest.raises(DefinitionError):
        endpoints.create(name="shop", distribution=distribution, rules=[rule], actor=ADA, now=now)
    assert not Endpoint.objects.exists()


def test_secrets_cannot_be_turned_over_faster_than_they_expire(endpoint, now):
    endpoints.rotate(endpoint, actor=ADA, now=now)
    endpoints.rotate(endpoint, actor=ADA, now=now)
    with pytest.raises(TooManySecretsError):
        endpoints.rotate(endpoint, actor=ADA, now=now)
    assert endpoint.secrets.count() == 3
    assert Audit.objects.filter(action="webhook_endpoint.secret_rotated").count() == 2


def test_after_a_leak_nothing_but_the_new_secret_verifies_however_many_there_were(endpoint, now):
    for _ in range(2):
        endpoints.rotate(endpoint, actor=ADA, now=now)
    fresh = endpoints.rotate(endpoint, actor=ADA, now=now, ends_others=True)
    assert [live.secret for live in endpoints.live_secrets(endpoint, now)[0]] == [fresh]
    told = Audit.objects.filter(action="webhook_endpoint.secret_rotated").latest("pk").summary
    assert told == "New secret 2026-11-22-4 for webhook endpoint product data, the others ended"
    assert receive(endpoint, event(id=7), at=now).answer == Answer.UNPROVEN
    assert receive(endpoint, event(id=7), at=now, secret=fresh).answer == Answer.ACCEPTED


@pytest.mark.django_db(transaction=True)
def test_secrets_turned_over_at_one_moment_are_no_more_and_one_of_them_has_no_end(endpoint, now):
    made = at_once(6, lambda: endpoints.rotate(endpoint, actor=ADA, now=now))
    assert sorted(type(one).__name__ for one in made) == ["TooManySecretsError"] * 4 + ["str"] * 2
    assert endpoint.secrets.filter(not_after=None).count() == 1


def test_closing_an_endpoint_twice_is_told_once(endpoint, now):
    endpoints.set_enabled(endpoint, is_enabled=False, actor=ADA, now=now)
    endpoints.set_enabled(endpoint, is_enabled=False, actor=ADA, now=now)
    endpoint.refresh_from_db()
    assert not endpoint.is_enabled
    assert Audit.objects.filter(action="webhook_endpoint.disabled").count() == 1


def made(distribution, now, **more):
    return endpoints.create(name="shop", distribution=distribution, rules=[], actor=ADA, now=now, **more)


def test_an_endpoint_has_one_scheme_with_its_settings_in_full(distribution, now):
    endpoint, secret = made(distribution, now, scheme="token", config={"header": "X-Key"})
    assert (endpoint.scheme, endpoint.config) == ("token", {"header": "x-key", "prefix": "", "id_header": ""})
    assert len(secret) >= 43


def test_a_secret_the_sender_has_made_is_taken_when_it_can_verify(distribution, now):
    with pytest.raises(SecretError):
        made(distribution, now, scheme="github", secret="short")
    assert not Endpoint.objects.exists()
    endpoint, secret = made(distribution, now, scheme="github", secret="the sender's own secret")
    assert endpoints.live_secrets(endpoint, now)[0][0].secret == secret == "the sender's own secret"
    endpoints.rotate(endpoint, actor=ADA, now=now, secret="the sender's next secret")
    assert endpoints.live_secrets(endpoint, now)[0][0].secret == "the sender's next secret"


def test_an_endpoint_for_sns_has_no_secret(distribution, now):
    arns = ["arn:aws:sns:eu-west-1:123456789012:changes"]
    endpoint, secret = made(distribution, now, scheme="sns", config={"topic_arns": arns})
    assert (secret, endpoint.secrets.count()) == ("", 0)
    with pytest.raises(SecretError):
        endpoints.rotate(endpoint, actor=ADA, now=now)


def test_settings_that_cannot_work_make_no_endpoint(distribution, now):
    with pytest.raises(ConfigError):
        made(distribution, now, scheme="sns")
    assert not Endpoint.objects.exists()


def test_bounds_are_changed_with_what_they_were_in_the_audit_log(endpoint, now):
    bounds = replace(Bounds.of(endpoint), max_per_minute=5, tolerance_seconds=60)
    endpoints.change(endpoint, bounds=bounds, actor=ADA, now=now)
    endpoints.change(endpoint, bounds=bounds, actor=ADA, now=now)
    endpoint.refresh_from_db()
    assert Bounds.of(endpoint) == bounds
    detail = Audit.objects.get(action="webhook_endpoint.changed").detail
    assert detail["from"] == {"max_per_minute": 12_000, "tolerance_seconds": None}
    assert detail["to"] == {"max_per_minute": 5, "tolerance_seconds": 60}


@pytest.mark.parametrize(
    "wish",
    [{"max_bytes": 0}, {"max_bytes": 26_214_401}, {"max_per_minute": 0}, {"max_per_minute_and_address": 100_001},
     {"tolerance_seconds": 0}, {"tolerance_seconds": 86_401}],
)  # fmt: skip
def test_bounds_nobody_could_keep_are_refused(endpoint, now, wish):
    with pytest.raises(ConfigError):
        endpoints.change(endpoint, bounds=replace(Bounds.of(endpoint), **wish), actor=ADA, now=now)


def test_a_deleted_endpoint_frees_its_name_and_keeps_no_secret(endpoint, distribution, now):
    endpoints.delete(endpoint, actor=ADA, now=now)
    endpoints.delete(endpoint, actor=ADA, now=now)
    assert endpoint.secrets.count() == 0
    assert Audit.objects.filter(action="webhook_endpoint.deleted").count() == 1
    again, _ = endpoints.create(name=endpoint.name, distribution=distribution, rules=[], actor=ADA, now=now)
    assert list(Endpoint.objects.existing()) == [again]


def test_pins_are_checked_when_they_are_set(endpoint, now):
    pins = [{"at": "body.repository.full_name", "one_of": [" acme/site "]}]
    endpoints.change(endpoint, pins=pins, actor=ADA, now=now)
    assert endpoint.pins == [{"at": "body.repository.full_name", "one_of": ["acme/site"]}]
    for bad in ([{"at": "body.", "one_of": ["x"]}], [{"at": "body", "one_of": []}], [{"one_of": ["x"]}], [{"at": 7}]):
        with pytest.raises(ConfigError):
            endpoints.change(endpoint, pins=bad, actor=ADA, now=now)


def test_secrets_that_verify_no_longer_are_deleted_and_their_labels_not_given_again(endpoint, now):
    endpoints.rotate(endpoint, actor=ADA, now=now)
    assert endpoints.tidy(now + timedelta(days=1)) == 0
    assert endpoints.tidy(now + timedelta(days=2, seconds=1)) == 1
    tomorrow = now + timedelta(days=1)
    for _ in range(2):
        endpoints.rotate(endpoint, actor=ADA, now=tomorrow)
    labels = list(endpoint.secrets.order_by("pk").values_list("label", flat=True))
    assert labels == ["2026-11-22-2", "2026-11-23-1", "2026-11-23-2"]
