from datetime import timedelta

import pytest

from edgeops.aws.errors import (
    CredentialsError,
    DeniedError,
    InvalidError,
    NotFoundError,
    ReferenceTakenError,
    ThrottledError,
    UnavailableError,
)
from edgeops.estate.models import AccountHealth
from edgeops.invalidations import submitting
from edgeops.invalidations.models import Batch, BatchState, QuotaProfile, Request, RequestState, Source
from edgeops.timeline.models import Event
from tests.fixtures.invalidations import KilledError

CREATE, GET = "cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def batch(frozen):
    return frozen("/b", "/a").batch


def test_a_batch_is_submitted_under_its_stored_reference(batch, cloudfront, advance, now):
    advance(batch, now)

    batch.refresh_from_db()
    assert cloudfront.made[batch.caller_reference][1] == ["/a", "/b"]
    assert (batch.state, batch.aws_id, batch.submitted_at, batch.billed_items) == (BatchState.SUBMITTED, "I1", now, 2)
    assert batch.requests.get().state == RequestState.SUBMITTED
    assert batch.tries.get().outcome == "accepted"
    assert AccountHealth.objects.get().state == "FRESH"
    assert batch.submitted_at >= batch.requests.get().requested_at


def test_a_batch_is_followed_to_its_end_and_proven(batch, cloudfront, advance, settle, now):
    settle(batch, until=now + timedelta(seconds=5))
    assert batch.state == BatchState.IN_PROGRESS

    cloudfront.is_done = True
    settle(batch, until=now + MINUTE)
    assert batch.state == BatchState.VERIFIED
    assert batch.requests.get().state == RequestState.VERIFIED
    assert batch.submitted_at < batch.completed_at <= batch.verified_at
    assert "2 fresh at FRA56-P1; one edge location is not the world" in batch.outcome
    steps = ["requested", "submitted", "completed", "verified"]
    assert [event.kind for event in Event.objects.order_by("pk")] == [f"invalidation.{step}" for step in steps]


def test_a_batch_taken_by_one_worker_is_not_stepped_by_another(batch, cloudfront, advance, now):
    Batch.claim(batch.pk, now=now, lease_seconds=60)
    assert advance(batch, now) is None
    assert cloudfront.references == []


@pytest.mark.parametrize(
    "error",
    [
        ThrottledError(CREATE, "Throttling", "Rate exceeded"),
        ThrottledError(CREATE, "TooManyInvalidationsInProgress", "too many"),
        UnavailableError(CREATE, "ServiceUnavailable", "try later"),
        UnavailableError(CREATE, "ReadTimeoutError", "timed out"),
        CredentialsError(CREATE, "ExpiredToken", "expired"),
    ],
)
def test_what_may_pass_is_tried_again_as_the_same_invalidation(batch, cloudfront, settle, now, error):
    cloudfront.failures = [error, error]
    settle(batch, until=now)
    assert batch.state == BatchState.RETRY_WAIT
    assert (batch.last_error_code, batch.requests.get().state) == (error.code, RequestState.RETRY_WAIT)
    assert AccountHealth.objects.get().message == str(error)

    settle(batch, until=now + timedelta(seconds=10))
    assert batch.aws_id == "I1"
    assert cloudfront.references == [batch.caller_reference] * 3
    assert [row.outcome for row in batch.tries.order_by("pk")] == [error.code, error.code, "accepted"]
    assert batch.last_error == ""


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (DeniedError(CREATE, "AccessDenied", "not authorized"), "Allow the IAM action cloudfront:CreateInvalidation"),
        (NotFoundError(CREATE, "NoSuchDistribution", "gone"), "may have been deleted"),
        (InvalidError(CREATE, "MissingBody", "no body"), "no body"),
        (ReferenceTakenError(CREATE, "InvalidationBatchAlreadyExists", "used"), "fault of EdgeOps"),
    ],
)
def test_what_cannot_pass_fails_with_what_to_do(batch, cloudfront, settle, now, error, advice):
    cloudfront.failures = [error]
    settle(batch, until=now + MINUTE)

    assert (batch.state, batch.next_at) == (BatchState.FAILED, None)
    assert batch.last_error == str(error)
    assert batch.last_error.count(advice) == 1
    assert batch.requests.get().state == RequestState.FAILED
    assert Event.objects.filter(kind="invalidation.failed").exists()
    assert len(cloudfront.references) == 1


def test_a_batch_that_cannot_be_sent_for_a_day_is_given_up(batch, cloudfront, advance, now):
    cloudfront.failures = [ThrottledError(CREATE, "Throttling", "Rate exceeded")]
    advance(batch, now)
    advance(batch, now + timedelta(hours=25))

    batch.refresh_from_db()
    assert batch.state == BatchState.FAILED
    assert "Given up after 24 hours" in batch.last_error
    assert "Rate exceeded" in batch.last_error


