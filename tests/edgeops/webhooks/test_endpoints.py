import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.webhooks import endpoints, signatures
from edgeops.webhooks.endpoints import NewRule, TooManySecretsError
from edgeops.webhooks.models import Endpoint
from edgeops.webhooks.path_templates import TemplateError

ADA = Actor("user", "ada")


def test_a_new_endpoint_has_a_secret_of_its_own_kept_encrypted_and_out_of_the_audit_log(distribution, now):
    rule = NewRule("changed", "product.updated", [" /products/{id} "])
    endpoint, secret = endpoints.create(name="shop", distribution=distribution, rules=[rule], actor=ADA, now=now)

    assert len(signatures.key(secret)) == 32
    assert endpoint.rules.get().path_templates == ["/products/{id}"]
    assert [live.secret for live in endpoints.live_secrets(endpoint, now)] == [secret]
    assert secret not in endpoint.secrets.get().encrypted_secret
    row = Audit.objects.get(action="webhook_endpoint.created")
    assert secret not in f"{row.summary} {row.detail}"
    assert len(endpoint.key) >= 22


def test_a_bad_template_makes_no_endpoint(distribution, now):
    with pytest.raises(TemplateError):
        endpoints.create(
            name="shop", distribution=distribution, rules=[NewRule("all", "x", ["/*"])], actor=ADA, now=now
        )
    assert not Endpoint.objects.exists()


def test_secrets_cannot_be_turned_over_faster_than_they_expire(endpoint, now):
    endpoints.rotate(endpoint, actor=ADA, now=now)
    endpoints.rotate(endpoint, actor=ADA, now=now)
    with pytest.raises(TooManySecretsError):
        endpoints.rotate(endpoint, actor=ADA, now=now)
    assert endpoint.secrets.count() == 3
    assert Audit.objects.filter(action="webhook_endpoint.secret_rotated").count() == 2


def test_closing_an_endpoint_twice_is_told_once(endpoint, now):
    endpoints.set_enabled(endpoint, is_enabled=False, actor=ADA, now=now)
    endpoints.set_enabled(endpoint, is_enabled=False, actor=ADA, now=now)
    endpoint.refresh_from_db()
    assert not endpoint.is_enabled
    assert Audit.objects.filter(action="webhook_endpoint.disabled").count() == 1
