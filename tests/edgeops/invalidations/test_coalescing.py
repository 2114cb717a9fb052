from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from edgeops.access.audit import Actor
from edgeops.aws.errors import ThrottledError
from edgeops.estate.models import Distribution
from edgeops.invalidations import asking, coalescing
from edgeops.invalidations.models import (
    Batch,
    BatchState,
    Item,
    Policy,
    Priority,
    QuotaProfile,
    Request,
    RequestState,
    Source,
)
from tests.fixtures.threads import at_once

SECOND = timedelta(seconds=1)
CREATE = "cloudfront:CreateInvalidation"


def shop(name="shop"):
    return {"source": Source.WEBHOOK, "actor": Actor("webhook", name), "may_invalidate_everything": False}


def states():
    return [request.state for request in Request.objects.order_by("requested_at", "queued_at")]


def test_a_window_closes_after_two_seconds_of_quiet(asked, tick, now):
    asked("/a")
    asked("/b", now=now + SECOND)
    assert tick(now + 2 * SECOND) == []

    (batch,) = tick(now + 3 * SECOND)
    assert batch.items == ["/a", "/b"]
    assert batch.caller_reference == f"edgeops-{batch.uuid}"
    assert (batch.state, batch.next_at, batch.attempts) == (BatchState.COALESCED, now + 3 * SECOND, 0)
    assert states() == [RequestState.COALESCED] * 2
    assert tick(now + 9 * SECOND) == []


def test_a_window_that_is_never_quiet_closes_after_ten_seconds(asked, tick, now):
    for second in range(10):
        asked(f"/{second}", now=now + second * SECOND)
        assert tick(now + second * SECOND) == []
    (batch,) = tick(now + 10 * SECOND)
    assert len(batch.items) == 10


def test_a_window_of_a_thousand_items_closes_at_once(asked, tick, now):
    asked(*(f"/{number}" for number in range(999)))
    asked(*(f"/{number}" for number in range(999)))
    assert tick(now) == []
    asked("/one-more")
    (batch,) = tick(now)
    assert len(batch.items) == 1_000


def test_the_urgent_skips_the_window(asked, tick, now):
    asked("/a")
    asked("/b", priority=Priority.URGENT)
    (batch,) = tick(now)
    assert batch.items == ["/b"]


def test_what_is_asked_for_twice_is_one_item_and_the_second_request_says_so(asked, tick, now):
    first, second, wider = asked("/a"), asked("/a"), asked("/a", "/b")
    (batch,) = tick(now + 2 * SECOND)
    assert batch.items == ["/a", "/b"]
    for request, state in (
        (first, RequestState.COALESCED), (second, RequestState.SUPERSEDED), (wider, RequestState.COALESCED)
    ):  # fmt: skip
        request.refresh_from_db()
        assert (request.state, request.batch, request.is_split) == (state, batch, False)


@pytest.mark.parametrize("order", [["/a/*", "/a/1"], ["/a/1", "/a/*"]])
def test_a_child_of_a_wildcard_in_the_same_window_is_covered_by_it(asked, tick, now, order):
    for form in order:
        asked(form)
    (batch,) = tick(now + 2 * SECOND)
    assert batch.items == ["/a/*"]
    child, wildcard = Item.objects.get(sent_form="/a/1"), Item.objects.get(sent_form="/a/*")
    assert (child.batch, child.covered_by, wildcard.covered_by) == (batch, "/a/*", "")
    assert (child.request.state, wildcard.request.state) == (RequestState.SUPERSEDED, RequestState.COALESCED)


def test_a_superseded_request_ends_as_the_one_that_covers_it(asked, tick, settle, cloudfront, now):
    asked("/a")
    second = asked("/a")
    cloudfront.is_done = True
    (batch,) = tick(now + 2 * SECOND)
    settle(batch, until=now + 3 * SECOND)
    second.refresh_from_db()
    assert second.state == RequestState.SUPERSEDED

    settle(batch, until=now + 60 * SECOND)
    second.refresh_from_db()
    assert second.state == batch.state == RequestState.VERIFIED


