from datetime import timedelta

import pytest
from django.db.models import Sum

from edgeops.aws.errors import UnavailableError
from edgeops.estate.models import AwsUsage, EdgeApi
from edgeops.metrics import interests, leases, planning, polling, registry
from edgeops.metrics.models import ApiUsage, Cause, PollBatch, Series

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def work(cloudwatch, now):
    for batch in planning.plan(now):
        polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)


def whole():
    return AwsUsage.objects.aggregate(units=Sum("units"), low=Sum("units_at_least"))


def shares():
    return ApiUsage.objects.aggregate(units=Sum("metrics"), low=Sum("metrics_at_least"))


def by_cause():
    return {one.cause: (one.metrics, one.polls) for one in ApiUsage.objects.all()}


def test_what_a_dollar_was_spent_for_is_told_by_cause(api, series, requests, cloudwatch, now):
    work(cloudwatch, now)
    ApiUsage.objects.all().delete()
    AwsUsage.objects.all().delete()
    PollBatch.objects.all().delete()
    interests.hold(requests, holder_kind="alarm", holder_id=1)
    leases.renew("api:products", api, now + MINUTE)

    polls = [batch for batch in planning.plan(now + MINUTE) if batch.lane == "watched"]
    for batch in polls:
        polling.poll(batch.pk, cloudwatch=cloudwatch, now=now + MINUTE)

    assert by_cause() == {Cause.ALARM: (1, 1), Cause.PAGE: (len(series) - 1, 1)}


def test_the_shares_add_up_to_the_bill_also_when_calls_fail(api, series, requests, cloudwatch, now):
    interests.hold(requests, holder_kind="alarm", holder_id=1)
    for minute in range(40):
        if minute % 7 == 3:
            cloudwatch.fail_once(UnavailableError("cloudwatch:GetMetricData", "Timeout", "no answer"))
        work(cloudwatch, now + minute * MINUTE)

    assert whole() == shares()
    assert whole()["units"] > len(series)
    assert {Cause.ALARM, Cause.IDLE, Cause.HISTORY} <= set(by_cause())


def test_a_query_two_apis_share_is_counted_for_the_first_alone(api, account, cloudwatch, series, now):
    twin = EdgeApi.objects.create(
        slug="twin", name="Twin", account=account, region=api.region, distribution=api.distribution
    )
    for hop in api.hops.all():
        hop.pk, hop.api = None, twin
        hop.save()
    for hop in twin.hops.all():
        registry.ensure_series(hop)

    work(cloudwatch, now)

    assert whole() == shares()
    assert not ApiUsage.objects.filter(api=twin).exists()


def test_an_api_removed_while_it_was_polled_takes_its_share_with_it_and_nothing_else(api, series, cloudwatch, now):
    (first, *_) = planning.plan(now)
    cloudwatch.on_call.append(api.delete)

    assert polling.poll(first.pk, cloudwatch=cloudwatch, now=now) is not None

    assert whole()["units"] > 0
    assert not ApiUsage.objects.exists()
    assert not Series.objects.exists()


def test_an_account_removed_while_it_was_polled_ends_its_polls_quietly(api, series, account, cloudwatch, now):
    def remove():
        distribution = api.distribution
        api.delete()
        distribution.delete()
        account.delete()

    (first, *_) = planning.plan(now)
    cloudwatch.on_call.append(remove)

    assert polling.poll(first.pk, cloudwatch=cloudwatch, now=now) == []

    assert not AwsUsage.objects.exists()
    assert not PollBatch.objects.exists()


def test_an_account_removed_while_its_poll_failed_is_quiet_too(api, series, account, cloudwatch, now):
    def remove():
        distribution = api.distribution
        api.delete()
        distribution.delete()
        account.delete()

    (first, *_) = planning.plan(now)
    cloudwatch.on_call.append(remove)
    cloudwatch.fail_once(UnavailableError("cloudwatch:GetMetricData", "Timeout", "no answer"))

    assert polling.poll(first.pk, cloudwatch=cloudwatch, now=now) == []
