from datetime import timedelta

import pytest

from edgeops.timeline.models import Event

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
