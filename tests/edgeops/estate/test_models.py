from datetime import timedelta

import pytest

from edgeops.aws.errors import DeniedError, UnavailableError
from edgeops.estate.models import AccessState, Account, AccountHealth, AwsUsage

MINUTE = timedelta(minutes=1)
DENIED = DeniedError("cloudwatch:GetMetricData", "AccessDenied", "not authorized")
UNAVAILABLE = UnavailableError("cloudwatch:GetMetricData", "EndpointConnectionError", "no route")


@pytest.mark.parametrize(("error", "state"), [(DENIED, "FORBIDDEN"), (UNAVAILABLE, "FETCH_FAILED")])
def test_a_failed_call_is_told_with_what_aws_said_and_keeps_the_last_success(account, now, error, state):
    AccountHealth.note(account, "eu-west-1", "cloudwatch", AccessState.FRESH, now=now - MINUTE)

    health = AccountHealth.note_failure(account, "eu-west-1", "cloudwatch", error, now=now)

    assert (health.state, health.message, health.since, health.last_ok_at) == (state, str(error), now, now - MINUTE)


def test_the_same_trouble_keeps_its_beginning(account, now):
    for minute in range(3):
        AccountHealth.note_failure(account, "eu-west-1", "cloudwatch", DENIED, now=now + minute * MINUTE)

    assert AccountHealth.objects.get().since == now


def test_the_next_success_moves_only_its_time(account, now):
    for minute in range(2):
        AccountHealth.note(account, "eu-west-1", "cloudwatch", AccessState.FRESH, now=now + minute * MINUTE)

    health = AccountHealth.objects.get()
    assert (health.state, health.since, health.last_ok_at) == (AccessState.FRESH, now, now + MINUTE)


def test_a_success_after_a_failure_ends_what_the_failure_left(account, now):
    AccountHealth.note(account, "eu-west-1", "cloudwatch", AccessState.FRESH, now=now)
    AccountHealth.note_failure(account, "eu-west-1", "cloudwatch", UNAVAILABLE, now=now + MINUTE)

    AccountHealth.note(account, "eu-west-1", "cloudwatch", AccessState.FRESH, now=now + 2 * MINUTE)

    health = AccountHealth.objects.get()
    assert (health.state, health.message, health.failures, health.since) == ("FRESH", "", 0, now + 2 * MINUTE)


def test_a_meter_adds_up_calls_and_units_by_the_hour(account, now):
    meter = AwsUsage.meter(account, "eu-west-1", now)
    meter("cloudwatch", "GetMetricData", 500)
    meter("cloudwatch", "GetMetricData", 20)
    AwsUsage.meter(account, "eu-west-1", now + timedelta(hours=1))("cloudwatch", "GetMetricData", 1)

    counted = AwsUsage.objects.order_by("hour").values_list("calls", "units")
    assert list(counted) == [(2, 520), (1, 1)]


def test_an_account_that_was_removed_has_no_bill(account, now):
    meter = AwsUsage.meter(account, "eu-west-1", now)
    Account.objects.all().delete()

    meter("cloudwatch", "GetMetricData", 500)

    assert not AwsUsage.objects.exists()
