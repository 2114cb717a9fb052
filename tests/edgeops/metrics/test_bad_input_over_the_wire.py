"""What AWS can do wrong to a poll, done by local AWS: each is told, and nothing is lost or made up."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from edgeops.aws import cloudwatch
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AccountHealth
from edgeops.metrics import planning, polling, reading, windows
from edgeops.metrics.models import Gap, Lane, PollBatch, Series
from tests.edgeops.metrics.rows import stored

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ROLE = "arn:aws:iam::123456789012:role/edgeops-reader"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def function(series):
    """The series of the function alone, by metric and statistic."""
    kept = {key: one for key, one in series.items() if one.namespace == "AWS/Lambda"}
    Series.objects.exclude(pk__in=[one.pk for one in kept.values()]).delete()
    return kept


@pytest.fixture
def behind_a_role(account, here):
    """The account is entered by a role that trusts EdgeOps."""
    account.role_arn = ROLE
    account.save()
    here.control("trust", {"role_arn": ROLE, "external_id": account.external_id})
    return account


def work(now, through=cloudwatch):
    for batch in planning.plan(now):
        polling.poll(batch.pk, cloudwatch=through, now=now)


def again(through=cloudwatch):
    """Work what waits for another try, when its time has come."""
    for batch in PollBatch.objects.filter(state=FetchState.RETRY):
        polling.poll(batch.pk, cloudwatch=through, now=batch.next_at)


def health(service="cloudwatch"):
    return AccountHealth.objects.get(service=service)


def minutes(series):
    """Which minutes of the last day are stored, a quarter of an hour at the end left out: they may still come."""
    until = windows.floor(timezone.now(), 60) - timedelta(minutes=15)
    return [at for at, _ in stored(series) if at < until]


def test_a_metric_that_does_not_exist_is_an_empty_series_and_never_zero(here, function, now):
    known = function["Errors", "Sum"]
    known.pk, known.metric = None, "ErrorCount"
    known.save()

    work(now)

    misspelt, real = Series.objects.get(metric="ErrorCount"), Series.objects.get(metric="Throttles")
    end = windows.floor(now, 60)
    lines = reading.load([misspelt, real], end - DAY, end)
    assert misspelt.trouble == ""
    assert misspelt.settled_until is not None
    assert set(lines[misspelt.pk].values) == {None}
    assert 0.0 in lines[real.pk].values, "a real counter that was never published counts as 0"
    assert health().state == "FRESH"


def test_a_region_that_is_not_enabled_is_told_and_holds_up_no_other(here, series, now):
    Series.objects.filter(namespace="AWS/Lambda").update(region="ap-east-1")

    work(now)

    off = AccountHealth.objects.get(region="ap-east-1")
    assert off.state == "FETCH_FAILED"
    assert "the account has not enabled this one: enable it there" in off.message
    assert set(AccountHealth.objects.exclude(pk=off.pk).values_list("state", flat=True)) == {"FRESH"}
    assert PollBatch.objects.get(region="ap-east-1").state == FetchState.RETRY
    assert minutes(series["Requests", "Sum"])


class Between:
    """CloudWatch, and something that happens after the first page of an answer."""

    def __init__(self, happens):
        self.happens, self.pages = happens, 0

    def get_metric_data(self, region, queries, *, meter, **window):
        def counted(*units):
            meter(*units)
            self.pages += 1
            if self.pages == 1:
                self.happens()

        return cloudwatch.get_metric_data(region, queries, meter=counted, **window)


def test_credentials_that_end_between_two_pages_store_nothing_and_the_next_try_stores_all(here, function, now):
    here.control("faults", {"kind": "small_pages", "service": "cloudwatch"})
    ended = {"kind": "expired_token", "service": "cloudwatch", "calls": 1}
    torn = Between(lambda: here.control("faults", ended))
    function = {("Invocations", "Sum"): function["Invocations", "Sum"]}
    Series.objects.exclude(pk=function["Invocations", "Sum"].pk).delete()

    work(now, through=torn)

    assert torn.pages == 2
    assert health().state == "FETCH_FAILED"
    assert "Renew the AWS credentials of EdgeOps" in health().message
    assert not stored(function["Invocations", "Sum"]), "half an answer would pass for a day with a gap"

    here.control("faults", method="DELETE")
    again()

    assert health().state == "FRESH"
    assert len(minutes(function["Invocations", "Sum"])) >= 1400


def test_a_role_whose_session_ended_is_entered_anew_with_the_next_try(here, behind_a_role, function, now):
    work(now)
    entered, read = cloudwatch.client("eu-west-1", behind_a_role.access), len(minutes(function["Invocations", "Sum"]))
    Series.objects.update(polled_at=now - timedelta(minutes=20))
    here.control("faults", {"kind": "expired_token", "service": "cloudwatch", "calls": 1})

    later = now + timedelta(minutes=15)
    (batch,) = (one for one in planning.plan(later) if one.lane == Lane.SLOW)
    polling.poll(batch.pk, cloudwatch=cloudwatch, now=later)

    assert health().state == "FETCH_FAILED"
    assert "The security token included in the request is expired" in health().message

    again()

    batch.refresh_from_db()
    assert (batch.state, health().state) == (FetchState.DONE, "FRESH")
    assert cloudwatch.client("eu-west-1", behind_a_role.access) is not entered, "it holds the session that ended"
    assert len(minutes(function["Invocations", "Sum"])) >= read


def test_own_credentials_that_ended_are_told_as_the_role_that_could_not_be_entered(here, behind_a_role, function, now):
    here.control("faults", {"kind": "expired_token", "service": "sts", "operation": "AssumeRole", "calls": 1})

    work(now)

    assert health().state == "FETCH_FAILED"
    assert "sts:AssumeRole failed (ExpiredToken)" in health().message
    assert "Renew the AWS credentials of EdgeOps" in health().message

    again()

    assert health().state == "FRESH"
    assert len(minutes(function["Invocations", "Sum"])) >= 1400


@pytest.mark.parametrize(("seconds", "which"), [(600, "behind"), (-600, "ahead of")])
def test_a_wrong_clock_is_told_costs_no_data_and_heals(here, function, now, seconds, which):
    here.control("faults", {"kind": "clock_skew", "service": "cloudwatch", "delay_seconds": seconds})

    work(now)

    assert health("clock").state == "PARTIAL"
    told = re.search(rf"runs on is (\d+) s {which} AWS", health("clock").message)
    assert int(told[1]) == pytest.approx(600, abs=20)
    assert len(minutes(function["Invocations", "Sum"])) >= 1400

    here.control("faults", method="DELETE")
    Series.objects.update(polled_at=now - timedelta(minutes=20))
    work(now + MINUTE)

    assert health("clock").state == "FRESH"


def test_queries_that_fail_alone_leave_the_others_whole_and_are_whole_after_it(here, function, now):
    for kind, match in (("partial_data", "Invocations"), ("internal_error", "Duration"), ("forbidden", "Errors")):
        here.control("faults", {"kind": kind, "service": "cloudwatch", "match": match})

    work(now)

    words = dict(Series.objects.values_list("metric", "trouble"))
    assert words == {
        "Invocations": "PartialData",
        "Duration": "InternalError",
        "Errors": "Forbidden",
        "Throttles": "",
    }
    assert health().state == "PARTIAL"
    assert "Allow the IAM action cloudwatch:GetMetricData" in health().message
    spoilt = Series.objects.get(metric="Invocations")
    assert spoilt.settled_until is None
    assert 0 < len(minutes(spoilt)) < 1400

    here.control("faults", method="DELETE")
    work(now + 61 * MINUTE)  # what is forbidden is asked for again within the hour

    assert set(Series.objects.values_list("trouble", flat=True)) == {""}
    assert len(minutes(Series.objects.get(metric="Invocations"))) >= 1400
    assert health().state == "FRESH"


def test_history_that_waited_past_what_is_kept_still_brings_the_rest(here, function, now):
    one = function["Invocations", "Sum"]
    work(now)
    oldest = windows.floor(now, 60) - 15 * DAY
    PollBatch.objects.filter(lane=Lane.HISTORY).delete()
    Gap.objects.all().delete()
    batch = PollBatch.objects.create(
        account=one.account, region=one.region, period=60, lane=Lane.HISTORY, slot_at=now, ordinal=0,
        series_ids=[one.pk], start=oldest - 10 * MINUTE, end=oldest + 60 * MINUTE, next_at=now,
    )  # fmt: skip

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=timezone.now())

    batch.refresh_from_db()
    assert batch.state == FetchState.DONE
    assert len([at for at, _ in stored(one) if at < oldest + 60 * MINUTE]) >= 50
