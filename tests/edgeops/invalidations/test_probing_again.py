from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations import known, policies, proving
from edgeops.invalidations.models import Batch, BatchState, Item, Policy, Request, RequestState, Source, WarmUp
from edgeops.invalidations.refusals import CannotProbeError
from tests.fixtures.invalidations import KilledError

ADA, OTTO = Actor("user", "ada"), Actor("user", "otto", "192.0.2.7")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
STALE = {"x_cache": "Hit from cloudfront", "age_seconds": 999_999}


@pytest.fixture(autouse=True)
def done(cloudfront):
    cloudfront.is_done = True


@pytest.fixture
def over(frozen, settle, now):
    """A request whose batch has been probed to its end."""
    request = frozen("/a", "/b")
    settle(request.batch, until=now + MINUTE)
    return request


@pytest.fixture
def again(settle):
    """Probe a batch again at a moment, to its end; the fresh batch."""

    def probe(batch, at):
        assert proving.probe_again(batch, actor=OTTO, now=at)
        return settle(batch, until=at + 5 * MINUTE)

    return probe


def test_every_path_is_asked_for_once_more_and_earlier_answers_are_kept(over, again, edge, now):
    edge.looks.clear()
    batch = again(over.batch, now + HOUR)
    assert (batch.state, batch.round, batch.verified_at) == (BatchState.VERIFIED, 2, now + HOUR)
    assert edge.looks == ["/a", "/b"]
    assert sorted(batch.probes.values_list("round", "url")) == [
        (number, f"https://products.example.test{path}") for number in (1, 2) for path in ("/a", "/b")
    ]
    assert batch.outcome.startswith("2 of 2 paths probed: 2 fresh")


def test_its_requests_go_back_to_completed_and_follow_it(over, again, edge, now):
    proving.probe_again(over.batch, actor=OTTO, now=now + HOUR)
    over.refresh_from_db()
    assert (over.state, over.batch.outcome, over.batch.verified_at) == (RequestState.COMPLETED, "", None)

    edge.answers["/b"] = STALE
    Batch.objects.update(state=BatchState.VERIFIED, next_at=None)
    assert again(Batch.objects.get(), now + 2 * HOUR).state == BatchState.VERIFY_FAILED
    over.refresh_from_db()
    assert over.state == RequestState.VERIFY_FAILED


def test_a_request_in_several_batches_stands_where_the_worst_of_them_does(
    asked, run_until, cloudfront, again, edge, now
):
    first, second = asked("/a/*", "/b"), asked("/b", "/c")
    run_until(now + MINUTE)
    Request.objects.filter(pk=first.pk).update(is_split=True)
    batch = Item.objects.filter(request=second).first().batch
    edge.answers["/c"] = STALE
    again(batch, now + HOUR)
    assert set(Request.objects.values_list("state", flat=True)) == {RequestState.VERIFY_FAILED}


def test_what_was_cached_since_is_fresh_however_long_ago_that_was(over, again, edge, now):
    edge.answers["/a"] = {"x_cache": "Hit from cloudfront", "age_seconds": 3 * 3600}
    edge.answers["/b"] = {"x_cache": "Hit from cloudfront", "age_seconds": 10}
    assert again(over.batch, now + 4 * HOUR).state == BatchState.VERIFIED


def test_what_is_older_than_the_invalidation_is_stale_days_later_too(over, again, edge, now):
    edge.answers["/a"] = {"x_cache": "Hit from cloudfront", "age_seconds": 2 * 86_400 + 60}
    assert again(over.batch, now + 48 * HOUR).state == BatchState.VERIFY_FAILED


def test_a_stale_answer_to_a_person_leads_to_no_invalidation(over, again, edge, now):
    edge.answers["/a"] = STALE
    again(over.batch, now + HOUR)
    again(over.batch, now + 2 * HOUR)
    assert Request.objects.get() == over


def test_after_a_stale_first_round_there_is_still_one_second_request_only(frozen, again, settle, edge, now):
    edge.answers["/a"] = STALE
    batch = settle(frozen("/a").batch, until=now + MINUTE)
    again(batch, now + HOUR)
    assert Request.objects.filter(source=Source.VERIFY_RETRY).count() == 1
    edge.answers.clear()
    assert again(batch, now + 2 * HOUR).state == BatchState.VERIFIED


