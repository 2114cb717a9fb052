"""Requests for tenants of a distribution: each has windows, batches and probes of its own, and calls of its own."""

from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.aws.errors import DeniedError, InvalidArgumentError, NotFoundError, ThrottledError
from edgeops.invalidations import asking, breaking, known, previewing, proving, sites, suspending, tenants, verification
from edgeops.invalidations import items as parsing
from edgeops.invalidations.models import (
    Batch,
    BatchState,
    DistributionConfig,
    Item,
    Policy,
    Priority,
    Request,
    RequestState,
    Source,
    Suspension,
    Tenant,
)
from edgeops.invalidations.refusals import TenantRefusedError
from edgeops.outbound import Response
from edgeops.timeline.models import Event, Failure
from tests.fixtures.invalidations import KilledError

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CATALOGUE = Actor("webhook", "catalogue")
CREATE = "cloudfront:CreateInvalidationForDistributionTenant"


@pytest.fixture
def asked_of(asked, storefront):
    """Ask for an invalidation of a tenant."""

    def ask(tenant, *items, **changes):
        return asked(*items, **{"distribution": storefront, "tenant": tenant, **changes})

    return ask


@pytest.fixture
def batch_of(asked_of, tick, unlimited, now):
    """Ask urgently for an invalidation of a tenant; its batch."""

    def ask(tenant, *items, **changes):
        request = asked_of(tenant, *items, priority=Priority.URGENT, **changes)
        tick(changes.get("now", now))
        request.refresh_from_db()
        return request.batch

    return ask


def forms():
    return sorted((batch.tenant.name, *batch.items) for batch in Batch.objects.select_related("tenant"))


# Who is meant.


def test_for_tenants_it_is_said_which_and_nothing_is_written_otherwise(asked, storefront, north):
    with pytest.raises(TenantRefusedError, match="storefronts is for tenants: each has a cache of its own"):
        asked("/a", distribution=storefront)
    assert not Request.objects.exists()
    assert not Audit.objects.exists()


def test_a_tenant_of_another_distribution_is_refused(asked, north):
    with pytest.raises(TenantRefusedError, match="storefront-north is no tenant of products"):
        asked("/a", tenant=north)


def test_a_tenant_that_is_gone_is_refused(asked_of, north, now):
    north.gone_at = now
    north.save()
    with pytest.raises(TenantRefusedError, match="deleted at CloudFront, and its cache with it"):
        asked_of(north, "/a")


def test_a_tenant_that_is_gone_is_looked_for_again_once_it_is_asked_for(asked_of, storefront, north, now):
    north.gone_at = now - MINUTE
    north.save()
    for read_at, next_at in ((now - 2 * MINUTE, now), (now - 5 * SECOND, now + MINUTE)):
        DistributionConfig.objects.update(tenants_read_at=read_at, next_at=now + MINUTE)
        with pytest.raises(TenantRefusedError, match="deleted"):
            asked_of(north, "/a")
        assert DistributionConfig.objects.get(distribution=storefront).next_at == next_at


@pytest.mark.parametrize(
    "text",
    [
        "storefront-south", " storefront-south ", "dt_2wSouthStorefrontDemo0002", "south.storefront.example.test",
        "SOUTH.storefront.example.test.",
    ],
)  # fmt: skip
def test_a_tenant_is_found_by_name_id_or_host_name(storefront, north, south, text):
    assert tenants.find(storefront, text) == south


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("west", "no tenant that is called “west”.$"),
        ("FRONT-n", "“FRONT-n”. Near to it: storefront-north."),
        ("x" * 900, "“x+”.$"),
    ],
)
def test_an_unknown_tenant_is_refused_with_what_is_near(storefront, north, south, text, words):
    with pytest.raises(TenantRefusedError, match=words):
        tenants.find(storefront, text)


