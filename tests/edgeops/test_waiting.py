from datetime import timedelta

import pytest

from edgeops.estate.fetches import FetchState
from edgeops.traces.models import TraceWindow
from edgeops.waiting import backoff_seconds


@pytest.fixture
def row(api, now):
    return TraceWindow.objects.create(api=api, start=now - timedelta(minutes=15), end=now, next_at=now)


def test_a_waiting_row_is_claimed_by_one_worker_only(row, now):
    assert TraceWindow.claim(row.pk, now=now, lease_seconds=30) is not None
    assert TraceWindow.claim(row.pk, now=now, lease_seconds=30) is None


def test_a_row_whose_time_has_not_come_is_neither_due_nor_claimable(row, now):
    early = now - timedelta(seconds=1)
    assert not TraceWindow.objects.due(early).exists()
    assert TraceWindow.claim(row.pk, now=early, lease_seconds=30) is None


def test_a_killed_worker_delays_its_row_by_one_lease(row, now):
    TraceWindow.claim(row.pk, now=now, lease_seconds=30)
    assert not TraceWindow.objects.due(now + timedelta(seconds=29)).exists()

    later = now + timedelta(seconds=30)
    assert list(TraceWindow.objects.due(later)) == [row]
    assert TraceWindow.claim(row.pk, now=later, lease_seconds=30).attempts == 2


def test_a_worker_that_slept_through_its_lease_cannot_overwrite(row, now):
    sleeper = TraceWindow.claim(row.pk, now=now, lease_seconds=30)
    other = TraceWindow.claim(row.pk, now=now + timedelta(seconds=31), lease_seconds=30)
    assert other.finish(next_at=None, state=FetchState.DONE)

    assert not sleeper.finish(next_at=now, state=FetchState.FAILED)
    row.refresh_from_db()
    assert (row.state, row.next_at) == (FetchState.DONE, None)


def test_a_finished_row_is_never_due_again(row, now):
    TraceWindow.claim(row.pk, now=now, lease_seconds=30).finish(next_at=None, state=FetchState.DONE)
    assert not TraceWindow.objects.due(now + timedelta(days=1)).exists()


@pytest.mark.parametrize("attempts", [1, 2, 5, 50])
def test_backoff_stays_between_zero_and_its_cap(attempts):
    delays = [backoff_seconds(attempts, first=2, cap=300) for _ in range(200)]
    assert all(0 <= delay <= min(300, 2 * 2 ** (attempts - 1)) for delay in delays)
    assert max(delays) > 0
