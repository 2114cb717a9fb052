import re
from datetime import timedelta

import pytest
from django.utils import timezone

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.estate.models import Distribution, Hop
from edgeops.invalidations import suspending
from edgeops.invalidations.models import (
    DistributionConfig,
    Policy,
    QuotaProfile,
    Request,
    RequestState,
    Source,
    StageFlush,
    Suspension,
)

ADA = Actor("user", "ada")
POLICY = {
    "quiet_seconds": "3",
    "window_seconds": "20",
    "ceilings": "/products/*\r\n/orders/*\r\n",
    "collapse_threshold": "50",
    "protected": "",
    "max_items": "",
    "asks_approval": "on",
    "probes": "5",
    "double_tap_seconds": "",
    "warm_urls": "0",
    "breaker_per_minute": "",
}
QUOTA = {
    "calls_per_second": "1",
    "items_per_second": "",
    "wildcards_per_second": "1",
    "inflight_paths": "",
    "inflight_wildcards": "10",
    "headroom": "2",
}


@pytest.fixture
def page(distribution):
    return f"/cache/distributions/{distribution.pk}/"


@pytest.fixture
def stage(api):
    """The REST API's stage, as discovery found it: with a cache."""
    hop = Hop.objects.get(kind="rest_api")
    hop.aws_id, hop.details = "a1b2c3d4e5", {"stage": "prod", "cache_size_gb": "0.5"}
    hop.save()
    return hop


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_viewer_sees_the_policy_in_words_and_changes_nothing(
    client, vera, page, distribution, django_assert_max_num_queries
):
    DistributionConfig.objects.create(distribution=distribution, cache_tag_header="cache-tag", read_at=timezone.now())
    Policy.objects.create(distribution=distribution, ceilings=["/a/*"], double_tap_seconds=30, breaker_per_minute=None)
    client.force_login(vera)
    with django_assert_max_num_queries(16):
        shown = text(client.get(page))
    assert "closes after 2 s without a request" in shown
    assert '<span class="mono">/a/*</span>' in shown
    assert "30 s after the first" in shown
    assert '<span class="mono">cache-tag</span>, read' in shown
    assert "<dt>Storm breaker</dt><dd>off</dd>" in shown
    assert "0.5 a second" in shown
    assert "150 a second" in shown
    for word in ("Edit the policy", "Suspend invalidations", "New invalidation"):
        assert word not in shown


def test_what_is_not_known_of_tags_is_said(client, vera, page, distribution):
    client.force_login(vera)
    assert "not read yet" in text(client.get(page))
    DistributionConfig.objects.create(distribution=distribution, cache_tag_header="", read_at=timezone.now())
    assert "none, so cache tags are refused" in text(client.get(page))


def test_an_admin_changes_the_policy_and_it_is_on_record(client, ada, page, distribution):
    client.force_login(ada)
    shown = text(client.post(page + "policy/", POLICY, follow=True))
    assert "Saved." in shown
    assert "waits for a second person" in shown
    policy = Policy.objects.get()
    assert policy.ceilings == ["/orders/*", "/products/*"]
    assert (policy.quiet_seconds, policy.max_items, policy.breaker_per_minute) == (3, None, None)
    assert Audit.objects.get().detail["quiet_seconds"] == [2, 3]
    assert f'href="/cache/distributions/{distribution.pk}/"' in text(client.get("/audit/"))
    assert "/orders/* /products/*</textarea>" in text(client.get(page + "policy/"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ceilings": "/a"}, "a ceiling ends in *"),
        ({"ceilings": "<b>"}, "starts with a slash"),
        ({"protected": "#tag"}, "is no pattern of paths"),
        ({"quiet_seconds": "61"}, "less than or equal to 60"),
        ({"double_tap_seconds": "5"}, "greater than or equal to 10"),
        ({"collapse_threshold": "1"}, "greater than or equal to 2"),
        ({"probes": "many"}, "whole number"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_beside_its_field(client, ada, page, changes, problem):
    client.force_login(ada)
    shown = text(client.post(page + "policy/", POLICY | changes))
    assert problem in shown
    assert "Nothing was saved." in shown
    assert 'name="window_seconds" value="20"' in shown
    assert "<b></textarea>" not in shown
    assert not Policy.objects.exists()


def test_an_admin_switches_bounds_of_an_account_off_and_on(client, ada, account, distribution):
    client.force_login(ada)
    assert "Saved." in text(client.post("/cache/quotas/demo/", QUOTA, follow=True))
    profile = QuotaProfile.objects.get()
    assert (profile.items_per_second, profile.inflight_paths, profile.inflight_wildcards) == (None, None, 10)
    client.post("/cache/quotas/demo/", QUOTA | {"items_per_second": "20"})
    assert QuotaProfile.objects.get().items_per_second == 20
    assert "greater than or equal to" in text(client.post("/cache/quotas/demo/", QUOTA | {"calls_per_second": "0"}))
    assert "number" in text(client.post("/cache/quotas/demo/", QUOTA | {"calls_per_second": "nan"}))


@pytest.mark.parametrize("person", ["vera", "otto"])
def test_policy_and_quotas_are_the_admins(client, request, person, page, account):
    client.force_login(request.getfixturevalue(person))
    for url, values in ((page + "policy/", POLICY), ("/cache/quotas/demo/", QUOTA)):
        assert client.get(url).status_code == 403
        assert client.post(url, values).status_code == 403
    assert not Policy.objects.exists()
    assert not QuotaProfile.objects.exists()


def test_an_operator_suspends_with_a_reason_and_resumes(client, otto, page, asked, tick):
    client.force_login(otto)
    shown = text(client.post(page + "suspend/", {"reason": "Deploy <now>"}, follow=True))
    assert "Deploy &lt;now&gt;" in shown
    assert "Suspend invalidations" not in shown
    request = asked("/a", now=timezone.now())
    assert request.state == RequestState.HELD
    assert "1 request held" in text(client.get(page))
    assert "is suspended already" in text(client.post(page + "suspend/", {"reason": "again"}))

    url = f"/cache/suspensions/{Suspension.objects.get().pk}/lift/"
    assert "Resumed" in text(client.post(url, follow=True))
    assert client.post(url).status_code == 302
    tick(timezone.now())
    request.refresh_from_db()
    assert request.state != RequestState.HELD
    assert "resumed by otto" in text(client.get(page))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"reason": ""}, "required"),
        ({"reason": "x", "until": "2020-01-01T00:00"}, "lies in the future"),
        ({"reason": "x", "until": "soon"}, "valid date/time"),
    ],
)
def test_a_suspension_needs_a_reason_and_an_end_to_come(client, otto, page, values, problem):
    client.force_login(otto)
    assert problem in text(client.post(page + "suspend/", values))
    assert not Suspension.objects.exists()