def test_a_tenant_that_is_gone_or_elsewhere_is_not_found(storefront, north, distribution, now):
    with pytest.raises(TenantRefusedError):
        tenants.find(distribution, "storefront-north")
    Tenant.objects.update(gone_at=now)
    with pytest.raises(TenantRefusedError):
        tenants.find(storefront, "storefront-north")


# Its URLs.


def test_urls_of_its_own_domains_are_taken(asked_of, south):
    request = asked_of(south, "https://south.storefront.example.test/a?b=1", "https://shop.south.example.test/c")
    assert sorted(request.items.values_list("sent_form", flat=True)) == ["/a?b=1", "/c"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://north.storefront.example.test/a", "is a name of the tenant storefront-north of storefronts: ask for"),
        ("https://products.example.test/a", "is a name of the distribution products: ask for it there"),
        ("https://d8storefronts0demo.cloudfront.net/a", "is not a name of storefront-south. Its names: "),
    ],
)  # fmt: skip
def test_urls_of_others_are_refused_with_whose_they_are(asked_of, distribution, north, south, url, words):
    with pytest.raises(asking.ItemsRefusedError, match=words):
        asked_of(south, url)


def test_a_distribution_refuses_urls_of_tenants_with_their_name(asked, north):
    with pytest.raises(asking.ItemsRefusedError, match="the tenant storefront-north of storefronts"):
        asked("https://north.storefront.example.test/a")


def test_tags_are_judged_by_the_header_of_its_distribution(asked_of, storefront, north):
    with pytest.raises(asking.ItemsRefusedError, match="no cache-tag header"):
        asked_of(north, "#all")
    storefront.config.cache_tag_header = "Cache-Tag"
    storefront.config.save()
    assert sites.of(north).tag_header == "Cache-Tag"
    assert asked_of(north, "#all").items.get().kind == "tag"


# Windows and batches.


def test_requests_of_two_tenants_never_share_a_batch_nor_cover_each_other(
    asked_of, run_until, cloudfront, unlimited, north, south, now
):
    wide, narrow, same = asked_of(north, "/*"), asked_of(south, "/a", "/b/*"), asked_of(south, "/b/1")
    run_until(now + 5 * SECOND)
    assert forms() == [("storefront-north", "/*"), ("storefront-south", "/a", "/b/*")]
    for request, tenant in ((wide, north), (narrow, south), (same, south)):
        request.refresh_from_db()
        assert request.batch.tenant == tenant
        assert {item.batch_id for item in request.items.all()} == {request.batch_id}
    assert same.state == RequestState.SUPERSEDED
    assert {request.state for request in (wide, narrow)} == {RequestState.IN_PROGRESS}


def test_the_same_path_is_sent_for_each_tenant(asked_of, run_until, cloudfront, unlimited, north, south, now):
    for tenant in (north, south):
        asked_of(tenant, "/a")
    run_until(now + 5 * SECOND)
    assert forms() == [("storefront-north", "/a"), ("storefront-south", "/a")]
    assert set(cloudfront.holders) == {north.aws_id, south.aws_id}


def test_people_ride_along_with_a_webhook_of_their_own_tenant_only(asked_of, tick, unlimited, north, south, now):
    Policy.objects.create(distribution=north.distribution, quiet_seconds=2)
    asked_of(south, "/hook", actor=CATALOGUE, source=Source.WEBHOOK)
    waiting = asked_of(north, "/people", now=now + SECOND)
    asked_of(south, "/people", now=now + SECOND)
    tick(now + 2 * SECOND)
    assert forms() == [("storefront-south", "/hook", "/people")]
    waiting.refresh_from_db()
    assert waiting.state == RequestState.QUEUED


def test_a_tenant_does_not_wait_longer_since_another_was_just_served(asked_of, tick, account, north, south, now):
    asked_of(north, "/a")
    asked_of(south, "/s", now=now + SECOND)
    asked_of(north, "/hook", now=now + 1.5 * SECOND, actor=CATALOGUE, source=Source.WEBHOOK)
    tick(now + 2 * SECOND)  # the one call in two seconds
    tick(now + 4 * SECOND)
    assert forms() == [("storefront-north", "/a"), ("storefront-south", "/s")]