def test_a_request_that_arrives_while_the_same_path_is_in_flight_is_sent_again(asked, tick, advance, now):
    asked("/a")
    (first,) = tick(now + 2 * SECOND)
    advance(first, now + 2 * SECOND)
    late = asked("/a", now=now + 3 * SECOND)

    (second,) = tick(now + 5 * SECOND)
    advance(second, now + 5 * SECOND)
    late.refresh_from_db()
    second.refresh_from_db()
    assert late.batch == second != first
    assert second.submitted_at >= late.requested_at


def test_nothing_joins_a_frozen_batch_even_before_it_is_sent(asked, tick, now):
    asked("/a")
    (first,) = tick(now + 2 * SECOND)
    late = asked("/a", now=now + 2 * SECOND)
    tick(now + 4 * SECOND)
    late.refresh_from_db()
    assert late.batch != first


def test_cancelling_one_of_two_merged_requests_leaves_the_other(asked, tick, now):
    first, second = asked("/a", "/b"), asked("/a")
    asking.cancel(first, actor=Actor("user", "otto"), now=now)
    (batch,) = tick(now + 2 * SECOND)
    assert batch.items == ["/a"]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.batch, second.batch) == (RequestState.CANCELLED, None, batch)


def freeze_at_once(workers, at):
    """So many workers that tick at the same moment; the batches all of them made."""
    return [batch for made in at_once(workers, lambda: coalescing.freeze_due(at)) for batch in made]


@pytest.mark.django_db(transaction=True)
def test_workers_that_close_the_same_windows_at_once_freeze_each_item_once(asked, unlimited, now):
    for number in range(30):
        asked(f"/{number}", **(shop() if number % 3 else {}))
        asked(f"/{number}", **shop("stock"))
    frozen = freeze_at_once(4, now + 2 * SECOND)

    assert sorted(frozen) == sorted(Batch.objects.values_list("pk", flat=True))
    sent = [form for items in Batch.objects.values_list("items", flat=True) for form in items]
    assert sorted(sent) == sorted({f"/{number}" for number in range(30)})
    assert not Item.objects.filter(batch=None).exists()
    assert not Request.objects.filter(state=RequestState.QUEUED).exists()


@pytest.mark.django_db(transaction=True)
def test_workers_that_tick_at_once_spend_one_token_once(asked, now):
    for name in ("shop", "stock", "prices"):
        asked(f"/{name}", **shop(name))
    assert len(freeze_at_once(4, now + 2 * SECOND)) == 1
    assert len(freeze_at_once(4, now + 3 * SECOND)) == 0
    assert len(freeze_at_once(4, now + 4 * SECOND)) == 1


def test_the_next_call_waits_for_its_token_and_gathers_more_meanwhile(asked, tick, now):
    asked("/a")
    assert len(tick(now + 2 * SECOND)) == 1
    asked("/b", now=now + 2 * SECOND, priority=Priority.URGENT)
    assert tick(now + 3 * SECOND) == []
    asked("/b", now=now + 3 * SECOND, priority=Priority.URGENT)
    (batch,) = tick(now + 4 * SECOND)
    assert batch.items == ["/b"]
    assert batch.requests.count() == 2


def test_another_account_has_tokens_of_its_own(asked, tick, distribution, now):
    other_account = type(distribution.account).objects.create(name="two", aws_account_id="2", region="eu-west-1")
    other = Distribution.objects.create(account=other_account, aws_id="E2", name="orders", domain="d2.test")
    asked("/a")
    asked("/a", distribution=other)
    assert {batch.distribution for batch in tick(now + 2 * SECOND)} == {distribution, other}


def test_a_large_request_leaves_in_several_batches_and_ends_with_the_last(asked, run_until, cloudfront, now):
    request = asked(*(f"/{number}" for number in range(2_500)))
    cloudfront.is_done = True
    run_until(now + 8 * SECOND)
    request.refresh_from_db()
    assert (request.state, request.is_split) == (RequestState.QUEUED, True)
    assert not asking.can_cancel(request)

    run_until(now + 60 * SECOND, start=now + 8 * SECOND)
    request.refresh_from_db()
    assert request.state == RequestState.VERIFIED
    assert sorted(len(items) for _, items in cloudfront.made.values()) == [500, 1_000, 1_000]
    assert not Item.objects.filter(batch=None).exists()


