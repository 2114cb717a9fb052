from datetime import timedelta

import pytest

from edgeops.aws.errors import ThrottledError, UnavailableError
from edgeops.estate import breaker
from edgeops.estate.models import AccessState, AccountHealth

MINUTE = timedelta(minutes=1)
DOWN = UnavailableError("cloudwatch:GetMetricData", "Timeout", "no answer")
THROTTLED = ThrottledError("cloudwatch:GetMetricData", "Throttling", "Rate exceeded")
PLACE = ("eu-west-1", "cloudwatch")


@pytest.mark.parametrize(
    ("failures", "error", "minutes"),
    [(4, DOWN, None), (5, DOWN, 1), (50, DOWN, 1), (4, THROTTLED, None), (5, THROTTLED, 1), (6, THROTTLED, 2),
     (8, THROTTLED, 8), (9, THROTTLED, 15), (1000, THROTTLED, 15)],
)  # fmt: skip
def test_the_pause_after_failures_in_a_row(failures, error, minutes):
    assert breaker.pause(failures, error) == (None if minutes is None else minutes * MINUTE)


def test_requests_shrink_with_each_throttling_and_grow_with_each_answer():
    sizes = [None]
    for _ in range(5):
        sizes.append(breaker.smaller(sizes[-1], THROTTLED))
    assert sizes == [None, 250, 125, 62, 50, 50]

    back = [sizes[-1]]
    while back[-1] is not None:
        back.append(breaker.larger(back[-1]))
    assert back == [50, 100, 200, 400, None]


def test_another_failure_does_not_shrink_requests():
    assert breaker.smaller(None, DOWN) is None
    assert breaker.smaller(125, DOWN) == 125


def fail(account, now, error=DOWN, times=5):
    for _ in range(times):
        health = AccountHealth.note_failure(account, *PLACE, error, now=now)
    return health


@pytest.mark.django_db
def test_four_failures_hold_nothing_back(account, now):
    fail(account, now, times=4)

    assert AccountHealth.held_until(account.pk, *PLACE, now) is None


@pytest.mark.django_db
def test_the_fifth_failure_holds_everything_back_and_says_so(account, now):
    health = fail(account, now)

    assert AccountHealth.held_until(account.pk, *PLACE, now) == now + MINUTE
    assert "After 5 failures in a row EdgeOps asks once in 1 min." in health.message


@pytest.mark.django_db
def test_after_the_pause_one_request_is_let_through(account, now):
    fail(account, now)

    assert AccountHealth.held_until(account.pk, *PLACE, now + MINUTE) is None
    assert AccountHealth.held_until(account.pk, *PLACE, now + MINUTE) == now + 2 * MINUTE


@pytest.mark.django_db
def test_an_answer_closes_the_breaker(account, now):
    fail(account, now, THROTTLED)

    AccountHealth.note(account, *PLACE, AccessState.FRESH, now=now)

    health = AccountHealth.objects.get()
    assert AccountHealth.held_until(account.pk, *PLACE, now) is None
    assert (health.failures, health.message, health.max_queries) == (0, "", 100)


@pytest.mark.django_db
def test_another_region_and_service_are_not_held_back(account, now):
    fail(account, now)

    assert AccountHealth.held_until(account.pk, "us-east-1", "cloudwatch", now) is None
    assert AccountHealth.held_until(account.pk, "eu-west-1", "xray", now) is None