def test_nothing_is_warmed_because_somebody_asked(asked, tick, settle, again, distribution, now):
    asked("/a")
    (batch,) = tick(now + timedelta(seconds=2))
    settle(batch, until=now + MINUTE)
    policies.set_policy(distribution, {"warm_urls": 5}, actor=ADA, now=now)
    again(batch, now + HOUR)
    assert not WarmUp.objects.exists()


def test_asked_twice_at_once_it_is_one_round(over, now):
    mine, yours = Batch.objects.get(), Batch.objects.get()
    assert proving.probe_again(mine, actor=OTTO, now=now + HOUR)
    assert not proving.probe_again(yours, actor=ADA, now=now + HOUR)
    assert not proving.probe_again(mine, actor=OTTO, now=now + HOUR)
    assert Audit.objects.filter(action="invalidation.probed_again").count() == 1
    assert Batch.objects.get().round == 2


def test_who_asked_is_written_down_with_the_request(over, now):
    proving.probe_again(over.batch, actor=OTTO, now=now + HOUR)
    row = Audit.objects.get(action="invalidation.probed_again")
    assert (row.actor, row.address, row.subject_id) == ("otto", "192.0.2.7", str(over.uuid))
    assert row.detail == {"batch": str(over.batch_id), "cloudfront_id": "I1", "round": 2}
    assert "/a, /b" in row.summary


def test_a_worker_killed_in_a_later_round_probes_again_after_its_lease(over, advance, settle, edge, now):
    proving.probe_again(over.batch, actor=OTTO, now=now + HOUR)
    edge.kill_after = True
    with pytest.raises(KilledError):
        advance(over.batch, now + HOUR)
    assert advance(over.batch, now + HOUR + timedelta(seconds=59)) is None

    batch = Batch.objects.get()
    batch.next_at = batch.lease_until
    settle(batch, until=now + HOUR + 3 * MINUTE)
    assert (batch.state, batch.probes.filter(round=2).count()) == (BatchState.VERIFIED, 2)


def test_a_worker_that_slept_through_its_lease_adds_nothing_to_the_new_round(over, edge, advance, settle, now):
    proving.probe_again(over.batch, actor=OTTO, now=now + HOUR)
    slow = Batch.claim(over.batch_id, now=now + HOUR, lease_seconds=60)
    batch = Batch.objects.get()
    batch.next_at = batch.lease_until
    settle(batch, until=now + 2 * HOUR)
    proving.prove(slow, edge, now=now + HOUR)
    assert batch.probes.filter(round=2).count() == 2


@pytest.mark.parametrize(
    "state", [state for state in BatchState if state not in {"completed", "verified", "verify_failed"}]
)
def test_what_cloudfront_has_not_completed_is_refused(over, state, now):
    Batch.objects.update(state=state)
    with pytest.raises(CannotProbeError, match="Only what CloudFront has completed"):
        proving.probe_again(Batch.objects.get(), actor=OTTO, now=now)
    assert Batch.objects.get().round == 1


def test_a_policy_without_probes_is_named(over, distribution, now):
    Policy.objects.create(distribution=distribution, probes=0)
    with pytest.raises(CannotProbeError, match="asks for no probes"):
        proving.probe_again(over.batch, actor=OTTO, now=now)


def test_a_wildcard_with_no_known_url_cannot_be_probed_until_one_is_known(
    frozen, settle, again, distribution, edge, now
):
    batch = settle(frozen("/empty/*").batch, until=now + MINUTE)
    assert batch.state == BatchState.COMPLETED
    with pytest.raises(CannotProbeError, match="names no URL by itself"):
        proving.probe_again(batch, actor=OTTO, now=now + HOUR)

    known.learn(distribution, {"/empty/1": 4}, now=now + HOUR)
    assert again(batch, now + HOUR).state == BatchState.VERIFIED
    assert edge.looks == ["/empty/1"]