def test_what_is_in_progress_is_counted_over_all_tenants(asked_of, tick, unlimited, north, south, now):
    unlimited.inflight_paths, unlimited.headroom = 3, 0
    unlimited.save()
    asked_of(north, "/1", "/2")
    tick(now + 2 * SECOND)
    asked_of(south, "/1", "/2", now=now + 2 * SECOND)
    tick(now + 4 * SECOND)
    assert forms() == [("storefront-north", "/1", "/2"), ("storefront-south", "/1")]


def test_halves_of_a_batch_stay_with_its_tenant(batch_of, advance, cloudfront, north, now):
    batch = batch_of(north, "/a", "/b")
    cloudfront.failures = [InvalidArgumentError(CREATE, "InvalidArgument", "no")]
    advance(batch, now)
    assert set(Batch.objects.values_list("tenant", "state")) == {
        (north.pk, BatchState.SPLIT), (north.pk, BatchState.RETRY_WAIT),
    }  # fmt: skip


def test_a_suspended_distribution_holds_all_its_tenants(asked_of, run_until, storefront, north, south, now):
    suspending.suspend(storefront, actor=Actor("user", "ada"), reason="move", now=now)
    for tenant in (north, south):
        asked_of(tenant, "/a")
    run_until(now + 3 * SECOND)
    assert set(Request.objects.values_list("state", flat=True)) == {RequestState.HELD}


def test_a_wildcard_instead_of_what_a_paused_source_asked_for_is_of_its_tenant(asked_of, tick, storefront, south, now):
    suspending.suspend(storefront, actor=CATALOGUE, reason="storm", now=now, lane="webhook catalogue")
    held = asked_of(south, "/a/1", actor=CATALOGUE, source=Source.WEBHOOK)
    made = breaking.replace(
        Suspension.objects.get(), "/a/*", actor=Actor("user", "ada"), reason="all of it", now=now,
        may_invalidate_everything=True,
    )  # fmt: skip
    held.refresh_from_db()
    assert (made.tenant, held.superseded_by) == (south, made)


def test_a_wildcard_covers_nothing_that_is_held_for_another_tenant(asked_of, storefront, north, south, now):
    """An endpoint may have the name of one that was deleted, and so its lane."""
    suspending.suspend(storefront, actor=CATALOGUE, reason="storm", now=now, lane="webhook catalogue")
    held = [
        asked_of(tenant, "/a/1", actor=CATALOGUE, source=Source.WEBHOOK, now=now + number * SECOND)
        for number, tenant in enumerate((south, north))
    ]

    def replace():
        return breaking.replace(
            Suspension.objects.get(), "/a/*", actor=Actor("user", "ada"), reason="all of it", now=now,
            may_invalidate_everything=True,
        )  # fmt: skip

    first, second = replace(), replace()
    assert [one.tenant for one in (first, second)] == [south, north]
    assert [Request.objects.get(pk=one.pk).superseded_by for one in held] == [first, second]


# At CloudFront.


def test_it_is_submitted_followed_and_proven_by_the_calls_and_at_the_host_of_its_tenant(
    batch_of, settle, cloudfront, edge, north, now
):
    batch = batch_of(north, "/a")
    cloudfront.is_done = True
    settle(batch, until=now + MINUTE)
    assert batch.state == BatchState.VERIFIED
    assert cloudfront.holders == [north.aws_id] * 2
    assert [probe.url for probe in batch.probes.all()] == ["https://north.storefront.example.test/a"]
    assert batch.outcome.startswith("1 of 1 paths probed: 1 fresh")


