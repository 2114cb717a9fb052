from datetime import timedelta

import pytest

from edgeops.invalidations.models import Policy, Priority
from edgeops.invalidations.windows import Window
from tests.fixtures.estate import NOW

SECOND = timedelta(seconds=1)


def window(lane="people", priority=Priority.NORMAL, oldest=0.0, newest=0.0, items=1):
    return Window(1, None, 1, lane, priority, items, NOW + oldest * SECOND, NOW + newest * SECOND)


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({}, 2),
        ({"newest": 5}, 7),
        ({"newest": 9}, 10),
        ({"priority": Priority.BULK, "newest": 3}, 5),
        ({"priority": Priority.URGENT, "newest": 3}, 0),
        ({"newest": 3, "items": 999}, 5),
        ({"newest": 3, "items": 100_000}, 5),
    ],
)
def test_a_window_closes_after_quiet_or_in_all_and_at_once_for_the_urgent(changes, seconds):
    assert window(**changes).closes_at(Policy()) == NOW + seconds * SECOND


def test_the_policy_sets_both_times():
    policy = Policy(quiet_seconds=1, window_seconds=3)
    assert window(newest=0).closes_at(policy) == NOW + SECOND
    assert window(newest=2.5).closes_at(policy) == NOW + 3 * SECOND


def by_turn(*windows, served=()):
    return [one.lane for one in sorted(windows, key=lambda one: one.turn(dict(served).get(one.lane)))]


def test_the_urgent_goes_before_the_normal_and_that_before_bulk():
    lanes = by_turn(
        window("bulk", Priority.BULK), window("normal"), window("urgent", Priority.URGENT, oldest=5, newest=5)
    )
    assert lanes == ["urgent", "normal", "bulk"]


def test_bulk_that_has_waited_a_minute_goes_before_a_new_urgent_one():
    late = window("urgent", Priority.URGENT, oldest=61, newest=61)
    assert by_turn(late, window("bulk", Priority.BULK)) == ["bulk", "urgent"]


def test_a_lane_that_was_just_served_goes_behind_one_that_was_not():
    storm, person = window("webhook shop", oldest=-300), window("people", oldest=3, newest=3)
    assert by_turn(storm, person) == ["webhook shop", "people"]
    assert by_turn(storm, person, served=[("webhook shop", NOW + 4 * SECOND)]) == ["people", "webhook shop"]
