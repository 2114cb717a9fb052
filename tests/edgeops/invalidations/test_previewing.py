from datetime import date, timedelta
from decimal import Decimal

import pytest

from edgeops.access.audit import Actor
from edgeops.invalidations import items, known, policies, previewing, sites, suspending
from edgeops.invalidations.models import CostMonth, Item, Priority, QuotaProfile, Request
from tests.fixtures.estate import NOW

ADA = Actor("user", "ada")
SECOND = timedelta(seconds=1)


@pytest.fixture
def preview(distribution, now):
    def seen(*lines, **changes):
        parsed = items.parse_many(lines, sites.of(distribution))
        return previewing.preview(distribution, parsed, **({"is_admin": False, "now": now} | changes))

    return seen


def test_the_price_is_told_from_the_month_to_date(preview, account):
    CostMonth.objects.create(account=account, month=date(2026, 11, 1), items=999)
    CostMonth.objects.create(account=account, month=date(2026, 10, 1), items=5_000)
    seen = preview("/a", "/b", "/c/*", "/c/1")
    assert (seen.items, seen.wildcards, seen.month_used, seen.free_left) == (3, 1, 999, 1)
    assert seen.dollars == Decimal("0.010")


def test_what_a_wildcard_covers_is_named_with_it(preview):
    assert preview("/a", "/c/*", "/c/1", "/c/d*").covered_by == {"/c/1": "/c/*", "/c/d*": "/c/*"}


@pytest.mark.parametrize(("ceiling", "forms"), [("/products/1*", 3), ("/products/*", 1), ("/*", 1), ("", 1)])
def test_a_rules_items_are_priced_as_its_ceiling_lets_them_be_gathered(preview, distribution, now, ceiling, forms):
    policies.set_policy(distribution, {"ceilings": ["/products/*"], "collapse_threshold": 3}, actor=ADA, now=now)
    seen = preview("/products/1", "/products/11", "/products/12", ceiling=ceiling)
    assert (seen.items, seen.wildcards) == (forms, forms == 1)


def test_a_wildcard_tells_what_it_takes_from_the_cache(preview, distribution, now):
    known.learn(distribution, {f"/products/{number}": number for number in range(40)}, now=now)
    seen = preview("/products/*", "/orders/1")
    assert (seen.matched_count, len(seen.matched), seen.requests_per_hour) == (40, 20, 780)
    assert seen.matched[0].path == "/products/39"
    assert seen.origin_requests == 41


def test_nothing_known_is_said_as_nothing_known(preview):
    seen = preview("/products/*")
    assert (seen.matched_count, seen.requests_per_hour) == (0, None)


def test_what_is_left_of_the_quota_is_told(preview, frozen, unlimited):
    assert preview("/a").paths_left is None
    frozen(*(f"/{number}" for number in range(500)), "/w/*")
    QuotaProfile.objects.update(inflight_paths=3_000, inflight_wildcards=15)
    seen = preview("/a")
    assert (seen.paths_left, seen.wildcards_left) == (2_498, 12)


@pytest.mark.parametrize(
    ("priority", "free_in", "seconds"), [(Priority.NORMAL, 0, 2), (Priority.URGENT, 0, 0), (Priority.URGENT, 5, 5)]
)
def test_the_wait_is_the_window_or_the_tokens(preview, account, priority, free_in, seconds):
    QuotaProfile.objects.create(account=account, calls_free_at=NOW + free_in * SECOND)
    assert preview("/a", priority=priority).expected_wait == seconds * SECOND


def test_what_is_queued_before_it_is_waited_for(preview, asked):
    asked(*(f"/{number}" for number in range(300)))
    assert preview("/a").expected_wait == 4 * SECOND


def test_who_must_approve_and_what_holds_it_is_told(preview, distribution, now):
    policies.set_policy(distribution, {"asks_approval": True}, actor=ADA, now=now)
    suspending.suspend(distribution, actor=ADA, reason="origin is down", now=now)
    seen = preview("/*", is_admin=True)
    assert seen.scope.needs_approval
    assert "origin is down" in seen.held_because
    assert not preview("/a").scope.needs_approval


def test_a_preview_writes_nothing(preview):
    preview("/a")
    assert not Request.objects.exists()
    assert not Item.objects.exists()
    assert not QuotaProfile.objects.exists()