def test_a_worker_killed_after_the_call_sends_the_same_reference_for_the_same_tenant(
    batch_of, advance, settle, cloudfront, north, now
):
    batch = batch_of(north, "/a")
    cloudfront.kill_after = True
    with pytest.raises(KilledError):
        advance(batch, now)
    batch.refresh_from_db()
    batch.next_at = batch.lease_until
    cloudfront.is_done = True
    settle(batch, until=now + 5 * MINUTE)
    assert cloudfront.references == [batch.caller_reference] * 2
    assert (len(cloudfront.made), batch.billed_items) == (1, 1)


def test_a_throttled_call_is_tried_again_for_the_same_tenant(batch_of, settle, cloudfront, north, now):
    batch = batch_of(north, "/a")
    cloudfront.failures = [ThrottledError(CREATE, "Throttling", "slow down")]
    settle(batch, until=now + 10 * SECOND)
    assert cloudfront.holders[:2] == [north.aws_id] * 2
    assert cloudfront.references == [batch.caller_reference] * 2


def test_a_denied_call_names_its_action(batch_of, advance, cloudfront, north, now):
    batch = batch_of(north, "/a")
    cloudfront.failures = [DeniedError(CREATE, "AccessDenied", "no")]
    advance(batch, now)
    batch.refresh_from_db()
    assert batch.state == BatchState.FAILED
    assert f"Allow the IAM action {CREATE}" in batch.last_error


@pytest.mark.parametrize("is_submitted", [False, True])
def test_a_tenant_that_was_deleted_meanwhile_ends_it_in_words(
    batch_of, asked_of, advance, cloudfront, north, now, is_submitted
):
    batch = batch_of(north, "/a")
    at = now
    if is_submitted:
        advance(batch, now)
        at = now + 2 * SECOND
    cloudfront.failures = [NotFoundError(CREATE, "EntityNotFound", "no such tenant")]
    advance(batch, at)
    batch.refresh_from_db()
    assert (batch.state, batch.next_at) == (BatchState.FAILED, None)
    assert Failure.objects.get().title == "An invalidation of storefront-north of storefronts failed (EntityNotFound)"
    assert "does not know the tenant storefront-north of storefronts any more: it was deleted" in batch.last_error
    assert Request.objects.get().state == RequestState.FAILED
    north.refresh_from_db()
    with pytest.raises(TenantRefusedError, match="deleted"):
        asked_of(north, "/b")


def test_an_invalidation_cloudfront_does_not_find_says_nothing_of_the_tenant(batch_of, advance, cloudfront, north, now):
    batch = batch_of(north, "/a")
    advance(batch, now)
    cloudfront.failures = [NotFoundError("cloudfront:Get", "NoSuchInvalidation", "no")]
    advance(batch, now + 2 * SECOND)
    batch.refresh_from_db()
    assert batch.state == BatchState.STUCK
    assert Tenant.objects.get().gone_at is None


# At the edge.


@pytest.mark.parametrize(
    ("source", "policy"), [(Source.VERIFY_RETRY, {}), (Source.DOUBLE_TAP, {"double_tap_seconds": 10})]
)
def test_what_is_invalidated_once_more_is_of_the_same_tenant(
    batch_of, settle, cloudfront, edge, north, south, now, source, policy
):
    Policy.objects.create(distribution=north.distribution, **policy)
    edge.answers["/a"] = {"x_cache": "Hit from cloudfront", "age_seconds": 999_999} if not policy else {}
    cloudfront.is_done = True
    settle(batch_of(north, "/a"), until=now + MINUTE)
    assert Request.objects.get(source=source).tenant == north


def test_a_repeat_for_a_tenant_that_is_gone_is_stored_and_fails_in_words(
    batch_of, settle, cloudfront, edge, north, now
):
    batch = batch_of(north, "/a")
    cloudfront.is_done = True
    edge.answers["/a"] = {"x_cache": "Hit from cloudfront", "age_seconds": 999_999}
    Tenant.objects.update(gone_at=now)
    assert settle(batch, until=now + MINUTE).state == BatchState.VERIFY_FAILED
    assert Request.objects.filter(source=Source.VERIFY_RETRY).count() == 1


