import sqlite3
from datetime import timedelta

import pytest
from django.db import connection

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations import approvals, asking, breaking, coalescing, policies, suspending
from edgeops.invalidations.breaking import ReplacementError
from edgeops.invalidations.models import Item, Request, RequestState, Source, Suspension
from edgeops.timeline.models import Event, Failure

ADA, OTTO, SHOP = Actor("user", "ada"), Actor("user", "otto"), Actor("webhook", "shop")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def post(asked, now):
    def event(path, at=now):
        return asked(path, now=at, source=Source.WEBHOOK, actor=SHOP, may_invalidate_everything=False)

    return event


@pytest.fixture
def limited(distribution, now):
    policies.set_policy(distribution, {"breaker_per_minute": 5}, actor=ADA, now=now)


@pytest.fixture
def paused(limited, post, tick, now):
    for number in range(6):
        post(f"/products/{number}")
    tick(now + 2 * SECOND)
    tick(now + 3 * SECOND)
    return Suspension.objects.get()


def states():
    return set(Request.objects.filter(source=Source.WEBHOOK).values_list("state", flat=True))


def test_a_source_that_asks_for_too_much_is_paused_and_nothing_of_it_is_lost(paused, post, now):
    assert paused.lane == "webhook shop"
    assert "asked for 6 different items within a minute" in paused.reason
    assert states() == {RequestState.HELD}
    assert post("/late", at=now + 4 * SECOND).state == RequestState.HELD
    assert Audit.objects.filter(action="invalidations.suspended", actor="edgeops").exists()
    assert Event.objects.filter(kind="invalidation.held").exists()


def test_each_pause_is_a_failure_since_each_needs_a_person(paused, post, tick, distribution, now):
    failure = Failure.objects.get()
    assert (failure.kind, failure.path) == ("source.paused", f"/cache/distributions/{distribution.pk}/")
    assert failure.title == "Invalidations of products by webhook shop are paused"
    assert "pauses a source above 5. Look at its sender, then resume it" in failure.advice

    suspending.lift(paused, actor=OTTO, now=now + MINUTE)
    tick(now + MINUTE)
    tick(now + 2 * MINUTE)
    later = now + 10 * MINUTE
    for number in range(6):
        post(f"/later/{number}", at=later)
    tick(later + 2 * SECOND)
    assert list(Failure.objects.values_list("count", flat=True)) == [1, 1]


def test_a_tick_that_finds_a_source_paused_by_another_a_moment_ago_goes_on(limited, post, asked, now):
    for number in range(6):
        post(f"/products/{number}")
    asked("/by-hand")
    seen_by_both = coalescing.closed(now + 2 * SECOND)
    for _ in range(2):
        left = breaking.watch(seen_by_both, now + 2 * SECOND)
        assert [window.lane for window in left] == ["people"]
    assert (Suspension.objects.count(), Failure.objects.get().count) == (1, 1)


def test_a_person_who_suspends_is_no_failure(distribution, now):
    suspending.suspend(distribution, actor=OTTO, reason="deploying", now=now)
    assert not Failure.objects.exists()


def test_people_and_other_sources_go_on(paused, asked, tick, now):
    asked("/by-hand", now=now + 3 * SECOND)
    (batch,) = tick(now + 5 * SECOND)
    assert batch.items == ["/by-hand"]


def test_the_same_few_items_asked_for_often_are_no_storm(limited, post, tick, now):
    for number in range(30):
        post(f"/products/{number % 5}")
    (batch,) = tick(now + 2 * SECOND)
    assert len(batch.items) == 5


def test_what_was_asked_for_more_than_a_minute_ago_does_not_count(limited, post, tick, now):
    for number in range(12):
        post(f"/products/{number}", at=now + number * 15 * SECOND)
        tick(now + (number * 15 + 3) * SECOND)
    assert not Suspension.objects.exists()


def test_a_resumed_source_sends_what_was_held(paused, tick, unlimited, now):
    suspending.lift(paused, actor=ADA, now=now + 10 * SECOND)
    tick(now + 10 * SECOND)
    (batch,) = tick(now + 12 * SECOND)
    assert len(batch.items) == 6


def test_one_wildcard_stands_for_all_it_covers(paused, post, run_until, cloudfront, now):
    other = post("/orders/1", at=now + 4 * SECOND)
    cloudfront.is_done = True
    made = breaking.replace(
        paused,
        "/products/*",
        actor=OTTO,
        reason="import ran wild",
        now=now + 4 * SECOND,
        may_invalidate_everything=False,
    )
    run_until(now + MINUTE, start=now + 4 * SECOND)
    other.refresh_from_db()
    assert other.state == RequestState.HELD
    covered = Request.objects.filter(superseded_by=made)
    assert set(covered.values_list("state", flat=True)) == {RequestState.VERIFIED}
    assert covered.count() == 6
    assert set(Item.objects.filter(request__in=covered).values_list("covered_by", flat=True)) == {"/products/*"}
    assert all(request.batch.submitted_at >= request.requested_at for request in covered)
    assert [items for _, items in cloudfront.made.values()] == [["/products/*"]]


@pytest.fixture
def replaced(paused):
    """Ask at a moment for one wildcard instead of what is held."""

    def ask(wildcard, at):
        return breaking.replace(
            paused, wildcard, actor=OTTO, reason="import ran wild", now=at, may_invalidate_everything=False
        )

    return ask


@pytest.fixture
def awaiting(paused, distribution, now):
    policies.set_policy(distribution, {"asks_approval": True}, actor=ADA, now=now)
    return breaking.replace(
        paused, "/*", actor=OTTO, reason="import ran wild", now=now + 4 * SECOND, may_invalidate_everything=False
    )


