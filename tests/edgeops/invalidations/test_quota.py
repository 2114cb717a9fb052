import itertools
import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.invalidations import quota, rationing
from edgeops.invalidations.models import Priority, QuotaProfile
from edgeops.invalidations.quota import Room
from tests.fixtures.estate import NOW

NOTHING = {"paths": 0, "wildcards": 0}
SECOND = timedelta(seconds=1)


def room(profile, here=NOTHING, everywhere=NOTHING, priority=Priority.NORMAL, now=NOW):
    return quota.room(profile, here=here, everywhere=everywhere, priority=priority, now=now)


def test_a_batch_holds_a_thousand_paths_and_leaves_the_headroom_free():
    assert room(QuotaProfile()) == Room(paths=1_000, wildcards=13)
    assert room(QuotaProfile(), here={"paths": 2_500, "wildcards": 9}) == Room(paths=498, wildcards=13)
    assert room(QuotaProfile(), everywhere={"paths": 2_500, "wildcards": 12}) == Room(paths=1_000, wildcards=1)
    assert room(QuotaProfile(), here={"paths": 3_000, "wildcards": 0}).paths == 0


def test_a_bulk_batch_is_worked_off_in_two_seconds():
    assert room(QuotaProfile(), priority=Priority.BULK).paths == 300


def test_a_bound_that_is_off_bounds_nothing():
    off = QuotaProfile(inflight_paths=None, inflight_wildcards=None, wildcards_per_second=None)
    assert room(off, here={"paths": 9_999, "wildcards": 0}, everywhere={"paths": 0, "wildcards": 99}).wildcards > 1_000
    quota.spend(off, items=500, wildcards=500, now=NOW)
    assert off.wildcards_free_at is None
    assert quota.free_at(off, wildcards=5) == NOW + 2 * SECOND


def test_a_headroom_larger_than_the_bound_leaves_one():
    assert room(QuotaProfile(inflight_wildcards=1, headroom=5)).wildcards == 1


def test_what_was_granted_is_worked_off_before_the_next():
    profile = QuotaProfile()
    assert quota.free_at(profile, items=500, wildcards=3) is None
    quota.spend(profile, items=500, wildcards=5, now=NOW)
    assert quota.free_at(profile) == NOW + 2 * SECOND
    assert quota.free_at(profile, items=1) == NOW + timedelta(seconds=500 / 150)
    assert quota.free_at(profile, items=1, wildcards=1) == NOW + 5 * SECOND
    assert room(profile, now=NOW + 4 * SECOND).wildcards == 0
    assert room(profile, now=NOW + 5 * SECOND).wildcards == 13


BATCHES = st.lists(st.tuples(st.integers(1, 1_000), st.integers(0, 13), st.floats(0, 5)), max_size=30)


@given(BATCHES)
def test_no_second_holds_more_than_the_profile(batches):
    """Each grant is spread over the time in which it is worked off; the spans of one bound never overlap."""
    profile, now = QuotaProfile(), NOW
    spans = []
    for items, wildcards, pause in batches:
        now = max(now + pause * SECOND, quota.free_at(profile, items=items, wildcards=wildcards) or now)
        quota.spend(profile, items=items, wildcards=wildcards, now=now)
        spans.append((now, items, wildcards))
    for (at, items, wildcards), (following, _, more) in itertools.pairwise(spans):
        assert (following - at).total_seconds() >= max(1 / 0.5, items / 150) - 1e-5
        assert not (wildcards and more) or (following - at).total_seconds() >= wildcards - 1e-5


@pytest.mark.django_db(transaction=True)
def test_workers_share_one_row_of_tokens(frozen, unlimited, now):
    """Twenty workers at once, one call a second: exactly one may send, all others are told when to come back."""
    from django.db import connection  # noqa: PLC0415 (each thread closes its own)

    batch = frozen("/a").batch
    QuotaProfile.objects.update(calls_per_second=1)
    answers = []

    def worker():
        answers.append(rationing.take(batch, now=now))
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(None) == 1
    assert set(answers) == {None, now + SECOND}


def test_a_bound_switched_at_run_time_counts_at_once(frozen, unlimited, now):
    batch = frozen("/a").batch
    assert rationing.take(batch, now=now) is None
    assert rationing.take(batch, now=now) is None
    QuotaProfile.objects.update(calls_per_second=0.1)
    assert rationing.take(batch, now=now) is None
    assert rationing.take(batch, now=now) == now + 10 * SECOND
    QuotaProfile.objects.update(calls_per_second=None)
    assert rationing.take(batch, now=now) is None
