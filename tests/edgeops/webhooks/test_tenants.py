"""Endpoints of a distribution for tenants: each is about one of them."""

from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.aws.cloudfront import Config
from edgeops.aws.cloudfront import Tenant as Listed
from edgeops.aws.errors import DeniedError
from edgeops.invalidations import configs
from edgeops.invalidations.models import DistributionConfig, Request, Tenant
from edgeops.invalidations.refusals import TenantRefusedError
from edgeops.webhooks import definitions, endpoints, running
from edgeops.webhooks.models import DeliveryVerdict, Endpoint, WebhookDelivery
from edgeops.webhooks.rules import NewRule
from tests.fixtures.webhooks import SECRET, event, receive

ADA = Actor("user", "ada")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


class FakeCloudFront:
    """Lists what it is told to."""

    def __init__(self):
        self.listed, self.error = [], None

    def config(self, distribution_id):
        return Config("", is_for_tenants=True)

    def tenants(self, distribution_id):
        if self.error:
            raise self.error
        yield from self.listed


@pytest.fixture
def cloudfront():
    return FakeCloudFront()


@pytest.fixture
def config(storefront):
    return lambda: DistributionConfig.objects.get(distribution=storefront)


@pytest.fixture
def relist(config, cloudfront):
    """List the tenants at a moment; those that are there."""

    def once(at, *present):
        cloudfront.listed = [Listed(one.aws_id, one.name, "E8", tuple(one.domains), is_enabled=True) for one in present]
        DistributionConfig.objects.update(next_at=at)
        assert configs.read(config().pk, now=at, connect=lambda account, now: cloudfront)

    return once


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
    Tenant.objects.update(gone_at=now - SECOND)  # and a listing since then did not have it either
    delivery = post(endpoint)
    assert delivery.state == DeliveryVerdict.RULE_ERROR
    assert "The tenant storefront-north of storefronts was deleted at CloudFront" in delivery.outcome
    assert not Request.objects.exists()


def test_what_is_posted_for_a_tenant_that_one_listing_missed_waits_for_another(make, post, relist, north, now):
    endpoint = make("north", north)
    relist(now)
    delivery = post(endpoint)
    assert (delivery.state, delivery.next_at) == (DeliveryVerdict.ACCEPTED, now + 10 * SECOND)
    assert (
        delivery.last_error == "CloudFront did not have the tenant storefront-north of storefronts when it was "
        "asked last; it is asked again."
    )

    relist(now + 9 * SECOND, north)
    running.run(delivery.pk, now=now + 10 * SECOND)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.last_error) == (DeliveryVerdict.PROCESSED, "")
    assert Request.objects.get().tenant == north


def test_what_is_posted_for_a_tenant_that_two_listings_missed_is_an_error(make, post, relist, north, now):
    endpoint = make("north", north)
    relist(now)
    delivery = post(endpoint)
    relist(now + 9 * SECOND)
    running.run(delivery.pk, now=now + 10 * SECOND)
    delivery.refresh_from_db()
    assert delivery.state == DeliveryVerdict.RULE_ERROR
    assert "was deleted at CloudFront" in delivery.outcome


def test_a_storm_of_posts_for_a_tenant_that_is_missed_is_one_listing(make, relist, config, north, now):
    endpoint = make("north", north)
    relist(now - 9 * SECOND)
    for number in range(30):
        receive(endpoint, event(id=number), at=now, message_id=f"msg_{number}")

    def run(at):
        while running.run_due(now=at):
            continue
        return config().next_at

    assert run(now) == now - 9 * SECOND + HOUR
    assert run(now + 10 * SECOND) == now + 10 * SECOND
    relist(now + 12 * SECOND, north)
    assert run(now + HOUR / 2) == now + 12 * SECOND + HOUR
    assert set(WebhookDelivery.objects.values_list("state", "attempts")) == {(DeliveryVerdict.PROCESSED, 3)}


def test_while_tenants_may_not_be_listed_what_is_posted_for_one_that_was_missed_is_given_up(
    make, post, relist, config, cloudfront, north, now
):
    endpoint = make("north", north)
    relist(now - HOUR)
    cloudfront.error = DeniedError("cloudfront:ListDistributionTenants", "AccessDenied", "no")
    relist(now)
    waits_until = config().next_at
    delivery = post(endpoint)
    for turn in range(1, 6):
        running.run(delivery.pk, now=now + turn * MINUTE * 6)
    delivery.refresh_from_db()
    assert (delivery.state, config().next_at) == (DeliveryVerdict.DEAD, waits_until)
    assert "Given up after 5 attempts: CloudFront did not have the tenant" in delivery.outcome


def test_what_no_rule_waits_for_waits_for_no_listing(make, relist, config, north, now):
    endpoint = make("north", north)
    relist(now - MINUTE)
    receive(endpoint, event("order.paid"), at=now)
    running.run_due(now=now)
    assert WebhookDelivery.objects.get().state == DeliveryVerdict.IGNORED
    assert config().next_at == now - MINUTE + HOUR


def test_an_endpoint_from_before_its_distribution_was_known_to_be_for_tenants_says_so(make, post, storefront, north):
    storefront.config.is_for_tenants = False
    storefront.config.save()
    endpoint = make("early", None)
    storefront.config.is_for_tenants = True
    storefront.config.save()
    delivery = post(endpoint)
    assert delivery.state == DeliveryVerdict.RULE_ERROR
    assert "Say which of them is meant" in delivery.outcome
