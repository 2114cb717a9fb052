import pytest

from edgeops.localaws.copies import with_copies
from tests.edgeops.localaws.conftest import WORLD, code_of

STOREFRONT, PRODUCTS = "E8STOREFRONTS0", "E1PRODUCTSDEMO"
NORTH, SOUTH = "dt_2wNorthStorefrontDemo0001", "dt_2wSouthStorefrontDemo0002"
NORTH_HOST, SOUTH_HOST = "north.storefront.example.test", "south.storefront.example.test"
PAGE = "/storefront/1"


@pytest.fixture
def cloudfront(served):
    return served.client("cloudfront")


@pytest.fixture
def create(cloudfront):
    def create(*items, tenant=NORTH, reference="ref"):
        batch = {"Paths": {"Quantity": len(items), "Items": list(items)}, "CallerReference": reference}
        return cloudfront.create_invalidation_for_distribution_tenant(Id=tenant, InvalidationBatch=batch)

    return create


def test_a_distribution_for_tenants_says_so_and_has_no_alias(cloudfront):
    config = cloudfront.get_distribution_config(Id=STOREFRONT)["DistributionConfig"]
    listed = {one["Id"]: one for one in cloudfront.list_distributions()["DistributionList"]["Items"]}

    assert (config["ConnectionMode"], config["Aliases"]["Quantity"]) == ("tenant-only", 0)
    assert (listed[STOREFRONT]["ConnectionMode"], listed[PRODUCTS]["ConnectionMode"]) == ("tenant-only", "direct")


def test_tenants_are_listed_a_page_at_a_time_and_by_their_distribution(cloudfront):
    first = cloudfront.list_distribution_tenants(MaxItems=1)
    second = cloudfront.list_distribution_tenants(MaxItems=1, Marker=first["NextMarker"])
    pages = [first, second]
    others = cloudfront.list_distribution_tenants(AssociationFilter={"DistributionId": PRODUCTS})

    assert [page["DistributionTenantList"][0]["Id"] for page in pages] == [NORTH, SOUTH]
    assert "NextMarker" not in second
    assert others.get("DistributionTenantList", []) == []


def test_a_tenant_is_found_by_its_id_its_name_and_its_arn(cloudfront):
    by_id = cloudfront.get_distribution_tenant(Identifier=NORTH)
    tenant = by_id["DistributionTenant"]

    assert (tenant["DistributionId"], tenant["Domains"][0]["Domain"]) == (STOREFRONT, NORTH_HOST)
    assert by_id["ETag"]
    for name in ("storefront-north", tenant["Arn"]):
        assert cloudfront.get_distribution_tenant(Identifier=name)["DistributionTenant"] == tenant


def test_an_invalidation_of_a_tenant_leaves_the_other_tenants_alone(served, create, clock):
    for host in (NORTH_HOST, SOUTH_HOST):
        served.view(PAGE, host=host)
        assert served.x_cache(PAGE, host=host) == "Hit"
    made = create("/*")
    clock.pass_seconds(8)

    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["Location"].endswith(f"/distribution-tenant/{NORTH}/invalidation/{made['Invalidation']['Id']}")
    assert served.x_cache(PAGE, host=NORTH_HOST) == "Miss"
    assert served.x_cache(PAGE, host=SOUTH_HOST) == "Hit"


def test_a_distribution_for_tenants_answers_to_no_host_itself(served):
    assert served.view(PAGE, host="d8storefronts0demo.cloudfront.net").status == 403


def test_invalidations_of_a_tenant_are_looked_at_and_listed_by_their_own_calls(cloudfront, create, clock):
    made = create("/a")["Invalidation"]
    clock.pass_seconds(8)
    told = cloudfront.get_invalidation_for_distribution_tenant(DistributionTenantId=NORTH, Id=made["Id"])
    listed = cloudfront.list_invalidations_for_distribution_tenant(Id=NORTH)["InvalidationList"]

    assert told["Invalidation"]["Status"] == "Completed"
    assert [one["Id"] for one in listed["Items"]] == [made["Id"]]
    assert cloudfront.list_invalidations_for_distribution_tenant(Id=SOUTH)["InvalidationList"]["Quantity"] == 0
    elsewhere = {"DistributionTenantId": SOUTH, "Id": made["Id"]}
    assert code_of(lambda: cloudfront.get_invalidation_for_distribution_tenant(**elsewhere)) == (
        "NoSuchInvalidation",
        404,
    )
    assert code_of(lambda: cloudfront.get_invalidation(DistributionId=STOREFRONT, Id=made["Id"])) == (
        "NoSuchInvalidation",
        404,
    )


def test_a_reference_is_a_tenants_own_and_billed_to_its_distribution_once(served, create):
    first, again, other = create("/a"), create("/a"), create("/b", tenant=SOUTH)

    assert first["Invalidation"]["Id"] == again["Invalidation"]["Id"] != other["Invalidation"]["Id"]
    assert code_of(lambda: create("/b")) == ("InvalidationBatchAlreadyExists", 400)
    assert served.control("state")["billed"] == {"123456789012": {"2026-11": {STOREFRONT: 2}}}


def test_tenants_share_what_may_run_at_once_in_their_distribution(served, cloudfront, create):
    served.control("quotas", {"wildcards_in_progress": 1})
    create("/a/*")

    assert code_of(lambda: create("/b/*", tenant=SOUTH)) == ("TooManyInvalidationsInProgress", 400)
    assert cloudfront.get_distribution(Id=STOREFRONT)["Distribution"]["InProgressInvalidationBatches"] == 1


def test_a_tenant_that_is_not_there_or_is_another_accounts_is_no_entity(served, cloudfront, create):
    theirs = served.client("cloudfront", **served.assumed())
    batch = {"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": "r"}

    for call in (
        lambda: create("/a", tenant="dt_nobody"),
        lambda: cloudfront.get_distribution_tenant(Identifier="nobody"),
        lambda: cloudfront.list_invalidations_for_distribution_tenant(Id="dt_nobody"),
        lambda: cloudfront.get_invalidation_for_distribution_tenant(DistributionTenantId="dt_nobody", Id="I"),
        lambda: theirs.create_invalidation_for_distribution_tenant(Id=NORTH, InvalidationBatch=batch),
    ):
        assert code_of(call) == ("EntityNotFound", 404)


def test_the_distribution_itself_cannot_be_invalidated(cloudfront):
    batch = {"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": "r"}

    assert code_of(lambda: cloudfront.create_invalidation(DistributionId=STOREFRONT, InvalidationBatch=batch)) == (
        "InvalidArgument",
        400,
    )


def test_faults_and_rates_strike_tenants_too(served, create):
    served.control("faults", {"kind": "access_denied", "service": "cloudfront", "calls": 1, "match": NORTH})
    assert code_of(lambda: create("/a")) == ("AccessDenied", 403)
    served.control("quotas", {"calls_burst": 1})
    create("/a")
    assert code_of(lambda: create("/b", tenant=SOUTH)) == ("Throttling", 400)


def test_a_denied_call_names_the_tenant(served, cloudfront, create):
    served.control("faults", {"kind": "access_denied", "service": "cloudfront"})

    with pytest.raises(cloudfront.exceptions.AccessDenied, match=f":distribution-tenant/{NORTH} "):
        create("/a")


def test_a_copy_has_tenants_of_its_own():
    copied = with_copies(WORLD, 2).api("storefront-002").distribution.tenants

    assert [tenant.id for tenant in copied] == [f"{NORTH}002", f"{SOUTH}002"]
    assert copied[0].domains == (f"copy002.{NORTH_HOST}",)
