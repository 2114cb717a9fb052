"""Endpoints of a distribution for tenants: each is about one of them."""

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations.models import Request, Tenant
from edgeops.invalidations.refusals import TenantRefusedError
from edgeops.webhooks import definitions, endpoints, running
from edgeops.webhooks.models import DeliveryVerdict, Endpoint, WebhookDelivery
from edgeops.webhooks.rules import NewRule
from tests.fixtures.webhooks import SECRET, event, receive

ADA = Actor("user", "ada")


@pytest.fixture
def make(storefront, now):
    def made(name, tenant):
        rule = NewRule("changed", definitions.for_event("product.updated", ["/products/{id}"]))
        return endpoints.create(
            name=name, distribution=storefront, tenant=tenant, rules=[rule], actor=ADA, now=now, secret=SECRET
        )[0]

    return made


@pytest.fixture
def post(now):
    """Post an event and run its rules; the delivery."""

    def one(endpoint, number=7):
        receive(endpoint, event(id=number), at=now)
        delivery = WebhookDelivery.objects.get(endpoint=endpoint)
        running.run(delivery.pk, now=now)
        delivery.refresh_from_db()
        return delivery

    return one


def test_what_is_posted_to_an_endpoint_is_invalidated_for_its_tenant(make, post, north, south):
    for tenant in (north, south):
        assert post(make(tenant.name, tenant)).state == DeliveryVerdict.PROCESSED
    assert sorted(Request.objects.values_list("tenant__name", "lane")) == [
        ("storefront-north", "webhook storefront-north"),
        ("storefront-south", "webhook storefront-south"),
    ]


def test_its_making_names_the_tenant(make, north):
    make("north", north)
    row = Audit.objects.get(action="webhook_endpoint.created")
    assert row.summary == "Webhook endpoint north for storefront-north of storefronts"


def test_without_a_tenant_it_is_not_made_where_there_are_tenants(make, north):
    with pytest.raises(TenantRefusedError, match="Say which of them is meant"):
        make("all of them", None)
    assert not Endpoint.objects.exists()


def test_a_tenant_of_another_distribution_is_refused(distribution, north, now):
    with pytest.raises(TenantRefusedError, match="no tenant of products"):
        endpoints.create(name="x", distribution=distribution, tenant=north, rules=[], actor=ADA, now=now)


def test_what_is_posted_for_a_tenant_that_was_deleted_is_told_in_the_log(make, post, north, now):
    endpoint = make("north", north)
    Tenant.objects.update(gone_at=now)
    delivery = post(endpoint)
    assert delivery.state == DeliveryVerdict.RULE_ERROR
    assert "The tenant storefront-north of storefronts was deleted at CloudFront" in delivery.outcome
    assert not Request.objects.exists()


def test_an_endpoint_from_before_its_distribution_was_known_to_be_for_tenants_says_so(make, post, storefront, north):
    storefront.config.is_for_tenants = False
    storefront.config.save()
    endpoint = make("early", None)
    storefront.config.is_for_tenants = True
    storefront.config.save()
    delivery = post(endpoint)
    assert delivery.state == DeliveryVerdict.RULE_ERROR
    assert "Say which of them is meant" in delivery.outcome
