from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.aws.errors import ThrottledError, UnavailableError
from edgeops.invalidations import asking
from edgeops.invalidations.models import (
    Batch,
    BatchState,
    Item,
    QuotaProfile,
    Request,
    RequestState,
    Source,
    Suspension,
)
from tests.fixtures import effort

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
MAX_BACKOFF = timedelta(seconds=300)
WEBHOOK = {"source": Source.WEBHOOK, "actor": Actor("webhook", "shop"), "may_invalidate_everything": False}


@pytest.fixture
def suspend(distribution, now):
    def hold(lane="", until=None):
        return Suspension.objects.create(
            distribution=distribution, lane=lane, since=now, until=until, by="ada", reason="origin is down"
        )

    return hold


@pytest.fixture
def lift(now):
    def let_go(at):
        Suspension.objects.update(lifted_at=at, lifted_by="ada")

    return let_go


def test_what_is_asked_for_while_suspended_is_held_and_queued_when_that_is_lifted(asked, suspend, lift, tick, now):
    suspend()
    request = asked("/a")
    assert request.state == RequestState.HELD
    assert request.waits_for == "Held since 2026-11-22 12:00 UTC by ada: origin is down"
    assert tick(now + MINUTE) == []

    lift(now + MINUTE)
    assert tick(now + MINUTE) == []
    request.refresh_from_db()
    assert (request.state, request.waits_for, request.queued_at) == (RequestState.QUEUED, "", now + MINUTE)
    assert len(tick(now + MINUTE + 2 * SECOND)) == 1


def test_what_waits_in_its_window_is_held_too(asked, suspend, tick, now):
    request = asked("/a")
    later = asked("/b", not_before=now + SECOND)
    suspend()
    assert tick(now + MINUTE) == []
    request.refresh_from_db()
    later.refresh_from_db()
    assert (request.state, later.state) == (RequestState.HELD, RequestState.HELD)


def test_a_suspension_ends_by_itself_when_its_time_is_over(asked, suspend, tick, now):
    suspend(until=now + MINUTE)
    request = asked("/a", not_before=now + 2 * MINUTE)
    tick(now + MINUTE)
    request.refresh_from_db()
    assert request.state == RequestState.REQUESTED
    tick(now + 2 * MINUTE)
    request.refresh_from_db()
    assert request.state == RequestState.QUEUED


def test_one_source_is_held_while_the_others_go_on(asked, suspend, tick, now):
    suspend(lane="webhook shop")
    asked("/a", **WEBHOOK)
    asked("/b")
    (batch,) = tick(now + 2 * SECOND)
    assert batch.items == ["/b"]


def test_a_batch_nobody_has_touched_is_taken_back(asked, suspend, lift, tick, now):
    request = asked("/a")
    (batch,) = tick(now + 2 * SECOND)
    suspend()
    tick(now + 3 * SECOND)
    batch.refresh_from_db()
    request.refresh_from_db()
    assert (batch.state, batch.next_at) == (BatchState.CANCELLED, None)
    assert (request.state, request.batch, request.items.get().batch) == (RequestState.HELD, None, None)

    lift(now + MINUTE)
    tick(now + MINUTE)
    (again,) = tick(now + MINUTE + 2 * SECOND)
    assert again.items == ["/a"]


def test_what_is_taken_back_of_a_request_that_is_on_its_way_in_part_is_not_all_of_it(
    asked, suspend, tick, advance, unlimited, now
):
    unlimited.inflight_wildcards, unlimited.headroom = 1, 0
    unlimited.save()
    request = asked("/a/*", "/b/*")
    (first,) = tick(now + 2 * SECOND)
    advance(first, now + 2 * SECOND)
    QuotaProfile.objects.update(inflight_wildcards=2)
    (second,) = tick(now + 3 * SECOND)
    suspend()
    tick(now + 4 * SECOND)

    second.refresh_from_db()
    request.refresh_from_db()
    assert (second.state, request.state, request.batch) == (BatchState.CANCELLED, RequestState.HELD, first)
    assert not asking.can_cancel(request)


def test_a_batch_that_may_have_been_accepted_keeps_its_reference(
    asked, suspend, lift, tick, advance, settle, cloudfront, now
):
    request = asked("/a")
    (batch,) = tick(now + 2 * SECOND)
    cloudfront.failures = [UnavailableError("cloudfront:CreateInvalidation", "ReadTimeoutError", "timed out")]
    advance(batch, now + 2 * SECOND)
    suspend()
    tick(now + 3 * SECOND)
    batch.refresh_from_db()
    request.refresh_from_db()
    assert (batch.state, batch.next_at, request.state) == (BatchState.HELD, None, RequestState.HELD)

    lift(now + MINUTE)
    tick(now + MINUTE)
    batch.refresh_from_db()
    settle(batch, until=now + MINUTE)
    assert batch.state == BatchState.SUBMITTED
    assert cloudfront.references == [batch.caller_reference] * 2


