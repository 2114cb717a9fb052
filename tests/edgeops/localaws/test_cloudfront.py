import pytest
from botocore.exceptions import ClientError

from edgeops.localaws import cloudfront
from edgeops.localaws.wire.messages import AwsError
from tests.edgeops.localaws.conftest import context

PRODUCTS, CATALOG = "E1PRODUCTSDEMO", "E2CATALOGDEMO0"


@pytest.fixture
def call(simulation):
    """Call one operation with its parameters."""
    operations = cloudfront.operations(simulation)
    return lambda name, **params: operations[name](params, context(simulation))


@pytest.fixture
def create(call):
    """Create an invalidation of some paths."""

    def create(*paths, reference="ref-1", distribution=PRODUCTS):
        batch = {"Paths": {"Quantity": len(paths), "Items": list(paths)}, "CallerReference": reference}
        return call("CreateInvalidation", DistributionId=distribution, InvalidationBatch=batch)["Invalidation"]

    return create


def test_an_invalidation_is_in_progress_until_its_seconds_have_passed(call, create, clock):
    created = create("/products/1", "/products/2")
    clock.pass_seconds(7.9)
    before = call("GetInvalidation", DistributionId=PRODUCTS, Id=created["Id"])["Invalidation"]
    in_progress = call("GetDistribution", Id=PRODUCTS)["Distribution"]["InProgressInvalidationBatches"]
    clock.pass_seconds(0.1)
    after = call("GetInvalidation", DistributionId=PRODUCTS, Id=created["Id"])["Invalidation"]

    assert (created["Status"], before["Status"], after["Status"]) == ("InProgress", "InProgress", "Completed")
    assert in_progress == 1
    assert after["InvalidationBatch"]["Paths"] == {"Quantity": 2, "Items": ["/products/1", "/products/2"]}
    assert call("GetDistribution", Id=PRODUCTS)["Distribution"]["InProgressInvalidationBatches"] == 0


def test_the_same_reference_and_paths_are_the_same_invalidation_and_billed_once(create, clock, simulation):
    created = create("/a", "/b")
    clock.pass_seconds(60)
    again = create("/b", "/a")

    assert again["Id"] == created["Id"]
    assert again["Status"] == "Completed"
    assert len(simulation.store.state.invalidations) == 1
    assert simulation.store.state.billed_paths == 2


def test_the_same_reference_with_other_paths_is_refused(create, simulation):
    create("/a")

    with pytest.raises(AwsError) as refused:
        create("/a", "/b")

    assert (refused.value.code, refused.value.status) == ("InvalidationBatchAlreadyExists", 400)
    assert simulation.store.state.billed_paths == 1


def test_another_distribution_has_references_of_its_own(create):
    assert create("/a")["Id"] != create("/b", distribution=CATALOG)["Id"]


def test_a_sixteenth_wildcard_waits_for_the_others_to_complete(create, clock):
    for n in range(15):
        create(f"/{n}/*", reference=f"wildcard-{n}")
    with pytest.raises(AwsError) as refused:
        create("/z/*", reference="sixteenth")
    create("/z/*", reference="elsewhere", distribution=CATALOG)
    clock.pass_seconds(8)

    assert refused.value.code == "TooManyInvalidationsInProgress"
    assert create("/z/*", reference="sixteenth")["Status"] == "InProgress"


def test_a_refused_invalidation_leaves_nothing_behind(create, simulation):
    with pytest.raises(AwsError):
        create("/fine", "no slash")

    assert simulation.store.state.invalidations == ()
    assert simulation.store.state.billed_paths == 0


def test_invalidations_are_listed_newest_first_a_page_at_a_time(call, create, clock):
    created = []
    for n in range(5):
        created.append(create(f"/{n}", reference=f"ref-{n}")["Id"])
        clock.pass_seconds(1)

    first = call("ListInvalidations", DistributionId=PRODUCTS, MaxItems="2")["InvalidationList"]
    second = call("ListInvalidations", DistributionId=PRODUCTS, MaxItems="9", Marker=first["NextMarker"])

    assert [entry["Id"] for entry in first["Items"]] == created[:2:-1]
    assert [entry["Id"] for entry in second["InvalidationList"]["Items"]] == created[2::-1]
    assert (first["IsTruncated"], second["InvalidationList"]["IsTruncated"]) == (True, False)


def test_an_unmodified_client_pages_through_distributions_and_reads_their_origins(shared_local_aws):
    client = shared_local_aws.client("cloudfront")
    pages = client.get_paginator("list_distributions").paginate(PaginationConfig={"PageSize": 2})

    found = [item for page in pages for item in page["DistributionList"].get("Items", [])]

    assert [item["Id"] for item in found][:4] == [PRODUCTS, CATALOG, "E3ORDERSDEMO00", "E4PARTNERSDEMO"]
    assert "E7PAYMENTSDEMO" not in [item["Id"] for item in found]  # it is another account's
    origins = [item["Origins"]["Items"][0] for item in found]
    assert origins[0]["DomainName"] == "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
    assert [origin["OriginPath"] for origin in origins[:3]] == ["/prod", "", ""]
    assert found[0]["Aliases"]["Items"] == ["products.example.test"]


def test_an_unmodified_client_reads_one_distribution_and_its_configuration(shared_local_aws):
    client = shared_local_aws.client("cloudfront")

    told = client.get_distribution(Id=CATALOG)
    config = client.get_distribution_config(Id=CATALOG)

    assert told["Distribution"]["ARN"] == f"arn:aws:cloudfront::123456789012:distribution/{CATALOG}"
    assert told["Distribution"]["DistributionConfig"] == config["DistributionConfig"]
    assert told["ETag"] == config["ETag"]


def test_the_waiter_of_boto3_sees_an_invalidation_complete(local_aws):
    client = local_aws.client("cloudfront")
    batch = {"Paths": {"Quantity": 1, "Items": ["/products/*"]}, "CallerReference": "waited for"}

    created = client.create_invalidation(DistributionId=PRODUCTS, InvalidationBatch=batch)
    client.get_waiter("invalidation_completed").wait(
        DistributionId=PRODUCTS, Id=created["Invalidation"]["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 5}
    )

    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert created["Location"].endswith(created["Invalidation"]["Id"])
    log = local_aws.control("state")["invalidations"]
    assert [(entry["caller_reference"], entry["status"]) for entry in log] == [("waited for", "Completed")]


def test_an_unmodified_client_meets_the_modelled_errors(shared_local_aws):
    client = shared_local_aws.client("cloudfront")
    batch = {"Paths": {"Quantity": 1, "Items": ["no slash"]}, "CallerReference": "r"}

    with pytest.raises(client.exceptions.NoSuchDistribution):
        client.get_distribution(Id="E0NOBODY")
    with pytest.raises(client.exceptions.NoSuchInvalidation):
        client.get_invalidation(DistributionId=PRODUCTS, Id="I0NOTHING")
    with pytest.raises(client.exceptions.InvalidArgument, match="no slash"):
        client.create_invalidation(DistributionId=PRODUCTS, InvalidationBatch=batch)
    with pytest.raises(ClientError) as refused:
        client.list_distributions(Marker="E0NOBODY")
    assert refused.value.response["Error"]["Code"] == "InvalidArgument"
