import uuid
from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations import freezing, keeping, proving, suspending
from edgeops.invalidations.models import (
    Batch,
    BatchAttempt,
    BatchState,
    CostMonth,
    FlushState,
    Item,
    Probe,
    Request,
    RequestState,
    Source,
    StageFlush,
    Suspension,
    WarmUp,
)
from edgeops.invalidations.models.requests import ENDED
from tests.fixtures.invalidations import Picky

OTTO = Actor("user", "otto")
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
KEPT = 455 * DAY


@pytest.fixture
def cloudfront():
    fake = Picky()
    fake.is_done = True
    return fake


@pytest.fixture
def over(asked, run_until, unlimited, now):
    """Ask, and let the house bring it to its end."""

    def ask(*items, at=now, **changes):
        request = asked(*items, now=at, **changes)
        run_until(at + MINUTE, start=at)
        request.refresh_from_db()
        return request

    return ask


def rows():
    tables = (Request, Item, Batch, BatchAttempt, Probe, WarmUp)
    return {table.__name__: table.objects.count() for table in tables if table.objects.exists()}


def test_a_chain_is_kept_for_455_days_and_then_goes_as_a_whole(over, now):
    request = over("/a", "/b")
    WarmUp.objects.create(batch=request.batch, paths=["/a"], fetched=1)
    whole = {"Request": 1, "Item": 2, "Batch": 1, "BatchAttempt": 1, "Probe": 2, "WarmUp": 1}
    assert rows() == whole
    assert keeping.tidy(now + KEPT) == 0
    assert rows() == whole
    assert keeping.tidy(now + KEPT + MINUTE) == 8
    assert rows() == {}


def test_audit_and_ledger_are_kept_for_ever(over, now):
    over("/a")
    keeping.tidy(now + 20 * KEPT)
    assert Audit.objects.filter(action="invalidation.requested").exists()
    assert CostMonth.objects.get().items == 1


def test_a_second_run_finds_nothing(over, now):
    for number in range(3):
        over(f"/{number}")
    assert keeping.tidy(now + 2 * KEPT) > 0
    assert keeping.tidy(now + 2 * KEPT) == 0


@pytest.mark.parametrize("state", [state for state in RequestState if state not in ENDED])
def test_nothing_open_goes_however_old(over, state, now):
    over("/a")
    Request.objects.update(state=state)
    assert keeping.tidy(now + 2 * KEPT) == 0
    assert Batch.objects.exists()


@pytest.mark.parametrize("state", ENDED)
def test_whatever_has_ended_goes(asked, state, now):
    asked("/a")
    Request.objects.update(state=state)
    keeping.tidy(now + 2 * KEPT)
    assert rows() == {}


def test_what_is_being_probed_again_stays_until_that_is_over(over, settle, now):
    request = over("/a")
    late = now + KEPT + DAY
    proving.probe_again(request.batch, actor=OTTO, now=late)
    assert keeping.tidy(late) == 0
    settle(request.batch, until=late + MINUTE)
    keeping.tidy(late)
    assert rows() == {}


def test_a_batch_stays_while_a_kept_request_is_in_it(asked, run_until, unlimited, now):
    """Two asked for the same at either side of the boundary."""
    old, young = asked("/a", "/b"), asked("/b", "/c", now=now + SECOND)
    run_until(now + MINUTE)
    assert keeping.tidy(now + KEPT + SECOND) == 3
    young.refresh_from_db()
    assert list(Request.objects.all()) == [young]
    assert young.batch.probes.count() == 3
    assert not Request.objects.filter(pk=old.pk).exists()
    keeping.tidy(now + KEPT + MINUTE)
    assert rows() == {}


def test_what_a_kept_batch_was_split_from_stays_with_it(asked, run_until, cloudfront, unlimited, now):
    request = asked(*(f"/{number}" for number in range(8)))
    cloudfront.largest = 3
    run_until(now + MINUTE)
    assert Batch.objects.filter(state=BatchState.SPLIT).count() == 3
    Request.objects.update(requested_at=now + DAY)
    assert keeping.tidy(now + KEPT + MINUTE) == 0
    Request.objects.update(requested_at=now)
    keeping.tidy(now + KEPT + MINUTE)
    assert rows() == {}
    assert not Request.objects.filter(pk=request.pk).exists()