def test_items_changed_behind_the_reference_are_never_sent(batch, cloudfront, advance, now):
    Batch.objects.update(items=["/other"])
    advance(batch, now)
    batch.refresh_from_db()
    assert (batch.state, cloudfront.references) == (BatchState.FAILED, [])


def test_a_worker_killed_before_the_call_delays_it_by_one_lease(batch, cloudfront, advance, now):
    cloudfront.kill_before = True
    with pytest.raises(KilledError):
        advance(batch, now)
    assert advance(batch, now + timedelta(seconds=59)) is None

    assert advance(batch, now + timedelta(seconds=60)).state == BatchState.SUBMITTED
    assert len(cloudfront.made) == 1


def test_a_call_repeated_after_a_kill_takes_tokens_of_its_own(batch, cloudfront, advance, now):
    cloudfront.kill_before = True
    with pytest.raises(KilledError):
        advance(batch, now)
    QuotaProfile.objects.update(calls_per_second=0.5, calls_free_at=now + MINUTE + timedelta(seconds=1))
    advance(batch, now + MINUTE)
    batch.refresh_from_db()
    assert (batch.state, batch.next_at) == (BatchState.COALESCED, now + MINUTE + timedelta(seconds=1))

    advance(batch, batch.next_at)
    assert len(cloudfront.made) == 1
    assert QuotaProfile.objects.get().calls_free_at == now + MINUTE + timedelta(seconds=3)


def test_a_worker_killed_after_cloudfront_accepted_finds_the_same_invalidation(batch, cloudfront, advance, now):
    cloudfront.kill_after = True
    with pytest.raises(KilledError):
        advance(batch, now)
    batch.refresh_from_db()
    assert batch.state == BatchState.COALESCED

    advance(batch, now + MINUTE)
    batch.refresh_from_db()
    assert (batch.state, batch.aws_id, batch.billed_items) == (BatchState.SUBMITTED, "I1", 2)
    assert len(cloudfront.made) == 1


def test_an_invalidation_found_again_counts_from_when_cloudfront_made_it(batch, cloudfront, edge, settle, advance, now):
    """Its answer was lost, and it is completed long since: what the edge has cached after it is not stale."""
    cloudfront.kill_after = cloudfront.is_done = True
    cloudfront.clock = lambda: now + timedelta(seconds=1)
    with pytest.raises(KilledError):
        advance(batch, now)
    edge.answers["/a"] = edge.answers["/b"] = {"x_cache": "Hit from cloudfront", "age_seconds": 300}
    advance(batch, now + 10 * MINUTE)
    batch.refresh_from_db()
    settle(batch, until=now + 11 * MINUTE)
    assert (batch.submitted_at, batch.state) == (now + timedelta(seconds=1), BatchState.VERIFIED)


def test_a_worker_killed_while_following_looks_again(batch, cloudfront, advance, settle, now):
    settle(batch, until=now)
    cloudfront.kill_before = cloudfront.is_done = True
    with pytest.raises(KilledError):
        advance(batch, batch.next_at)

    batch.refresh_from_db()
    assert advance(batch, batch.lease_until).state == BatchState.COMPLETED


def test_a_worker_killed_while_probing_probes_again(batch, cloudfront, edge, advance, settle, now):
    settle(batch, until=now)
    cloudfront.is_done = True
    advance(batch, now + MINUTE)
    edge.kill_after = True
    with pytest.raises(KilledError):
        advance(batch, now + MINUTE)

    batch.refresh_from_db()
    batch.next_at = batch.lease_until
    settle(batch, until=now + 3 * MINUTE)
    assert batch.state == BatchState.VERIFIED
    assert batch.probes.count() == 2


def test_a_worker_that_slept_through_its_lease_changes_nothing(batch, cloudfront, advance, now):
    class Sleeper:
        def create_invalidation(self, *arguments):
            accepted = cloudfront.create_invalidation(*arguments)
            advance(batch, now + 2 * MINUTE)
            return accepted

    mine = Batch.claim(batch.pk, now=now, lease_seconds=60)
    submitting.submit(mine, Sleeper(), now=now)

    batch.refresh_from_db()
    assert (batch.state, batch.next_at) == (BatchState.SUBMITTED, now + 2 * MINUTE + timedelta(seconds=2))
    assert batch.tries.count() == 2
    assert len(cloudfront.made) == 1


def test_looks_come_further_apart_the_longer_it_takes(batch, cloudfront, settle, now):
    settle(batch, until=now + timedelta(minutes=10))
    assert 15 < cloudfront.looks < 40
    assert (batch.next_at - now) - timedelta(minutes=10) <= timedelta(seconds=30)


