from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet

from edgeops.timeline.models import Event, Failure

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def put(now, *, kind="invalidation.submitted", subject=("batch", 7), api_slug="products", title="Paths /a"):
    return Event.put(kind, subject=subject, api_slug=api_slug, title=title, at=now)


def test_a_fact_told_twice_is_one_event_at_the_time_it_was_first_told(now):
    first = put(now)
    again = put(now + SECOND, title="told again")
    assert again == first
    assert (again.at, again.title) == (now, "Paths /a")


def test_one_fact_stands_on_the_lane_of_every_api_it_concerns(now):
    put(now)
    put(now, api_slug="orders")
    assert set(Event.objects.values_list("api_slug", flat=True)) == {"products", "orders"}


def test_each_step_of_a_subject_is_an_event_of_its_own(now):
    put(now)
    put(now, kind="invalidation.completed")
    put(now, subject=("batch", 8))
    assert Event.objects.count() == 3


def test_a_long_title_is_cut_rather_than_refused(now):
    assert len(put(now, title="x" * 400).title) == 300


def test_the_lane_of_an_api_holds_its_own_events_of_the_window_oldest_first(now):
    late = put(now + 2 * SECOND, subject=("batch", 1))
    early = put(now, subject=("batch", 2))
    put(now - SECOND, subject=("batch", 3))
    put(now + 3 * SECOND, subject=("batch", 4))
    put(now, subject=("batch", 5), api_slug="orders")

    assert list(Event.objects.within("products", now, now + 3 * SECOND)) == [early, late]


def fail(at, *, kind="invalidation.failed", subject=("distribution", 7), title="An invalidation failed"):
    Failure.put(kind, subject=subject, title=title, advice="Do this.", path="/cache/", at=at)


def test_what_fails_again_is_counted_on_the_failure_that_stands(now):
    fail(now)
    fail(now + SECOND, title="told otherwise")
    one = Failure.objects.get()
    assert (one.title, one.count, one.began_at, one.last_at) == ("An invalidation failed", 2, now, now + SECOND)
    assert (one.told, one.look_at) == (0, now)


def test_another_kind_or_subject_is_a_failure_of_its_own(now):
    fail(now)
    fail(now, kind="invalidation.stuck")
    fail(now, subject=("distribution", 8))
    assert list(Failure.objects.values_list("count", flat=True)) == [1, 1, 1]


def test_what_fails_after_a_failure_is_over_begins_another(now):
    fail(now)
    Failure.objects.update(look_at=None)
    fail(now + SECOND)
    assert list(Failure.objects.order_by("pk").values_list("count", flat=True)) == [1, 1]


def test_a_subject_stands_once_even_for_workers_that_fail_at_the_same_moment(now, monkeypatch):
    """The other worker's row comes between the look and the insert: here, a look that finds nothing."""
    fail(now)
    looks = iter([True])
    real = QuerySet.update
    monkeypatch.setattr(QuerySet, "update", lambda rows, **found: 0 if next(looks, False) else real(rows, **found))
    fail(now + SECOND)
    assert Failure.objects.get().count == 2


@pytest.mark.django_db(transaction=True)
def test_many_workers_that_fail_at_once_lose_no_count(now):
    def work():
        fail(now)
        connection.close()

    with ThreadPoolExecutor(8) as workers:
        for done in [workers.submit(work) for _ in range(24)]:
            done.result()
    assert Failure.objects.get().count == 24


def test_a_long_title_of_a_failure_is_cut_rather_than_refused(now):
    fail(now, title="x" * 400)
    assert len(Failure.objects.get().title) == 300
