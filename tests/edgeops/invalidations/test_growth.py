"""What happens each half second, and while the one writer of SQLite waits, must not grow with the history."""

import uuid
from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.invalidations import items as parsing
from edgeops.invalidations import keeping, previewing, suspending, waking
from edgeops.invalidations.models import Batch, BatchState, Request, RequestState, Source
from tests.fixtures import effort

OTTO = Actor("user", "otto")
ROWS = 3_000


@pytest.fixture
def grow(distribution, now):
    """Add so many requests that have ended, each with its batch."""

    def add():
        at = [now - timedelta(minutes=1 + number) for number in range(ROWS)]
        batches = Batch.objects.bulk_create(
            Batch(
                distribution=distribution, caller_reference=f"edgeops-{uuid.uuid4()}", items=["/a"], paths_count=1,
                state=BatchState.VERIFIED, created_at=one,
            )
            for one in at
        )  # fmt: skip
        Request.objects.bulk_create(
            Request(
                distribution=distribution, source=Source.UI, lane="people", requested_by="otto", reason="why",
                requested_at=one, state=RequestState.VERIFIED, idempotency_key=str(uuid.uuid4()), batch=batch,
            )
            for one, batch in zip(at, batches, strict=True)
        )  # fmt: skip

    return add


def preview(distribution, now):
    previewing.preview(distribution, parsing.parse_many(["/a"]), is_admin=False, now=now)


def held(distribution, now):
    assert not Request.objects.filter(distribution=distribution, state=RequestState.HELD).exists()


def wake(distribution, now):
    waking.wake(now)


def wake_suspended(distribution, now):
    if not suspending.Suspension.objects.exists():
        suspending.suspend(distribution, actor=OTTO, reason="deploying", now=now)
    waking.wake(now)


def in_flight(distribution, now):
    assert Batch.objects.filter(distribution=distribution).in_flight()["paths"] == 0
    assert Batch.objects.filter(distribution__account=distribution.account_id).in_flight()["paths"] == 0


@pytest.mark.parametrize("action", [wake, wake_suspended, in_flight, preview, held])
def test_it_does_not_grow_with_the_history(grow, distribution, now, action):
    action(distribution, now)
    before = effort.of(lambda: action(distribution, now))
    grow()
    assert effort.of(lambda: action(distribution, now)) < before + ROWS / 10


def test_the_next_piece_of_what_is_old_is_found_without_reading_the_rest(grow, now):
    def found():
        assert len(keeping._ended(now)[:20]) == 20

    grow()
    before = effort.of(found)
    grow()
    assert effort.of(found) < before + ROWS / 10
