from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations import approvals, suspending
from edgeops.invalidations.models import Policy, RequestState, Source
from edgeops.invalidations.refusals import ApprovalError
from tests.fixtures.threads import at_once

OTTO, ADA, OLA = (Actor("user", name) for name in ("otto", "ada", "ola"))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def waiting(asked, distribution):
    Policy.objects.create(distribution=distribution, asks_approval=True)
    return asked("/*", actor=OTTO, may_invalidate_everything=True)


def test_everything_waits_for_a_second_person_where_the_policy_asks_even_an_admins(waiting, tick, now):
    assert waiting.state == RequestState.AWAITING_APPROVAL
    assert "empties the whole cache" in waiting.waits_for
    assert waiting.expires_at == now + timedelta(hours=1)
    assert tick(now + MINUTE) == []


def test_an_approved_request_goes_on_as_if_asked_for_then(waiting, tick, now):
    approvals.approve(waiting, actor=ADA, now=now + MINUTE)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.approved_by, waiting.approved_at, waiting.queued_at) == (
        RequestState.QUEUED, "ada", now + MINUTE, now + MINUTE
    )  # fmt: skip
    (batch,) = tick(now + MINUTE + timedelta(seconds=2))
    assert batch.items == ["/*"]
    assert Audit.objects.get(action="invalidation.approved").actor == "ada"


def test_whoever_asked_cannot_approve(waiting, now):
    with pytest.raises(ApprovalError, match="asked for it yourself"):
        approvals.approve(waiting, actor=OTTO, now=now)
    waiting.refresh_from_db()
    assert waiting.state == RequestState.AWAITING_APPROVAL
    assert not approvals.may_decide(waiting, OTTO)
    assert approvals.may_decide(waiting, ADA)


def test_a_webhooks_request_can_be_approved_by_anybody_of_the_same_name(asked, distribution, now):
    Policy.objects.create(distribution=distribution, asks_approval=True)
    request = asked("/*", actor=Actor("webhook", "ada"), source=Source.WEBHOOK, may_invalidate_everything=False)
    assert approvals.approve(request, actor=ADA, now=now).state == RequestState.QUEUED


def test_of_two_tabs_the_second_finds_it_decided(waiting, now):
    approvals.approve(waiting, actor=ADA, now=now)
    with pytest.raises(ApprovalError, match="ada has approved it"):
        approvals.approve(waiting, actor=OLA, now=now)
    with pytest.raises(ApprovalError, match="no longer waits"):
        approvals.reject(waiting, actor=OLA, reason="no", now=now)
    assert Audit.objects.filter(action__startswith="invalidation.approved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_people_who_decide_at_the_same_moment_one_is_heard(waiting, now):
    people = iter((ADA, OLA, Actor("user", "eve"), Actor("user", "max")))
    answers = at_once(4, lambda: approvals.approve(waiting, actor=next(people), now=now))
    refused = [answer for answer in answers if isinstance(answer, ApprovalError)]
    assert len(refused) == 3
    waiting.refresh_from_db()
    assert all(f"{waiting.approved_by} has approved it" in str(answer) for answer in refused)
    assert Audit.objects.filter(action="invalidation.approved").count() == 1


def test_a_rejected_request_ends_with_the_reason(waiting, tick, now):
    approvals.reject(waiting, actor=ADA, reason="not at noon", now=now)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.outcome) == (RequestState.REJECTED, "Rejected by ada: not at noon")
    assert tick(now + MINUTE) == []


def test_what_nobody_approves_in_an_hour_expires(waiting, tick, now):
    tick(now + 59 * MINUTE)
    waiting.refresh_from_db()
    assert waiting.state == RequestState.AWAITING_APPROVAL
    with pytest.raises(ApprovalError, match="is over"):
        approvals.approve(waiting, actor=ADA, now=now + 60 * MINUTE)
    tick(now + 60 * MINUTE)
    waiting.refresh_from_db()
    assert waiting.state == RequestState.EXPIRED
    assert "Nobody approved it" in waiting.outcome


def test_what_is_approved_while_suspended_is_held(waiting, distribution, now):
    suspending.suspend(distribution, actor=ADA, reason="origin is down", now=now)
    assert approvals.approve(waiting, actor=ADA, now=now).state == RequestState.HELD
