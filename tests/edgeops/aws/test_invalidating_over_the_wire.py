"""The doors of invalidating and flushing against local AWS, over the wire."""

from collections import Counter

import pytest

from edgeops.aws import clients
from edgeops.aws.cloudfront import CloudFront, Config, Tenant
from edgeops.aws.errors import (
    BatchTooLargeError,
    CredentialsError,
    DeniedError,
    InvalidArgumentError,
    NotFoundError,
    ReferenceTakenError,
    ThrottledError,
    TooManyInProgressError,
    UnavailableError,
)
from edgeops.aws.pacing import Pacer
from edgeops.aws.stage_cache import FLUSHING, StageCaches, resource

PRODUCTS, STOREFRONT = "E1PRODUCTSDEMO", "E8STOREFRONTS0"


@pytest.fixture(autouse=True)
def local(local_aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", local_aws.url)
    clients.forget()
    yield local_aws
    clients.forget()


@pytest.fixture
def calls():
    return Counter()


@pytest.fixture
def meter(calls):
    return lambda service, operation, units: calls.update([(service, operation, units)])


@pytest.fixture
def cloudfront(meter):
    return CloudFront(meter)


def test_an_invalidation_is_made_once_looked_at_and_listed(cloudfront, local, calls):
    made = cloudfront.create_invalidation(PRODUCTS, ["/products/1", "#catalog"], "edgeops-1")
    again = cloudfront.create_invalidation(PRODUCTS, ["#catalog", "/products/1"], "edgeops-1")
    seen = cloudfront.get_invalidation(PRODUCTS, made.id)

    assert (again.id, seen.id, seen.items) == (made.id, made.id, ("/products/1", "#catalog"))
    assert [(one.id, one.items) for one in cloudfront.invalidations(PRODUCTS)] == [(made.id, None)]
    assert cloudfront.in_progress(PRODUCTS) == 1
    assert local.control("state")["billed_paths"] == 2
    assert calls["cloudfront", "ListInvalidations", 0] == 1


def test_the_header_of_cache_tags_is_told_where_there_is_one(cloudfront):
    assert cloudfront.config(PRODUCTS) == Config("cache-tag", is_for_tenants=False)
    assert cloudfront.config("E2CATALOGDEMO0") == Config("", is_for_tenants=False)
    assert cloudfront.config(STOREFRONT) == Config("", is_for_tenants=True)


def test_tenants_are_listed_and_invalidated_by_their_own_calls(cloudfront):
    north, south = cloudfront.tenants(STOREFRONT)
    made = cloudfront.create_tenant_invalidation(north.id, ["/*"], "edgeops-1")

    assert north == Tenant(
        north.id, "storefront-north", STOREFRONT, ("north.storefront.example.test",), is_enabled=True
    )
    assert cloudfront.get_tenant_invalidation(north.id, made.id).items == ("/*",)
    assert [one.id for one in cloudfront.tenant_invalidations(north.id)] == [made.id]
    assert list(cloudfront.tenant_invalidations(south.id)) == []
    assert list(cloudfront.tenants(PRODUCTS)) == []


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("throttle", ThrottledError),
        ("unavailable", UnavailableError),
        ("lost_answer", UnavailableError),
        ("too_many_in_progress", TooManyInProgressError),
        ("reference_taken", ReferenceTakenError),
        ("distribution_deleted", NotFoundError),
        ("expired_token", CredentialsError),
        ("access_denied", DeniedError),
    ],
)
def test_what_goes_wrong_has_a_name_and_is_asked_for_once(cloudfront, local, kind, error):
    local.control("faults", {"kind": kind, "service": "cloudfront", "operation": "CreateInvalidation", "calls": 1})

    with pytest.raises(error):
        cloudfront.create_invalidation(PRODUCTS, ["/a"], "edgeops-1")
    assert local.control("state")["calls"] == {"cloudfront:CreateInvalidation": 1}
    assert cloudfront.create_invalidation(PRODUCTS, ["/a"], "edgeops-1").items == ("/a",)


@pytest.mark.parametrize(
    ("items", "error"),
    [
        ([f"/{n}" for n in range(3001)], BatchTooLargeError),
        (["/a", "/~b"], InvalidArgumentError),
        (["#a b"], InvalidArgumentError),
    ],
)
def test_items_that_cannot_be_are_refused_by_name(cloudfront, items, error):
    with pytest.raises(error):
        cloudfront.create_invalidation(PRODUCTS, items, "edgeops-1")


def test_other_items_under_a_known_reference_are_refused_by_name(cloudfront):
    cloudfront.create_invalidation(PRODUCTS, ["/a"], "edgeops-1")

    with pytest.raises(ReferenceTakenError, match="fault of EdgeOps"):
        cloudfront.create_invalidation(PRODUCTS, ["/b"], "edgeops-1")


def test_the_cache_of_a_stage_is_emptied(meter):
    caches = StageCaches("eu-west-1", meter, pace=Pacer(0))

    caches.flush("a1b2c3d4e5", "prod")

    assert caches.status("a1b2c3d4e5", "prod") == FLUSHING


def test_a_denied_flush_names_the_action_and_the_resource(meter, local):
    caches = StageCaches("eu-west-1", meter, pace=Pacer(0))
    local.control("faults", {"kind": "access_denied", "service": "apigateway", "calls": 1})

    with pytest.raises(DeniedError, match="IAM action apigateway:DELETE") as denied:
        caches.flush("a1b2c3d4e5", "prod")
    assert resource("eu-west-1", "a1b2c3d4e5", "prod") in str(denied.value)
