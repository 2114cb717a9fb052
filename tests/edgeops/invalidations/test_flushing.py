from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.aws.errors import DeniedError, ThrottledError
from edgeops.aws.pacing import Pacer
from edgeops.aws.stage_cache import StageCaches
from edgeops.estate.models import HopKind
from edgeops.invalidations import flushing
from edgeops.invalidations.flushing import FlushError
from edgeops.invalidations.models import FlushState, StageFlush
from edgeops.timeline.models import Event, Failure

OTTO = Actor("user", "otto")
SECOND = timedelta(seconds=1)


class FakeCaches:
    def __init__(self):
        self.flushed, self.failures, self.word = [], [], "AVAILABLE"

    def flush(self, api_id, stage):
        self._fail()
        self.flushed.append((api_id, stage))

    def status(self, api_id, stage):
        self._fail()
        return self.word

    def _fail(self):
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def caches():
    return FakeCaches()


@pytest.fixture
def hop(api):
    gateway = api.hops.get(kind=HopKind.REST_API)
    gateway.aws_id, gateway.details = "a1b2c3d4e5", {"stage": "prod", "cache_size_gb": "0.5"}
    gateway.save()
    return gateway


@pytest.fixture
def step(caches):
    def once(flush, at):
        return flushing.advance(flush.pk, now=at, connect=lambda account, region, now: caches)

    return once


def test_a_stage_is_flushed_and_followed_until_that_is_over(hop, step, caches, now):
    flush = flushing.ask(hop, actor=OTTO, reason="prices were wrong", now=now)
    caches.word = "FLUSH_IN_PROGRESS"
    step(flush, now)
    step(flush, now + 5 * SECOND)
    flush.refresh_from_db()
    assert (caches.flushed, flush.state, flush.flushed_at) == ([("a1b2c3d4e5", "prod")], FlushState.IN_PROGRESS, now)

    caches.word = "AVAILABLE"
    step(flush, now + 10 * SECOND)
    flush.refresh_from_db()
    assert (flush.state, flush.next_at, flush.completed_at) == (FlushState.COMPLETED, None, now + 10 * SECOND)
    assert Event.objects.get(kind="stage_cache.completed").api_slug == "products"
    assert Audit.objects.get(action="stage_cache.flush_requested").reason == "prices were wrong"


def test_while_one_runs_a_second_click_is_the_same(hop, step, now):
    first = flushing.ask(hop, actor=OTTO, reason="x", now=now)
    assert flushing.ask(hop, actor=OTTO, reason="x", now=now) == first
    step(first, now)
    step(first, now + 5 * SECOND)
    assert flushing.ask(hop, actor=OTTO, reason="x", now=now) != first


@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        ({"aws_id": ""}, "x", "no stage cache that is known"),
        ({"kind": HopKind.LAMBDA}, "x", "no stage cache that is known"),
        ({}, " ", "Say why"),
    ],
)
def test_what_cannot_be_flushed_is_refused_in_words(hop, now, changes, reason, words):
    for name, value in changes.items():
        setattr(hop, name, value)
    with pytest.raises(FlushError, match=words):
        flushing.ask(hop, actor=OTTO, reason=reason, now=now)
    assert not StageFlush.objects.exists()


def test_a_denied_flush_names_the_action_and_the_resource(hop, step, caches, now):
    caches.failures = [DeniedError("apigateway:DELETE", "AccessDeniedException", "no")]
    flush = flushing.ask(hop, actor=OTTO, reason="x", now=now)
    step(flush, now)
    flush.refresh_from_db()
    assert (flush.state, flush.next_at) == (FlushState.FAILED, None)
    assert "Allow the IAM action apigateway:DELETE" in flush.last_error
    assert "arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5/stages/prod/cache/data" in flush.last_error
    assert Event.objects.filter(kind="stage_cache.failed").exists()


def test_a_failed_flush_is_a_failure_that_says_what_to_do_and_a_second_one_is_counted(
    hop, step, caches, distribution, now
):
    caches.failures = [DeniedError("apigateway:DELETE", "AccessDeniedException", "no")] * 2
    for seconds in range(2):
        step(flushing.ask(hop, actor=OTTO, reason="x", now=now + seconds * SECOND), now + seconds * SECOND)
    failure = Failure.objects.get()
    assert (failure.kind, failure.title, failure.count) == (
        "stage_cache.failed", f"The cache of {hop.name}, stage prod, was not flushed", 2
    )  # fmt: skip
    assert "Allow the IAM action apigateway:DELETE" in failure.advice
    assert "ask for it anew" in failure.advice
    assert failure.path == f"/cache/distributions/{distribution.pk}/"


def test_a_failed_flush_of_an_api_that_was_removed_leads_to_the_cache_page(hop, step, caches, now):
    caches.failures = [DeniedError("apigateway:DELETE", "AccessDeniedException", "no")]
    flush = flushing.ask(hop, actor=OTTO, reason="x", now=now)
    StageFlush.objects.update(api_slug="gone")
    step(flush, now)
    assert Failure.objects.get().path == "/cache/"


def test_a_throttled_flush_is_tried_again_for_an_hour(hop, step, caches, now):
    caches.failures = [ThrottledError("apigateway:DELETE", "TooManyRequestsException", "slow down")] * 2
    flush = flushing.ask(hop, actor=OTTO, reason="x", now=now)
    step(flush, now)
    flush.refresh_from_db()
    assert (flush.state, flush.next_at <= now + 2 * SECOND) == (FlushState.REQUESTED, True)
    step(flush, now + timedelta(hours=1))
    flush.refresh_from_db()
    assert flush.state == FlushState.FAILED


def test_a_flush_that_cannot_be_looked_at_was_still_made(hop, step, caches, now):
    flush = flushing.ask(hop, actor=OTTO, reason="x", now=now)
    step(flush, now)
    caches.failures = [DeniedError("apigateway:GET", "AccessDeniedException", "no")]
    step(flush, now + 5 * SECOND)
    flush.refresh_from_db()
    assert flush.state == FlushState.COMPLETED
    assert "cannot be read" in flush.last_error


def test_stages_are_offered_where_discovery_found_their_cache_on(hop, distribution):
    assert flushing.cached_stages(distribution) == [hop]
    hop.details = {"stage": "prod"}
    hop.save()
    assert flushing.cached_stages(distribution) == []


def test_local_aws_flushes_it(hop, shared_local_aws, now):
    caches = StageCaches("eu-west-1", lambda *call: None, pace=Pacer(0.0))
    caches._gateway._boto = shared_local_aws.client("apigateway", "eu-west-1")
    flush = flushing.ask(hop, actor=OTTO, reason="x", now=now)
    flushing.advance(flush.pk, now=now, connect=lambda *account: caches)
    flush.refresh_from_db()
    assert (flush.state, flush.last_error) == (FlushState.IN_PROGRESS, "")
