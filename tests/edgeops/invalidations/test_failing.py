from datetime import timedelta

import pytest

from edgeops.aws.errors import DeniedError, InvalidArgumentError, NotFoundError, ThrottledError, UnavailableError
from edgeops.invalidations import failing
from edgeops.invalidations.models import BatchState
from edgeops.timeline.models import Event, Failure

CREATE = "cloudfront:CreateInvalidation"
MINUTE = timedelta(minutes=1)


def test_a_failed_invalidation_says_what_happened_what_it_means_and_what_to_do(frozen, cloudfront, advance, now):
    request = frozen("/secret-path")
    cloudfront.failures = [DeniedError(CREATE, "AccessDenied", "not authorized")]
    advance(request.batch, now)

    failure = Failure.objects.get()
    assert (failure.kind, failure.count, failure.began_at) == ("invalidation.failed", 1, now)
    assert failure.title == "An invalidation of products failed (AccessDenied)"
    assert "may still be served" in failure.advice
    assert f"Allow the IAM action {CREATE}" in failure.advice
    assert "ask for it anew" in failure.advice
    assert failure.path == f"/cache/invalidations/{request.pk}/"
    assert "secret-path" not in failure.title + failure.advice


@pytest.mark.parametrize(
    ("before", "is_in_doubt"),
    [
        (UnavailableError(CREATE, "ReadTimeoutError", "timed out"), True),
        (UnavailableError(CREATE, "ServiceUnavailable", "try later"), True),
        (ThrottledError(CREATE, "Throttling", "Rate exceeded"), False),
    ],
)
def test_a_refusal_after_a_call_without_an_answer_does_not_say_that_nothing_happened(
    frozen, cloudfront, settle, now, before, is_in_doubt
):
    cloudfront.failures = [before, DeniedError(CREATE, "AccessDenied", "not authorized")]
    batch = settle(frozen("/a").batch, until=now + MINUTE)
    assert batch.state == BatchState.FAILED
    assert ("CloudFront may have taken it" in batch.last_error) == is_in_doubt
    assert ("CloudFront may have taken it" in Failure.objects.get().advice) == is_in_doubt


def test_five_hundred_failures_in_a_minute_are_one_that_counts_them(frozen, cloudfront, advance, distribution, now):
    batches = [frozen(f"/{number}").batch for number in range(20)]
    cloudfront.failures = [NotFoundError(CREATE, "NoSuchDistribution", "gone") for _ in batches]
    for number, batch in enumerate(batches):
        advance(batch, now + timedelta(seconds=number))

    failure = Failure.objects.get()
    assert (failure.subject_kind, failure.subject_id) == ("distribution", str(distribution.pk))
    assert (failure.count, failure.last_at) == (20, now + timedelta(seconds=19))


def test_a_stuck_invalidation_is_noted_once_however_often_it_is_looked_at(frozen, settle, now):
    batch = settle(frozen("/a").batch, until=now + timedelta(hours=3))
    assert batch.state == BatchState.STUCK
    failure = Failure.objects.get()
    assert (failure.kind, failure.count) == ("invalidation.stuck", 1)
    assert failure.title == "An invalidation of products does not end"
    assert "keeps looking every 5 minutes" in failure.advice


def test_what_can_still_pass_is_no_failure(frozen, cloudfront, settle, now):
    cloudfront.failures = [ThrottledError(CREATE, "Throttling", "Rate exceeded")]
    cloudfront.is_done = True
    assert settle(frozen("/a").batch, until=now + timedelta(hours=1)).state == BatchState.VERIFIED
    assert not Failure.objects.exists()


def test_one_bad_item_among_good_ones_is_one_failure(frozen, cloudfront, advance, now, tick):
    request = frozen("/a", "/b")
    cloudfront.failures = [InvalidArgumentError(CREATE, "InvalidArgument", "bad path") for _ in range(2)]
    advance(request.batch, now)
    assert not Failure.objects.exists()
    half = request.distribution.batches.filter(state=BatchState.RETRY_WAIT).first()
    advance(half, now + MINUTE)
    assert Failure.objects.get().count == 1


def test_a_worker_killed_before_its_failure_is_noted_leaves_nothing_half_done(
    frozen, cloudfront, advance, now, monkeypatch
):
    batch = frozen("/a").batch
    denied = DeniedError(CREATE, "AccessDenied", "not authorized")
    cloudfront.failures = [denied, denied]

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(failing, "note_batch", killed)
        with pytest.raises(KeyboardInterrupt):
            advance(batch, now)
    assert not Event.objects.filter(kind="invalidation.failed").exists()

    advance(batch, now + 5 * MINUTE)
    assert Failure.objects.get().count == 1