def test_what_was_held_for_days_before_it_was_ever_sent_is_sent_once_lifted(
    asked, suspend, lift, tick, advance, settle, cloudfront, now
):
    asked("/a")
    (batch,) = tick(now + 2 * SECOND)
    suspend()
    advance(batch, now + 2 * SECOND)  # looked at, and not sent
    tick(now + MINUTE)
    later = now + timedelta(days=3)
    lift(later)
    tick(later)
    batch.refresh_from_db()
    assert settle(batch, until=later).state == BatchState.SUBMITTED
    assert cloudfront.references == [batch.caller_reference]


def _refused_and_held(asked, suspend, tick, advance, cloudfront, now, *, until=None):
    """A batch that CloudFront refused once, then held."""
    asked("/a")
    (batch,) = tick(now + 2 * SECOND)
    cloudfront.failures = [ThrottledError("cloudfront:CreateInvalidation", "Throttling", "Rate exceeded")]
    advance(batch, now + 2 * SECOND)
    suspend(until=until)
    tick(now + MINUTE)
    batch.refresh_from_db()
    assert batch.state == BatchState.HELD
    return batch


def test_what_was_refused_and_then_held_for_days_has_its_whole_day_once_lifted(
    asked, suspend, lift, tick, advance, cloudfront, now
):
    batch = _refused_and_held(asked, suspend, tick, advance, cloudfront, now)
    lifted = now + 3 * DAY
    lift(lifted)
    tick(lifted)
    cloudfront.failures = [ThrottledError("cloudfront:CreateInvalidation", "Throttling", "Rate exceeded")] * 2
    for moment in (lifted, lifted + DAY):
        Batch.objects.update(next_at=moment)
        advance(batch, moment)
        batch.refresh_from_db()
        assert batch.state == BatchState.RETRY_WAIT

    advance(batch, lifted + DAY + MAX_BACKOFF)
    batch.refresh_from_db()
    assert batch.state == BatchState.FAILED
    assert len(cloudfront.references) == 3


def test_a_suspension_that_ended_by_itself_stops_the_clock_too(asked, suspend, tick, advance, cloudfront, now):
    over = now + 3 * DAY
    batch = _refused_and_held(asked, suspend, tick, advance, cloudfront, now, until=over)
    tick(over + MINUTE)
    assert advance(batch, over + MINUTE).state == BatchState.SUBMITTED


def test_a_day_counts_from_when_its_time_was_over_though_it_was_lifted_later(
    asked, suspend, lift, tick, advance, cloudfront, now
):
    batch = _refused_and_held(asked, suspend, tick, advance, cloudfront, now, until=now + 2 * MINUTE)
    lift(now + 2 * DAY)
    tick(now + 2 * DAY)
    assert advance(batch, now + 2 * DAY).state == BatchState.FAILED


def test_nothing_is_given_up_while_it_is_suspended(asked, suspend, tick, advance, cloudfront, now):
    """A worker that was killed under its lease leaves it unheld for a moment."""
    batch = _refused_and_held(asked, suspend, tick, advance, cloudfront, now)
    Batch.objects.update(state=BatchState.RETRY_WAIT, next_at=now + 2 * DAY)
    assert advance(batch, now + 2 * DAY).state == BatchState.RETRY_WAIT


@pytest.mark.parametrize("lane", ["webhook shop", ""])
def test_a_suspension_of_one_source_or_from_before_stops_no_clock(
    asked, suspend, lift, tick, advance, cloudfront, lane, now
):
    suspend(lane=lane)
    lift(now)
    asked("/a")
    (batch,) = tick(now + 2 * SECOND)
    cloudfront.failures = [ThrottledError("cloudfront:CreateInvalidation", "Throttling", "Rate exceeded")]
    advance(batch, now + 2 * SECOND)
    if lane:
        lift(now + DAY)
    assert advance(batch, now + DAY + MINUTE).state == BatchState.FAILED


def test_a_worker_that_claimed_it_just_before_sends_nothing(asked, suspend, tick, advance, cloudfront, now):
    asked("/a")
    (batch,) = tick(now + 2 * SECOND)
    suspend()
    advance(batch, now + 2 * SECOND)
    assert cloudfront.references == []


def test_fifty_thousand_held_items_leave_in_turn_once_lifted(asked, suspend, lift, tick, unlimited, now):
    suspend()
    first = asked("/first")
    Request.objects.bulk_create(
        [
            Request(
                distribution=first.distribution, source=Source.UI, lane="people", requested_by="otto", reason="move",
                requested_at=now, state=RequestState.HELD, idempotency_key=str(number), items_count=25,
            )
            for number in range(2_000)
        ]
    )  # fmt: skip
    rows = Request.objects.exclude(pk=first.pk).values_list("pk", flat=True)
    Item.objects.bulk_create(
        [
            Item(request_id=pk, kind="path", raw="/x", sent_form=f"/{pk}/{number}")
            for pk in rows
            for number in range(25)
        ],
        batch_size=5_000,
    )
    effort.learn()
    lift(now + MINUTE)
    made = [batch for turn in range(3, 6) for batch in tick(now + MINUTE + turn * SECOND)]
    assert [len(batch.items) for batch in made] == [1_000] * 3
    assert Item.objects.filter(batch=None).count() == 50_001 - 3_000
