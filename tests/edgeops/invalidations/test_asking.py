from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations import asking
from edgeops.invalidations.models import Batch, BatchState, Request, RequestState, Source
from edgeops.timeline.models import Event

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


def test_a_request_is_stored_with_a_frozen_batch_that_is_due_at_once(ask, now):
    request = ask("/b", "/a", "/b ", "/c|d")

    batch = request.batch
    assert batch.items == ["/a", "/b", "/c%7Cd"]
    assert batch.caller_reference == f"edgeops-{batch.uuid}"
    assert batch.digest == asking.digest(batch.items)
    assert (batch.state, batch.next_at, request.state) == (BatchState.COALESCED, now, RequestState.COALESCED)
    assert [(item.raw, item.sent_form) for item in request.items.order_by("pk")] == [
        ("/b", "/b"), ("/a", "/a"), ("/c|d", "/c%7Cd")
    ]  # fmt: skip


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
    assert (Request.objects.count(), Batch.objects.count(), Audit.objects.count()) == (1, 1, 1)


def test_the_same_key_from_another_source_is_another_request(ask):
    assert ask("/a") != ask("/a", source=Source.WEBHOOK)


@pytest.mark.parametrize("bad", [["a"], ["/a/*/b"], ["/~x"], ["#tag"], ["https://elsewhere.test/a"], [], ["/a", "b"]])
def test_a_path_that_cannot_be_sent_writes_nothing(ask, bad):
    with pytest.raises(asking.ItemsRefusedError):
        ask(*bad)
    assert not Request.objects.exists()
    assert not Batch.objects.exists()


def test_everything_is_refused_to_whoever_may_not(ask):
    with pytest.raises(asking.EverythingNotAllowedError, match="Only an admin"):
        ask("/*", "/a")
    assert not Request.objects.exists()


def test_everything_is_taken_from_whoever_may(ask):
    assert ask("/*", may_invalidate_everything=True).batch.items == ["/*"]


def test_a_reason_is_required(ask):
    with pytest.raises(asking.ReasonMissingError):
        ask("/a", reason="  ")
    assert not Request.objects.exists()


def test_a_request_no_worker_has_touched_can_be_cancelled(ask, now):
    request = ask("/a")
    asking.cancel(request, actor=OTTO, now=now)

    request.refresh_from_db()
    assert (request.state, request.batch.state) == (RequestState.CANCELLED, BatchState.CANCELLED)
    assert not Batch.objects.due(now).exists()
    assert Audit.objects.filter(action="invalidation.cancelled", actor="otto").exists()


def test_a_request_a_worker_has_taken_up_cannot_be_cancelled(ask, now):
    request = ask("/a")
    Batch.claim(request.batch.pk, now=now, lease_seconds=60)

    with pytest.raises(asking.CannotCancelError):
        asking.cancel(request, actor=OTTO, now=now + timedelta(minutes=5))
    request.refresh_from_db()
    assert request.state == RequestState.COALESCED
    assert not Audit.objects.filter(action="invalidation.cancelled").exists()