def test_what_is_known_of_one_tenant_is_not_known_of_another(batch_of, storefront, north, south, now):
    known.learn(storefront, {"/products/traced": 5}, now=now)
    known.meet(north, "/products/1", ["#a"], now=now)
    known.meet(south, "/products/1", ["#b"], now=now)
    known.meet(north, "/products/2", [], now=now)
    batch_of(south, "/products/3")

    def paths(tenant, form):
        return {one.path for one in known.named_by(tenant, [form], now=now)}

    assert paths(north, "/products/*") == {"/products/1", "/products/2"}
    assert paths(south, "/products/*") == {"/products/1", "/products/3"}
    assert (paths(north, "#b"), paths(south, "#b")) == (set(), {"/products/1"})
    preview = previewing.preview(south, parsing.parse_many(["/products/*"]), is_admin=True, now=now)
    assert preview.matched_count == 2


def test_a_wildcard_is_proven_by_urls_known_of_the_tenant(batch_of, settle, cloudfront, edge, north, south, now):
    known.meet(south, "/products/south", [], now=now)
    known.meet(north, "/products/north", [], now=now)
    cloudfront.is_done = True
    settle(batch_of(north, "/products/*"), until=now + MINUTE)
    assert edge.looks == ["/products/north"]


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("", "https://south.storefront.example.test/a"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000/a"),
    ],
)
def test_a_probe_goes_to_the_host_of_the_tenant_and_asks_no_origin(storefront, south, monkeypatch, base, url):
    storefront.viewer_base_url, storefront.origin_probe_url = base, "http://127.0.0.1:9001"
    calls = []

    def answer(method, address, *, headers, host=None):
        calls.append((address, host))
        return Response(200, {"X-Cache": "Miss from cloudfront", "ETag": '"a"'}, b"", "192.0.2.1")

    monkeypatch.setattr(verification.outbound, "request", answer)
    seen = verification.look(south, "/a")
    assert calls == [(url, "south.storefront.example.test")]
    assert (seen.url, seen.etag, seen.origin_etag) == (url, '"a"', "")


def test_probing_again_asks_at_the_host_of_the_tenant(batch_of, settle, cloudfront, north, now):
    cloudfront.is_done = True
    batch = settle(batch_of(north, "/a"), until=now + MINUTE)
    assert proving.probe_again(batch, actor=Actor("user", "otto"), now=now + MINUTE)
    settle(batch, until=now + 2 * MINUTE)
    assert set(batch.probes.values_list("url", flat=True)) == {"https://north.storefront.example.test/a"}
    assert "storefront-north of storefronts" in Audit.objects.get(action="invalidation.probed_again").summary


# What is told of it.


def test_audit_and_charts_name_the_tenant(batch_of, settle, cloudfront, north, now):
    cloudfront.is_done = True
    settle(batch_of(north, "/a"), until=now + MINUTE)
    assert Audit.objects.get().summary == "Invalidation of /a on storefront-north of storefronts"
    titles = Event.objects.filter(api_slug="shops").order_by("pk").values_list("title", flat=True)
    assert titles[0] == "Invalidation asked for, storefront-north: /a (price fix)"
    assert all("storefront-north" in title for title in titles)


def test_each_tenants_window_is_marked_by_itself(asked_of, north, south):
    for tenant in (north, north, south):
        asked_of(tenant, "/a")
    assert Event.objects.filter(kind="invalidation.requested").count() == 2


def test_items_of_two_tenants_with_one_form_are_apart(asked_of, north, south):
    for tenant in (north, south):
        asked_of(tenant, "/a")
    assert Item.objects.filter(sent_form="/a").count() == 2
