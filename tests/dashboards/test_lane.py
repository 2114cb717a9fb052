from datetime import UTC, datetime, timedelta

import pytest

from dashboards import lane, ranges
from edgeops.invalidations import marks
from edgeops.timeline.models import Event

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RANGE = ranges.parse({"range": "1h"}, NOW)


@pytest.fixture
def put(api):
    def event(kind, seconds_ago, subject=("request", "7"), title=""):
        at = NOW - timedelta(seconds=seconds_ago)
        return Event.put(kind, subject=subject, api_slug=api.slug, title=title or kind, at=at)

    return event


@pytest.fixture
def happened(api):
    return lambda: lane.of(api, RANGE)


def test_an_invalidation_is_one_entry_that_says_how_far_it_got_and_when(put, happened):
    for step, ago in (("requested", 90), ("submitted", 88), ("completed", 70), ("verified", 69)):
        put(f"invalidation.{step}", ago, title=f"It is {step}")
    (one,) = happened().happenings

    assert (one.number, one.title, one.href) == (1, "It is verified", "/cache/invalidations/7/")
    assert [step.words for step in one.steps] == ["asked for", "sent", "completed", "proven"]
    assert one.newest_at == NOW - timedelta(seconds=69)


def test_every_step_of_an_invalidation_has_its_words():
    assert set(lane.STEPS) == {f"invalidation.{step}" for step in marks.TITLES}


def test_charts_mark_it_where_the_edge_began_to_be_emptied(put, happened):
    put("invalidation.requested", 1800)
    put("alarm.ALARM", 900, subject=("transition", 1))
    put("invalidation.submitted", 60)
    put("invalidation.completed", 40)
    marks = happened().marks

    assert [(mark.number, mark.at, mark.title) for mark in marks] == [
        (1, NOW - timedelta(seconds=900), "alarm.ALARM"),
        (2, NOW - timedelta(seconds=60), "invalidation.completed"),
    ]


def test_what_is_over_at_once_has_no_steps(put, happened):
    put("alarm.ALARM", 900, subject=("transition", 1))
    put("alarm.OK", 600, subject=("transition", 2))
    put("invalidation.requested", 300)
    assert [(one.title, one.steps) for one in happened().happenings] == [
        ("alarm.ALARM", ()),
        ("alarm.OK", ()),
        ("invalidation.requested", ()),
    ]


def test_only_what_happened_to_this_api_within_the_range_is_on_it(put, happened, now):
    put("alarm.ALARM", 3601, subject=("transition", 1))
    put("alarm.ALARM", -1, subject=("transition", 2))
    Event.put("alarm.OK", subject=("transition", 3), api_slug="orders", title="x", at=NOW - timedelta(minutes=1))
    assert happened().happenings == []


def test_the_newest_are_listed_first_and_the_rest_counted(put, happened, monkeypatch):
    monkeypatch.setattr(lane, "LISTED", 2)
    for number in range(5):
        put("alarm.ALARM", 500 - number, subject=("transition", number))
    shown = happened()
    assert [one.number for one in shown.listed] == [5, 4]
    assert (shown.unlisted, len(shown.marks), shown.is_cut) == (3, 5, False)


def test_of_more_than_can_be_read_the_newest_are(put, happened, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(lane, "READ", 3)
    for number in range(4):
        put("alarm.ALARM", 500 - number, subject=("transition", number), title=f"No {number}")
    with django_assert_num_queries(2):
        shown = happened()
    assert shown.is_cut
    assert [one.title for one in shown.happenings] == ["No 1", "No 2", "No 3"]


def test_no_alarm_is_buried_under_invalidations(put, happened, monkeypatch):
    monkeypatch.setattr(lane, "READ", 2)
    put("alarm.ALARM", 900, subject=("transition", 1))
    for number in range(3):
        put("invalidation.verified", 500 - number, subject=("request", number), title=f"No {number}")
    shown = happened()
    assert shown.is_cut
    assert [one.title for one in shown.happenings] == ["alarm.ALARM", "No 1", "No 2"]