def test_a_viewer_suspends_and_resumes_nothing(client, vera, page, distribution):
    held = suspending.suspend(distribution, actor=ADA, reason="x", now=timezone.now())
    client.force_login(vera)
    assert "Resume</button>" not in text(client.get(page))
    assert client.post(page + "suspend/", {"reason": "x"}).status_code == 403
    assert client.post(f"/cache/suspensions/{held.pk}/lift/").status_code == 403
    assert client.post(f"/cache/suspensions/{held.pk}/replace/").status_code == 403


def test_one_wildcard_stands_for_what_a_paused_source_asked_for(client, otto, page, asked, distribution):
    now = timezone.now()
    lane = Source.WEBHOOK.lane("shop")
    held = suspending.suspend(distribution, actor=ADA, reason="Too much", lane=lane, now=now)
    for number in range(3):
        asked(f"/products/{number}", actor=Actor("webhook", "shop"), source=Source.WEBHOOK, now=now)
    client.force_login(otto)
    assert f"Paused: {lane}" in text(client.get(page))
    url = f"/cache/suspensions/{held.pk}/replace/"
    assert "is one item" in text(client.post(url, {"wildcard": "/products/1", "reason": "x"}, follow=True))
    assert "Name the wildcard" in text(client.post(url, {}, follow=True))
    response = client.post(url, {"wildcard": "/products/*", "reason": "Storm"})
    assert response["Location"].startswith("/cache/invalidations/")
    covered = Request.objects.filter(state=RequestState.SUPERSEDED)
    assert covered.count() == 3
    shown = text(client.get(f"/cache/invalidations/{covered[0].pk}/"))
    assert f'<a href="{response["Location"]}">one wildcard that covers it</a>' in shown
    assert "Waiting for what covers it" in shown


def test_a_stage_cache_is_flushed_by_typing_its_name(client, otto, page, stage):
    client.force_login(otto)
    url = f"{page}stages/{stage.pk}/flush/"
    assert f'href="{url}"' in text(client.get(page))
    shown = text(client.get(url))
    assert "apigateway:DELETE" in shown
    assert "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5/stages/prod/cache/data" in shown
    assert "That is not its name" in text(client.post(url, {"reason": "x", "confirm": "products"}))
    assert not StageFlush.objects.exists()
    for _ in range(2):
        shown = text(client.post(url, {"reason": "Prices", "confirm": "prod"}, follow=True))
    assert "is being emptied" in shown
    assert 'data-refresh-seconds="2"' in shown
    assert StageFlush.objects.get().requested_by == "otto"


def test_the_name_of_a_stage_is_shown_as_the_text_it_is(client, otto, page, stage):
    """AWS takes any name for an API, and EdgeOps takes it over."""
    Hop.objects.filter(pk=stage.pk).update(name="<b>products</b>")
    client.force_login(otto)
    shown = client.get(f"{page}stages/{stage.pk}/flush/").text
    assert "<b>products" not in shown
    assert "of &lt;b&gt;products&lt;/b&gt;." in shown


def test_a_viewer_flushes_nothing_and_a_hop_elsewhere_is_not_found(client, vera, otto, page, stage, account):
    client.force_login(vera)
    assert client.post(f"{page}stages/{stage.pk}/flush/", {"reason": "x", "confirm": "prod"}).status_code == 403
    client.force_login(otto)
    other = Distribution.objects.create(account=account, aws_id="E2", name="orders", domain="d2.cloudfront.net")
    assert client.get(f"/cache/distributions/{other.pk}/stages/{stage.pk}/flush/").status_code == 404
    assert client.get("/cache/distributions/999/").status_code == 404


def test_the_page_of_a_request_offers_the_stage_cache_behind_it(client, otto, asked, stage, page):
    request = asked("/products/1")
    client.force_login(otto)
    shown = text(client.get(f"/cache/invalidations/{request.uuid}/"))
    assert f'href="{page}stages/{stage.pk}/flush/"' in shown


def test_an_earlier_suspension_that_ran_out_is_told(client, vera, page, distribution):
    now = timezone.now()
    suspending.suspend(
        distribution, actor=ADA, reason="Night", now=now - timedelta(hours=2), until=now - timedelta(hours=1)
    )
    client.force_login(vera)
    shown = text(client.get(page))
    assert "Night" in shown
    assert "data-refresh-seconds" not in shown
