"""The life of a batch against local AWS and its edge over HTTP: real staleness, really gone."""

import ipaddress
import time

import pytest
from django.utils import timezone

from edgeops.access.audit import Actor
from edgeops.aws.cloudfront import CloudFront
from edgeops.invalidations import asking, coalescing, configs, lifecycle, sites, verification
from edgeops.invalidations.models import Batch, BatchState, DistributionConfig, Priority, Source, Verdict
from tests.fixtures.localaws import fetch_json

PATH = "/products/1"


@pytest.fixture
def cloudfront(local_aws):
    gateway = CloudFront(lambda *call: None)
    gateway._boto = local_aws.client("cloudfront", "us-east-1")
    return gateway


@pytest.fixture
def wired(distribution, api, local_aws, settings):
    settings.OUTBOUND_ALLOW = [ipaddress.ip_network("127.0.0.0/8")]
    distribution.viewer_base_url = local_aws.edge_url
    distribution.viewer_host = "products.example.test"
    distribution.origin_probe_url = f"{local_aws.url}/_origin/products"
    distribution.save()
    return distribution


@pytest.fixture
def batch(wired):
    asking.ask(
        distribution=wired, items=[PATH], actor=Actor("user", "otto"), source=Source.UI, reason="price fix",
        idempotency_key="form-1", now=timezone.now(), may_invalidate_everything=False, priority=Priority.URGENT,
    )  # fmt: skip
    coalescing.freeze_due(timezone.now())
    return Batch.objects.get()


def follow(batch, cloudfront, *, seconds=20):
    deadline = time.monotonic() + seconds
    while batch.next_at is not None and time.monotonic() < deadline:
        lifecycle.advance(batch.pk, now=timezone.now(), connect=lambda account, now: cloudfront)
        batch.refresh_from_db()
        time.sleep(0.1)
    return batch


def test_changed_data_is_stale_at_the_edge_until_an_invalidation_proves_it_fresh(batch, wired, local_aws, cloudfront):
    verification.look(wired, PATH)
    fetch_json(f"{local_aws.url}/_origin/products{PATH}", {"name": "renamed"}, method="PUT")
    stale = verification.look(wired, PATH)
    assert stale.x_cache.startswith("Hit")
    assert not verification.same_etag(stale.etag, stale.origin_etag)

    follow(batch, cloudfront)

    assert batch.state == BatchState.VERIFIED
    probe = batch.probes.get()
    assert (probe.verdict, probe.status) == (Verdict.FRESH, 200)
    assert probe.x_cache.startswith("Miss")
    assert probe.etag == probe.origin_etag != stale.etag
    assert probe.pop


def test_an_answer_that_was_lost_leads_to_the_same_invalidation(batch, local_aws, cloudfront):
    lost = {"kind": "lost_answer", "service": "cloudfront", "operation": "CreateInvalidation", "calls": 1}
    local_aws.control("faults", lost)
    lifecycle.advance(batch.pk, now=timezone.now(), connect=lambda account, now: cloudfront)
    batch.refresh_from_db()
    assert (batch.state, batch.aws_id) == (BatchState.RETRY_WAIT, "")
    follow(batch, cloudfront)

    assert batch.state == BatchState.VERIFIED
    assert [one.outcome == "accepted" for one in batch.tries.order_by("pk")] == [False, True]
    listed = local_aws.client("cloudfront", "us-east-1").list_invalidations(DistributionId=batch.distribution.aws_id)
    assert [one["Id"] for one in listed["InvalidationList"]["Items"]] == [batch.aws_id]


def test_a_throttled_account_delays_and_a_denied_one_names_the_action(batch, local_aws, cloudfront):
    local_aws.control("faults", {"kind": "throttle", "service": "cloudfront", "calls": 1})
    lifecycle.advance(batch.pk, now=timezone.now(), connect=lambda account, now: cloudfront)
    batch.refresh_from_db()
    assert batch.state == BatchState.RETRY_WAIT

    local_aws.control("faults", {"kind": "access_denied", "service": "cloudfront", "calls": 1})
    follow(batch, cloudfront)
    assert batch.state == BatchState.FAILED
    assert "Allow the IAM action cloudfront:CreateInvalidation" in batch.last_error
    assert Batch.objects.get().tries.count() == 2


def test_wildcards_made_in_the_console_take_from_the_quota_and_ours_waits_until_they_are_over(
    wired, asked, tick, local_aws, cloudfront, unlimited
):
    local_aws.control("quotas", {"wildcards_per_second": None, "calls_per_second": None})
    by_hand = local_aws.client("cloudfront", "us-east-1")
    paths = {"Quantity": 15, "Items": [f"/{number}/*" for number in range(15)]}
    wish = {"Paths": paths, "CallerReference": "console"}
    by_hand.create_invalidation(DistributionId=wired.aws_id, InvalidationBatch=wish)

    asked("/products/*", priority=Priority.URGENT, now=timezone.now())
    (batch,) = tick(timezone.now())
    lifecycle.advance(batch.pk, now=timezone.now(), connect=lambda account, now: cloudfront)
    batch.refresh_from_db()
    assert (batch.state, batch.last_error_code) == (BatchState.RETRY_WAIT, "TooManyInvalidationsInProgress")

    follow(batch, cloudfront, seconds=40)
    assert batch.state == BatchState.COMPLETED
    assert batch.billed_items == 1


def test_the_cache_tag_header_is_read_from_the_distribution(wired, cloudfront):
    configs.plan(timezone.now())
    configs.read(DistributionConfig.objects.get().pk, now=timezone.now(), connect=lambda account, now: cloudfront)
    assert sites.of(wired).tag_header == "cache-tag"