def test_of_three_thousand_paths_all_but_the_headroom_leave_at_once_and_the_last_two_follow(
    asked, run_until, cloudfront, now
):
    request = asked(*(f"/{number}" for number in range(3_000)))
    run_until(now + 40 * SECOND)
    assert [len(items) for _, items in cloudfront.made.values()] == [1_000, 1_000, 998]

    cloudfront.is_done = True
    run_until(now + 80 * SECOND, start=now + 40 * SECOND)
    assert [len(items) for _, items in cloudfront.made.values()] == [1_000, 1_000, 998, 2]
    request.refresh_from_db()
    assert request.state == RequestState.VERIFIED


def test_of_twenty_wildcards_only_as_many_as_may_are_in_progress_at_once(asked, run_until, cloudfront, now):
    for name in "ab":
        asked(*(f"/{name}/{number}/*" for number in range(10)))
    run_until(now + 60 * SECOND)
    assert Batch.objects.all().in_flight() == {"paths": 0, "wildcards": 13}
    assert Item.objects.filter(batch=None).count() == 7

    cloudfront.is_done = True
    run_until(now + 90 * SECOND, start=now + 60 * SECOND)
    assert sum(len(items) for _, items in cloudfront.made.values()) == 20
    assert not Item.objects.filter(batch=None).exists()


def test_a_bound_of_what_is_in_progress_can_be_switched_while_windows_wait(asked, tick, unlimited, now):
    QuotaProfile.objects.update(inflight_wildcards=3, headroom=2)
    asked("/a/*", "/b/*", "/c/*")
    assert [batch.items for batch in tick(now + 2 * SECOND)] == [["/a/*"]]
    QuotaProfile.objects.update(inflight_wildcards=None)
    assert [batch.items for batch in tick(now + 3 * SECOND)] == [["/b/*", "/c/*"]]
    QuotaProfile.objects.update(inflight_wildcards=1)
    asked("/d/*", "/e", now=now + 3 * SECOND)
    assert [batch.items for batch in tick(now + 5 * SECOND)] == [["/e"]]


def test_while_nothing_more_may_be_in_progress_no_queue_is_read(asked, tick, unlimited, now):
    QuotaProfile.objects.update(inflight_paths=1, inflight_wildcards=1, headroom=0)
    asked("/a", "/b/*")
    tick(now + 2 * SECOND)
    asked("/c", now=now + 2 * SECOND)
    with CaptureQueriesContext(connection) as queries:
        assert tick(now + 4 * SECOND) == []
    assert not [query for query in queries if 'FROM "invalidations_item"' in query["sql"]]


def test_a_wildcard_without_room_waits_while_paths_go(asked, tick, unlimited, now):
    QuotaProfile.objects.update(inflight_wildcards=3, headroom=2)
    asked("/a/*", "/b/*", "/c")
    (batch,) = tick(now + 2 * SECOND)
    assert batch.items == ["/a/*", "/c"]
    assert tick(now + 3 * SECOND) == []

    Batch.objects.update(state=BatchState.COMPLETED)
    (batch,) = tick(now + 4 * SECOND)
    assert batch.items == ["/b/*"]


def test_siblings_become_a_wildcard_where_the_policy_allows(asked, tick, distribution, now):
    Policy.objects.create(distribution=distribution, ceilings=["/products/*"], collapse_threshold=3)
    for number in range(3):
        asked(f"/products/{number}")
    (batch,) = tick(now + 2 * SECOND)
    assert batch.items == ["/products/*"]
    assert set(Item.objects.values_list("covered_by", flat=True)) == {"/products/*"}
    assert states().count(RequestState.COALESCED) == 1


@pytest.mark.parametrize(
    ("ceiling", "items"),
    [
        ("", ["/products/*"]),
        ("/products/*", ["/products/*"]),
        ("/pro*", ["/products/*"]),
        ("/products/1*", ["/products/10", "/products/11", "/products/12"]),
    ],
)
def test_siblings_become_nothing_wider_than_their_rule_lets_out(asked, tick, distribution, now, ceiling, items):
    Policy.objects.create(distribution=distribution, ceilings=["/products/*"], collapse_threshold=3)
    for number in range(10, 13):
        asked(f"/products/{number}", ceiling=ceiling, **shop())
    (batch,) = tick(now + 2 * SECOND)
    assert batch.items == items


