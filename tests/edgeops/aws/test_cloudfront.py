from datetime import UTC, datetime

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from edgeops.aws.cloudfront import ALREADY_EXISTS, CloudFront, Config, Invalidation, Tenant
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

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BATCH = {"Paths": {"Quantity": 2, "Items": ["/a", "/b/*"]}, "CallerReference": "edgeops-1"}
INVALIDATION = {"Id": "I1", "Status": "InProgress", "CreateTime": AT, "InvalidationBatch": BATCH}


@pytest.fixture
def calls():
    return []


@pytest.fixture
def cloudfront(calls):
    return CloudFront(lambda *call: calls.append(call))


@pytest.fixture
def aws(cloudfront):
    with Stubber(cloudfront._boto) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_an_invalidation_is_created_with_its_paths_and_reference(cloudfront, aws, calls):
    expected = {"DistributionId": "E1", "InvalidationBatch": BATCH}
    aws.add_response("create_invalidation", {"Invalidation": INVALIDATION}, expected)

    made = cloudfront.create_invalidation("E1", ["/a", "/b/*"], "edgeops-1")

    assert made == Invalidation("I1", "InProgress", AT, ("/a", "/b/*"))
    assert calls == [("cloudfront", "CreateInvalidation", 2)]


def test_an_invalidation_is_looked_at_without_billing_a_path(cloudfront, aws, calls):
    aws.add_response("get_invalidation", {"Invalidation": INVALIDATION}, {"DistributionId": "E1", "Id": "I1"})

    assert cloudfront.get_invalidation("E1", "I1").status == "InProgress"
    assert calls == [("cloudfront", "GetInvalidation", 0)]


def listed(*ids, following=None):
    told = {"Marker": "", "MaxItems": 100, "IsTruncated": bool(following), "Quantity": len(ids)}
    items = [{"Id": one, "Status": "Completed", "CreateTime": AT} for one in ids]
    return {"InvalidationList": {**told, "Items": items, **({"NextMarker": following} if following else {})}}


def test_invalidations_are_listed_page_after_page_and_no_further_than_wanted(cloudfront, aws, calls):
    aws.add_response("list_invalidations", listed("I3", "I2", following="I2"), {"DistributionId": "E1"})
    found = cloudfront.invalidations("E1")
    assert next(found) == Invalidation("I3", "Completed", AT, items=None)
    assert len(calls) == 1

    aws.add_response("list_invalidations", listed("I1"), {"DistributionId": "E1", "Marker": "I2"})
    assert [one.id for one in found] == ["I2", "I1"]
    assert calls == [("cloudfront", "ListInvalidations", 0)] * 2


def test_a_distribution_without_invalidations_lists_none(cloudfront, aws):
    aws.add_response("list_invalidations", listed(), {"DistributionId": "E1"})
    assert list(cloudfront.invalidations("E1")) == []


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ({}, Config("", is_for_tenants=False)),
        ({"CacheTagConfig": {"HeaderName": "cache-tag"}}, Config("cache-tag", is_for_tenants=False)),
        ({"ConnectionMode": "direct"}, Config("", is_for_tenants=False)),
        ({"ConnectionMode": "tenant-only"}, Config("", is_for_tenants=True)),
    ],
)
def test_the_configuration_tells_the_header_of_cache_tags_and_whether_it_is_for_tenants(cloudfront, aws, told, wanted):
    config = {
        "CallerReference": "r",
        "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "origin.example.test"}]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
        "Comment": "",
        "Enabled": True,
    }
    aws.add_response("get_distribution_config", {"DistributionConfig": config | told}, {"Id": "E1"})

    assert cloudfront.config("E1") == wanted


