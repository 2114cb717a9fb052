"""The road from plan to line, against CloudWatch's wire as local AWS speaks it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from edgeops.aws import cloudwatch
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccountHealth, AwsUsage
from edgeops.metrics import planning, polling, reading, windows
from edgeops.metrics.models import Lane, PollBatch, Series

pytestmark = pytest.mark.django_db


def work(now):
    for batch in planning.plan(now):
        polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)


def test_a_day_of_every_metric_of_an_api_comes_over_the_wire(here, series):
    now = timezone.now()

    work(now)

    assert set(PollBatch.objects.values_list("state", flat=True)) == {FetchState.DONE}
    assert set(AccountHealth.objects.values_list("region", "state")) == {
        ("eu-west-1", "FRESH"),
        ("us-east-1", "FRESH"),
    }
    stored = {(one.metric, one.statistic): one for one in Series.objects.all()}
    end = windows.floor(now, 60)
    lines = reading.load(stored.values(), end - timedelta(hours=24), end)
    for key, one in stored.items():
        line = lines[one.pk]
        assert len(line.values) == 1440, key
        assert one.settled_until is not None, key
        assert any(value is not None for value in line.values[: line.settled_count]), key
    requests = lines[stored["Requests", "Sum"].pk]
    assert sum(value is not None and value > 100 for value in requests.values) > 1400


def test_a_second_poll_reads_the_tail_and_changes_nothing_that_settled(here, series):
    now = timezone.now()
    work(now)
    start, settled = windows.floor(now, 60) - timedelta(hours=1), windows.floor(now, 60) - timedelta(minutes=5)
    before = reading.load(Series.objects.all(), start, settled)
    calls = AwsUsage.objects.values_list("calls", flat=True)
    Series.objects.update(polled_at=now - timedelta(minutes=20))

    work(now + timedelta(minutes=15))

    done = PollBatch.objects.filter(state=FetchState.DONE)
    live = done.exclude(lane=Lane.HISTORY)
    assert sum(calls.all()) - done.filter(lane=Lane.HISTORY).count() == len(live) == 4
    after = reading.load(Series.objects.all(), start, settled)
    assert {pk: line.values for pk, line in after.items()} == {pk: line.values for pk, line in before.items()}


def test_a_denied_account_is_told_apart_and_heals_by_itself(here, series):
    now = timezone.now()
    here.control("faults", {"kind": "access_denied", "service": "cloudwatch"})

    work(now)

    assert set(AccountHealth.objects.values_list("state", flat=True)) == {"FORBIDDEN"}
    assert "Allow the IAM action cloudwatch:GetMetricData" in AccountHealth.objects.first().message
    assert set(PollBatch.objects.values_list("state", flat=True)) == {FetchState.FAILED}

    here.control("faults", method="DELETE")
    work(now + timedelta(minutes=1))

    assert set(AccountHealth.objects.values_list("state", flat=True)) == {"FRESH"}
    assert not Series.objects.filter(polled_at=None).exists()


def test_an_aws_that_is_gone_ages_the_data_and_breaks_nothing(here, series):
    now = timezone.now()
    here.stop()

    work(now)

    assert set(PollBatch.objects.values_list("state", flat=True)) == {FetchState.RETRY}
    health = AccountHealth.objects.first()
    assert health.state == "FETCH_FAILED"
    assert "Could not connect" in health.message