def test_everything_instead_waits_for_approval(awaiting, tick, now):
    assert awaiting.state == RequestState.AWAITING_APPROVAL
    assert states() == {RequestState.SUPERSEDED}
    approvals.approve(awaiting, actor=ADA, now=now + 5 * SECOND)
    (batch,) = tick(now + 7 * SECOND)
    assert batch.items == ["/*"]
    assert set(Request.objects.values_list("batch", flat=True)) == {batch.pk}


@pytest.mark.parametrize("end", ["rejected", "expired", "cancelled"])
def test_what_waited_for_a_wildcard_that_was_not_made_is_held_again(awaiting, tick, now, end):
    if end == "rejected":
        approvals.reject(awaiting, actor=ADA, reason="no", now=now + 5 * SECOND)
    elif end == "cancelled":
        asking.cancel(awaiting, actor=OTTO, now=now + 5 * SECOND)
    tick(now + 2 * 60 * MINUTE)
    assert states() == {RequestState.HELD}
    assert not Request.objects.exclude(superseded_by=None).exists()


def test_what_waits_for_a_wildcard_that_is_taken_back_goes_on_waiting_for_it(paused, distribution, replaced, tick, now):
    made = replaced("/products/*", now + 4 * SECOND)
    tick(now + 7 * SECOND)
    suspending.suspend(distribution, actor=ADA, reason="origin is down", now=now + 7 * SECOND)
    tick(now + 8 * SECOND)
    made.refresh_from_db()
    assert (made.state, states()) == (RequestState.HELD, {RequestState.SUPERSEDED})

    asking.cancel(made, actor=OTTO, now=now + 9 * SECOND)
    assert states() == {RequestState.HELD}
    assert not Request.objects.exclude(superseded_by=None).exists()


def test_an_exact_path_replaces_nothing(paused, now):
    with pytest.raises(ReplacementError, match="is one item"):
        breaking.replace(paused, "/products/1", actor=OTTO, reason="x", now=now, may_invalidate_everything=False)
    assert not Request.objects.filter(source=Source.UI).exists()
    assert states() == {RequestState.HELD}


@pytest.fixture
def few_parameters(db):
    """SQLite as it may have been built: it takes fewer parameters in a statement."""
    if connection.vendor != "sqlite":
        yield
        return
    usual = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 1_100)
    yield
    connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, usual)


def test_a_wildcard_stands_for_a_storm_of_any_size(paused, replaced, few_parameters, now):
    held = Request.objects.filter(source=Source.WEBHOOK).first()
    storm = [
        Request(
            distribution=held.distribution, source=Source.WEBHOOK, lane=held.lane, requested_by="shop", reason="storm",
            requested_at=now, state=RequestState.HELD, idempotency_key=f"storm {number}", items_count=1,
        )
        for number in range(1_200)
    ]  # fmt: skip
    Request.objects.bulk_create(storm)
    Item.objects.bulk_create(
        [Item(request=one, kind="path", raw="/products/x", sent_form=f"/products/x/{one.pk}") for one in storm]
    )
    made = replaced("/products/*", now + 4 * SECOND)
    assert Request.objects.filter(superseded_by=made, state=RequestState.SUPERSEDED).count() == 1_206


def test_what_is_held_after_a_wildcard_has_left_is_covered_by_another_of_its_own(
    replaced, post, run_until, cloudfront, now
):
    cloudfront.is_done = True
    first = replaced("/products/*", now + 4 * SECOND)
    run_until(now + MINUTE, start=now + 4 * SECOND)
    late = post("/products/late", at=now + MINUTE)
    second = replaced("/products/*", now + MINUTE + SECOND)
    run_until(now + 2 * MINUTE, start=now + MINUTE + SECOND)
    late.refresh_from_db()
    assert (second != first, late.superseded_by, late.state) == (True, second, RequestState.VERIFIED)
    assert late.batch.submitted_at >= late.requested_at


@pytest.mark.parametrize("end", ["rejected", "cancelled"])
def test_after_a_wildcard_that_was_not_made_another_can_be_asked_for(awaiting, paused, now, end):
    if end == "rejected":
        approvals.reject(awaiting, actor=ADA, reason="no", now=now + 5 * SECOND)
    else:
        asking.cancel(awaiting, actor=OTTO, now=now + 5 * SECOND)
    made = breaking.replace(
        paused, "/*", actor=OTTO, reason="once more", now=now + 6 * SECOND, may_invalidate_everything=False
    )
    assert made.state == RequestState.AWAITING_APPROVAL
    assert set(Request.objects.filter(source=Source.WEBHOOK).values_list("superseded_by", flat=True)) == {made.pk}


def test_a_double_click_is_one_wildcard_that_covers_what_came_in_between_too(replaced, post, tick, now):
    first = replaced("/products/*", now + 4 * SECOND)
    late = post("/products/late", at=now + 4 * SECOND)
    assert replaced("/products/*", now + 5 * SECOND) == first
    (batch,) = tick(now + 7 * SECOND)
    late.refresh_from_db()
    assert (late.batch, batch.items) == (batch, ["/products/*"])


def test_two_long_wildcards_that_begin_alike_are_two(replaced, now):
    first, second = (replaced(f"/products/{'x' * 250}{end}*", now + 4 * SECOND) for end in "ab")
    assert first.items.get().sent_form.endswith("a*")
    assert second.items.get().sent_form.endswith("b*")