def test_a_half_stays_while_its_sibling_is_needed(asked, run_until, cloudfront, unlimited, now):
    first, second = asked("/1"), asked("/2")
    cloudfront.largest = 1
    run_until(now + MINUTE)
    Request.objects.filter(pk=second.pk).update(requested_at=now + DAY)
    keeping.tidy(now + KEPT + MINUTE)
    assert not Request.objects.filter(pk=first.pk).exists()
    assert rows() == {"Request": 1, "Item": 1, "Batch": 3, "BatchAttempt": 3, "Probe": 2}


def test_what_others_were_covered_by_goes_after_them(over, asked, now):
    wide = over("/a/*")
    narrow = asked("/a/1")
    Request.objects.filter(pk=narrow.pk).update(state=RequestState.SUPERSEDED, superseded_by=wide, batch=wide.batch)
    assert keeping.tidy(now + KEPT + MINUTE) == 0
    Request.objects.filter(pk=narrow.pk).update(state=RequestState.COMPLETED)
    keeping.tidy(now + KEPT + MINUTE)
    assert rows() == {}


def test_a_second_try_outlives_what_led_to_it(over, edge, now):
    edge.answers["/a"] = {"x_cache": "Hit from cloudfront", "age_seconds": 900}
    over("/a")
    retry = Request.objects.get(source=Source.VERIFY_RETRY)
    assert retry.cause_id
    Request.objects.filter(pk=retry.pk).update(requested_at=now + DAY)
    keeping.tidy(now + KEPT + MINUTE)
    assert Request.objects.get() == retry


def test_what_was_taken_back_unsent_goes_too(distribution, now):
    batch = freezing.make(
        distribution, ["/a"], tenant=None, lane="people", priority="normal", now=now, state=BatchState.CANCELLED
    )
    Batch.objects.filter(pk=batch.pk).update(next_at=None)
    assert keeping.tidy(now + KEPT) == 0
    assert keeping.tidy(now + KEPT + SECOND) == 1


def test_a_stuck_batch_is_looked_at_for_ever(over, now):
    over("/a")
    Request.objects.update(state=RequestState.STUCK)
    Batch.objects.update(state=BatchState.STUCK, next_at=now)
    assert keeping.tidy(now + 3 * KEPT) == 0


def test_few_rows_go_in_one_transaction(asked, now, monkeypatch):
    monkeypatch.setattr(keeping, "ROWS_AT_ONCE", 5)
    for items in (2, 2, 2, 9, 2):
        asked(*(f"/{number}" for number in range(items)))
    Request.objects.update(state=RequestState.EXPIRED)
    deleted = []
    delete_now = keeping.retention.delete_now
    monkeypatch.setattr(
        keeping.retention, "delete_now", lambda model, pks: deleted.append(len(pks)) or delete_now(model, pks)
    )
    keeping.tidy(now + 2 * KEPT)
    assert sum(deleted) == 5
    assert max(deleted) <= 2
    assert rows() == {}


def test_stage_flushes_go_and_those_under_way_stay(account, now):
    def flush(state, **changes):
        return StageFlush.objects.create(
            account=account, region="eu-west-1", api_id=uuid.uuid4().hex[:10], stage="prod", name="x", api_slug="x",
            requested_by="otto", reason="why", requested_at=now, state=state, **changes,
        )  # fmt: skip

    flush(FlushState.COMPLETED)
    under_way = flush(FlushState.IN_PROGRESS, next_at=now)
    assert keeping.tidy(now + KEPT + SECOND) == 1
    assert StageFlush.objects.get() == under_way


def test_suspensions_that_ended_go_and_what_still_holds_stays(distribution, now):
    lifted = suspending.suspend(distribution, actor=OTTO, reason="deploy", now=now)
    suspending.lift(lifted, actor=OTTO, now=now)
    suspending.suspend(distribution, actor=OTTO, reason="an hour", now=now, until=now + MINUTE, lane="webhook shop")
    standing = suspending.suspend(distribution, actor=OTTO, reason="for ever", now=now)
    assert keeping.tidy(now + KEPT) == 0
    assert keeping.tidy(now + KEPT + DAY) == 2
    assert Suspension.objects.get() == standing