def test_an_invalidation_without_end_is_stuck_but_never_failed(batch, cloudfront, settle, now):
    settle(batch, until=now + timedelta(hours=3))
    assert (batch.state, batch.requests.get().state) == (BatchState.STUCK, RequestState.STUCK)
    assert "keeps looking" in batch.last_error
    assert Event.objects.filter(kind="invalidation.stuck").count() == 1

    cloudfront.is_done = True
    settle(batch, until=now + timedelta(hours=4))
    assert batch.state == BatchState.VERIFIED


def test_a_distribution_deleted_on_the_way_leaves_its_invalidation_stuck_and_says_so(batch, cloudfront, settle, now):
    settle(batch, until=now)
    cloudfront.failures = [NotFoundError(GET, "NoSuchDistribution", "gone")]
    settle(batch, until=now + timedelta(seconds=10))
    assert (batch.state, batch.next_at) == (BatchState.STUCK, now + timedelta(minutes=5, seconds=2))
    assert "NoSuchDistribution" in batch.last_error
    assert "may have been deleted" in batch.last_error


def test_an_invalidation_said_to_be_older_than_it_is_counts_from_when_it_was_sent(batch, cloudfront, edge, settle, now):
    """CloudFront's clock, or its answer, is an hour behind: what the edge cached before is stale all the same."""
    cloudfront.clock = lambda: now - timedelta(hours=1)
    cloudfront.is_done = True
    edge.answers["/a"] = {"x_cache": "Hit from cloudfront", "age_seconds": 1_800}
    settle(batch, until=now + MINUTE)
    assert (batch.submitted_at, batch.state) == (now, BatchState.VERIFY_FAILED)


def test_an_invalidation_cloudfront_does_not_know_is_stuck(batch, cloudfront, settle, now):
    settle(batch, until=now)
    cloudfront.made.clear()
    settle(batch, until=now + MINUTE)
    assert batch.state == BatchState.STUCK
    assert "NoSuchInvalidation" in batch.last_error


def test_a_status_nobody_knows_is_said_and_followed(batch, cloudfront, settle, now):
    cloudfront.status = "Paused"
    settle(batch, until=now + MINUTE)
    assert batch.state == BatchState.IN_PROGRESS
    assert "Paused" in batch.last_error


@pytest.mark.parametrize(
    "error",
    [
        ThrottledError(GET, "Throttling", "Rate exceeded"),
        CredentialsError(GET, "ExpiredToken", "expired"),
        DeniedError(GET, "AccessDenied", "not authorized"),
    ],
)
def test_a_look_that_fails_is_repeated_and_shown(batch, cloudfront, settle, now, error):
    settle(batch, until=now)
    cloudfront.failures = [error]
    settle(batch, until=now + timedelta(seconds=10))
    assert batch.state == BatchState.SUBMITTED
    assert batch.last_error == AccountHealth.objects.get().message == str(error)

    cloudfront.is_done = True
    settle(batch, until=now + MINUTE)
    assert batch.state == BatchState.VERIFIED
    assert batch.last_error == ""


def test_a_wildcard_alone_is_completed_and_said_to_be_unverifiable(frozen, cloudfront, edge, settle, now):
    cloudfront.is_done = True
    batch = settle(frozen("/products/*").batch, until=now + MINUTE)
    assert (batch.state, batch.next_at, edge.looks) == (BatchState.COMPLETED, None, [])
    assert "Unverifiable" in batch.outcome


def test_a_probe_that_proves_nothing_leaves_it_completed(batch, cloudfront, edge, settle, now):
    cloudfront.is_done = True
    edge.answers["/a"] = {"status": 403, "x_cache": "Error from cloudfront"}
    settle(batch, until=now + MINUTE)
    assert (batch.state, batch.next_at) == (BatchState.COMPLETED, None)
    assert "Not verified. 2 of 2 paths probed: 1 fresh, 1 unknown" in batch.outcome


def test_a_stale_probe_leads_to_one_new_request_and_never_to_a_second(batch, cloudfront, edge, settle, tick, now):
    cloudfront.is_done = True
    edge.answers["/a"] = {"x_cache": "Hit from cloudfront", "age_seconds": 900}
    settle(batch, until=now + MINUTE)
    assert batch.state == BatchState.VERIFY_FAILED

    retry = Request.objects.get(source=Source.VERIFY_RETRY)
    assert (retry.cause_kind, retry.cause_id) == ("request", str(batch.requests.get().uuid))
    (again,) = tick(now + MINUTE)
    assert again.items == batch.items
    assert again.caller_reference != batch.caller_reference
    settle(again, until=now + 2 * MINUTE)
    assert again.state == BatchState.VERIFY_FAILED
    assert Request.objects.count() == 2
