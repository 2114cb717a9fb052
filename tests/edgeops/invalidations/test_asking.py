from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations import asking
from edgeops.invalidations.models import Request, RequestState, Source
from edgeops.timeline.models import Event
from tests.fixtures.threads import at_once

OTTO = Actor("user", "otto", "192.0.2.1")


@pytest.fixture
def ask(distribution, api, now):
    def with_defaults(*items, **changes):
        wish = {
            "actor": OTTO,
            "source": Source.UI,
            "reason": "price fix",
            "idempotency_key": "form-1",
            "may_invalidate_everything": False,
        }
        return asking.ask(distribution=distribution, items=items, now=now, **(wish | changes))

    return with_defaults


def test_a_request_is_stored_with_its_items_and_waits_for_its_window(ask, now):
    request = ask("/b", "/a", "/b ", "/c|d")

    assert (request.state, request.queued_at, request.batch, request.items_count) == (
        RequestState.QUEUED, now, None, 3
    )  # fmt: skip
    assert [(item.raw, item.sent_form) for item in request.items.order_by("pk")] == [
        ("/b", "/b"), ("/a", "/a"), ("/c|d", "/c%7Cd")
    ]  # fmt: skip


def test_a_request_with_a_time_of_its_own_waits_for_that_first(ask, tick, now):
    request = ask("/a", not_before=now + timedelta(seconds=30))
    assert request.state == RequestState.REQUESTED

    tick(now + timedelta(seconds=29))
    request.refresh_from_db()
    assert request.state == RequestState.REQUESTED
    tick(now + timedelta(seconds=30))
    request.refresh_from_db()
    assert (request.state, request.queued_at) == (RequestState.QUEUED, now + timedelta(seconds=30))


def test_people_share_a_lane_and_each_webhook_has_its_own(ask):
    assert ask("/a").lane == "people"
    assert ask("/a", source=Source.WEBHOOK, actor=Actor("webhook", "shop")).lane == "webhook shop"


def test_who_what_and_why_are_audited_and_marked_on_the_timeline(ask, now):
    request = ask("/products/1")

    row = Audit.objects.get()
    assert (row.actor, row.address, row.action, row.reason) == (
        "otto", "192.0.2.1", "invalidation.requested", "price fix"
    )  # fmt: skip
    assert "/products/1" in row.summary
    event = Event.objects.get()
    assert (event.kind, event.api_slug, event.subject_id, event.at) == (
        "invalidation.requested", "products", str(request.uuid), now
    )  # fmt: skip


def test_a_double_click_is_one_request(ask):
    assert ask("/a") == ask("/a")
    assert (Request.objects.count(), Audit.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_clicks_that_arrive_at_the_same_moment_are_one_request(ask):
    answers = at_once(6, lambda: ask("/a", "/b"))
    assert {answer.pk for answer in answers} == {Request.objects.get().pk}
    assert Request.objects.get().items.count() == 2
    assert Audit.objects.filter(action="invalidation.requested").count() == 1


def test_the_same_key_from_another_source_is_another_request(ask):
    assert ask("/a") != ask("/a", source=Source.WEBHOOK)


@pytest.mark.parametrize("bad", [["a"], ["/a/*/b"], ["/~x"], ["#tag"], ["https://elsewhere.test/a"], [], ["/a", "b"]])
def test_a_path_that_cannot_be_sent_writes_nothing(ask, bad):
    with pytest.raises(asking.ItemsRefusedError):
        ask(*bad)
    assert not Request.objects.exists()


def test_everything_is_refused_to_whoever_may_not(ask):
    with pytest.raises(asking.EverythingNotAllowedError, match="Only an admin"):
        ask("/*", "/a")
    assert not Request.objects.exists()


def test_everything_is_taken_from_whoever_may(ask):
    assert ask("/*", may_invalidate_everything=True).items.get().sent_form == "/*"


def test_a_reason_is_required(ask):
    with pytest.raises(asking.ReasonMissingError):
        ask("/a", reason="  ")
    assert not Request.objects.exists()


@pytest.mark.parametrize("state", [RequestState.REQUESTED, RequestState.AWAITING_APPROVAL, RequestState.HELD])
def test_whatever_has_not_left_can_be_cancelled(ask, tick, now, state):
    request = ask("/a")
    Request.objects.update(state=state)
    asking.cancel(request, actor=OTTO, now=now)

    request.refresh_from_db()
    assert request.state == RequestState.CANCELLED
    assert Audit.objects.filter(action="invalidation.cancelled", actor="otto").exists()
    assert tick(now + timedelta(minutes=1)) == []


def test_a_request_on_its_way_cannot_be_cancelled(ask, tick, now):
    request = ask("/a")
    tick(now + timedelta(seconds=2))

    with pytest.raises(asking.CannotCancelError):
        asking.cancel(request, actor=OTTO, now=now + timedelta(minutes=5))
    request.refresh_from_db()
    assert request.state == RequestState.COALESCED
    assert not asking.can_cancel(request)
    assert not Audit.objects.filter(action="invalidation.cancelled").exists()


def test_only_the_first_of_a_window_is_marked_on_the_timeline(ask):
    for number in range(5):
        ask(f"/{number}", idempotency_key=str(number))
    assert Event.objects.filter(kind="invalidation.requested").count() == 1
    assert Audit.objects.filter(action="invalidation.requested").count() == 5
