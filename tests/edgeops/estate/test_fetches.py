from datetime import timedelta

import pytest

from edgeops.aws.errors import DeniedError, ThrottledError
from edgeops.celery import app
from edgeops.estate import fetches
from edgeops.estate.fetches import MAX_ATTEMPTS, FetchState
from edgeops.estate.models import AccountHealth
from edgeops.traces.models import TraceWindow

MINUTE = timedelta(minutes=1)
THROTTLED = ThrottledError("xray:GetTraceSummaries", "ThrottlingException", "Rate exceeded")
DENIED = DeniedError("xray:GetTraceSummaries", "AccessDenied", "not authorized")


@pytest.fixture
def row(api, now):
    return TraceWindow.objects.create(api=api, start=now - 15 * MINUTE, end=now, next_at=now)


@pytest.fixture
def fail(api, now):
    def record(row, error):
        row.record_failure(error, account=api.account, region=api.region, service="xray", now=now)

    return record


def test_a_failure_that_may_pass_is_tried_again_and_told_on_the_account(row, fail, now):
    claimed = TraceWindow.begin(row.pk, now=now)

    fail(claimed, THROTTLED)

    row.refresh_from_db()
    assert (row.state, row.last_error, row.lease_token) == (FetchState.RETRY, str(THROTTLED), None)
    assert now <= row.next_at <= now + timedelta(seconds=2)
    health = AccountHealth.objects.get()
    assert (health.state, health.message) == ("FETCH_FAILED", str(THROTTLED))


def test_a_denied_fetch_is_over_at_once(row, fail, now):
    fail(TraceWindow.begin(row.pk, now=now), DENIED)

    row.refresh_from_db()
    assert (row.state, row.next_at) == (FetchState.FAILED, None)
    assert AccountHealth.objects.get().state == "FORBIDDEN"


def test_the_last_attempt_that_fails_is_over(row, fail, now):
    TraceWindow.objects.update(attempts=MAX_ATTEMPTS - 1)

    fail(TraceWindow.begin(row.pk, now=now), THROTTLED)

    row.refresh_from_db()
    assert (row.state, row.next_at) == (FetchState.FAILED, None)


def test_a_fetch_that_killed_its_worker_each_time_is_given_up(row, now):
    TraceWindow.objects.update(attempts=MAX_ATTEMPTS)

    assert TraceWindow.begin(row.pk, now=now) is None

    row.refresh_from_db()
    assert (row.state, row.next_at) == (FetchState.FAILED, None)
    assert "Given up" in row.last_error


def test_what_a_newer_fetch_covers_ends_unless_somebody_is_at_work_on_it(row, now):
    TraceWindow.begin(row.pk, now=now)
    assert TraceWindow.objects.all().supersede(now) == 0

    assert TraceWindow.objects.all().supersede(now + 3 * MINUTE) == 1

    row.refresh_from_db()
    assert (row.state, row.next_at, row.lease_token) == (FetchState.SUPERSEDED, None, None)


def test_a_lease_outlives_any_task():
    assert app.conf.task_time_limit < fetches.LEASE_SECONDS
