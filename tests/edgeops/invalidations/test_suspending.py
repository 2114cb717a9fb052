from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations import suspending
from edgeops.invalidations.models import RequestState, Suspension
from edgeops.invalidations.suspending import SuspensionError
from tests.fixtures.threads import at_once

ADA = Actor("user", "ada", "192.0.2.1")
MINUTE = timedelta(minutes=1)


def test_a_suspension_holds_and_its_lifting_lets_go_and_both_are_audited(distribution, asked, tick, now):
    held = suspending.suspend(distribution, actor=ADA, reason="origin is down", now=now)
    request = asked("/a")
    assert request.state == RequestState.HELD

    suspending.lift(held, actor=ADA, now=now + MINUTE)
    suspending.lift(held, actor=ADA, now=now + 2 * MINUTE)
    tick(now + MINUTE)
    request.refresh_from_db()
    assert request.state == RequestState.QUEUED
    actions = Audit.objects.filter(subject_kind="distribution").order_by("pk").values_list("action", "actor", "reason")
    assert list(actions) == [
        ("invalidations.suspended", "ada", "origin is down"),
        ("invalidations.resumed", "ada", "origin is down"),
    ]


@pytest.mark.parametrize(
    ("changes", "words"), [({"reason": " "}, "Say why"), ({"until": timedelta(0)}, "lies in the future")]
)
def test_a_suspension_has_a_reason_and_an_end_to_come(distribution, now, changes, words):
    wish = {"reason": "x", **changes}
    if "until" in changes:
        wish["until"] = now + changes["until"]
    with pytest.raises(SuspensionError, match=words):
        suspending.suspend(distribution, actor=ADA, now=now, **wish)
    assert not Suspension.objects.exists()


def test_one_suspension_at_a_time(distribution, now):
    suspending.suspend(distribution, actor=ADA, reason="origin is down", until=now + MINUTE, now=now)
    with pytest.raises(SuspensionError, match="suspended already"):
        suspending.suspend(distribution, actor=ADA, reason="again", now=now)
    suspending.suspend(distribution, actor=ADA, reason="one source", lane="webhook shop", now=now)
    suspending.suspend(distribution, actor=ADA, reason="anew", now=now + MINUTE)
    assert Suspension.objects.active(now + MINUTE).count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_suspend_at_once_the_second_is_told(distribution, now):
    found = at_once(4, lambda: suspending.suspend(distribution, actor=ADA, reason="origin is down", now=now))
    assert Suspension.objects.count() == 1
    told = [str(one) for one in found if isinstance(one, SuspensionError)]
    assert len(told) == 3
    assert all("It is suspended already. Held since 2026-11-22 12:00 UTC by ada" in words for words in told)