def test_a_tenant_is_invalidated_looked_at_and_listed_by_its_own_calls(cloudfront, aws, calls):
    aws.add_response(
        "create_invalidation_for_distribution_tenant",
        {"Invalidation": INVALIDATION},
        {"Id": "dt_1", "InvalidationBatch": BATCH},
    )
    aws.add_response(
        "get_invalidation_for_distribution_tenant",
        {"Invalidation": INVALIDATION},
        {"DistributionTenantId": "dt_1", "Id": "I1"},
    )
    aws.add_response("list_invalidations_for_distribution_tenant", listed("I1"), {"Id": "dt_1"})

    made = cloudfront.create_tenant_invalidation("dt_1", ["/a", "/b/*"], "edgeops-1")

    assert cloudfront.get_tenant_invalidation("dt_1", made.id) == made
    assert [one.id for one in cloudfront.tenant_invalidations("dt_1")] == [made.id]
    assert [units for _, _, units in calls] == [2, 0, 0]


def test_the_tenants_of_a_distribution_are_listed(cloudfront, aws):
    tenant = {
        "Id": "dt_1",
        "DistributionId": "E1",
        "Name": "north",
        "Arn": "arn:aws:cloudfront::123456789012:distribution-tenant/dt_1",
        "Domains": [{"Domain": "north.example.test", "Status": "active"}],
        "CreatedTime": AT,
        "LastModifiedTime": AT,
        "ETag": "E",
        "Enabled": False,
    }
    wanted = {"AssociationFilter": {"DistributionId": "E1"}, "MaxItems": 100}
    aws.add_response("list_distribution_tenants", {"DistributionTenantList": [tenant], "NextMarker": "dt_1"}, wanted)
    aws.add_response("list_distribution_tenants", {}, wanted | {"Marker": "dt_1"})

    assert list(cloudfront.tenants("E1")) == [Tenant("dt_1", "north", "E1", ("north.example.test",), is_enabled=False)]


def test_nothing_is_tried_twice_behind_the_quota_of_the_account(cloudfront):
    assert cloudfront._boto.meta.config.retries["total_max_attempts"] == 1


def test_a_refused_tenant_names_its_own_action(cloudfront, aws):
    aws.add_client_error("create_invalidation_for_distribution_tenant", "EntityNotFound", "no", http_status_code=404)

    with pytest.raises(NotFoundError) as refused:
        cloudfront.create_tenant_invalidation("dt_0", ["/a"], "edgeops-1")
    assert refused.value.action == "cloudfront:CreateInvalidationForDistributionTenant"


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("Throttling", 400, ThrottledError),
        ("TooManyInvalidationsInProgress", 400, TooManyInProgressError),
        ("ServiceUnavailable", 503, UnavailableError),
        ("ExpiredToken", 403, CredentialsError),
        ("AccessDenied", 403, DeniedError),
        ("NoSuchDistribution", 404, NotFoundError),
        ("InvalidArgument", 400, InvalidArgumentError),
        ("BatchTooLarge", 413, BatchTooLargeError),
        (ALREADY_EXISTS, 400, ReferenceTakenError),
    ],
)
def test_a_refusal_is_named(cloudfront, aws, code, status, error):
    aws.add_client_error("create_invalidation", code, "no", http_status_code=status)

    with pytest.raises(error) as refused:
        cloudfront.create_invalidation("E1", ["/a"], "edgeops-1")

    assert (refused.value.code, refused.value.action) == (code, "cloudfront:CreateInvalidation")


def test_a_refused_request_is_counted_but_bills_no_path(cloudfront, aws, calls):
    aws.add_client_error("create_invalidation", "AccessDenied", "no", http_status_code=403)
    with pytest.raises(DeniedError):
        cloudfront.create_invalidation("E1", ["/a"], "edgeops-1")
    assert calls == [("cloudfront", "CreateInvalidation", 0)]


def test_a_time_out_may_be_tried_again(cloudfront, monkeypatch):
    def time_out(**_):
        raise ReadTimeoutError(endpoint_url="https://cloudfront.amazonaws.com")

    monkeypatch.setattr(cloudfront._boto, "get_invalidation", time_out)
    with pytest.raises(UnavailableError) as failed:
        cloudfront.get_invalidation("E1", "I1")
    assert failed.value.retryable