def test_what_is_repeated_is_sent_as_it_was(asked, run_until, cloudfront, distribution, edge, now):
    """The first time its rule kept it from becoming a wildcard; the repeat has no rule."""
    Policy.objects.create(distribution=distribution, ceilings=["/products/*"], collapse_threshold=3)
    forms = [f"/products/{number}" for number in range(10, 13)]
    asked(*forms, ceiling="/products/1*", **shop())
    cloudfront.is_done = True
    edge.answers[forms[0]] = {"x_cache": "Hit from cloudfront", "age_seconds": 900}
    run_until(now + 60 * SECOND)
    assert [items for _, items in cloudfront.made.values()] == [forms, forms]


def test_a_storm_of_one_source_does_not_keep_people_waiting(asked, tick, now):
    for number in range(300):
        asked(f"/{number % 50}", now=now + number * SECOND / 30, **shop())
    asked("/by-hand", now=now + 7 * SECOND)
    (batch,) = tick(now + 9 * SECOND)
    assert batch.items == ["/by-hand"]
    assert batch.lane == "people"


def test_people_ride_along_with_whatever_leaves_first(asked, tick, now):
    asked("/1", **shop())
    asked("/by-hand", now=now + 1.9 * SECOND)
    (batch,) = tick(now + 2 * SECOND)
    assert batch.items == ["/1", "/by-hand"]


def test_another_source_waits_for_its_own_window_unless_its_items_leave_anyway(asked, tick, now):
    asked("/1", **shop())
    same = asked("/1", now=now + 1.9 * SECOND, **shop("other"))
    asked("/2", now=now + 1.9 * SECOND, **shop("other"))
    (batch,) = tick(now + 2 * SECOND)
    assert batch.items == ["/1"]
    same.refresh_from_db()
    assert (same.state, same.batch) == (RequestState.SUPERSEDED, batch)


def test_a_backlog_of_one_source_lets_people_of_every_distribution_through(asked, tick, distribution, now):
    orders = Distribution.objects.create(account=distribution.account, aws_id="E2", name="orders", domain="d2.test")
    Policy.objects.create(distribution=distribution, breaker_per_minute=None)
    asked(*(f"/{number}" for number in range(3_000)), **shop())
    tick(now + 2 * SECOND)
    asked("/here", now=now + 3 * SECOND)
    asked("/there", now=now + 3 * SECOND, distribution=orders)
    (second,) = tick(now + 10 * SECOND)
    (third,) = tick(now + 17 * SECOND)
    assert (second.lane, third.lane) == ("webhook shop", "people")
    assert "/here" in second.items
    assert third.items == ["/there"]


def test_bulk_is_not_starved_by_the_urgent(asked, tick, now):
    bulk = asked("/bulk", priority=Priority.BULK, **shop())
    for second in range(0, 80, 2):
        at = now + second * SECOND
        asked(f"/{second}", priority=Priority.URGENT, now=at, **shop())
        tick(at)
    bulk.refresh_from_db()
    assert bulk.batch is not None
    assert bulk.batch.created_at <= now + 64 * SECOND


def test_while_cloudfront_says_too_many_only_the_urgent_tries(asked, tick, advance, cloudfront, unlimited, now):
    """Others make invalidations too, in the console for one: CloudFront alone knows how many are in progress."""
    asked("/a")
    (batch,) = tick(now + 2 * SECOND)
    cloudfront.failures = [ThrottledError(CREATE, "TooManyInvalidationsInProgress", "too many")]
    advance(batch, now + 2 * SECOND)
    Batch.objects.update(next_at=now + 60 * SECOND)

    asked("/b", now=now + 3 * SECOND)
    assert tick(now + 30 * SECOND) == []
    asked("/c", now=now + 30 * SECOND, priority=Priority.URGENT)
    (urgent,) = tick(now + 30 * SECOND)
    assert "/c" in urgent.items
    (later,) = tick(now + 60 * SECOND) or [urgent]
    assert Item.objects.get(sent_form="/b").batch in (urgent, later)
