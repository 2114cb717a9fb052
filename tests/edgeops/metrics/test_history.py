from datetime import timedelta

import pytest

from edgeops.aws.cloudwatch import Status
from edgeops.metrics import history, planning, polling
from edgeops.metrics.models import Gap, Lane, PollBatch, Series
from tests.edgeops.metrics.rows import mark, stored

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def function(series):
    """The two counters of the Lambda function alone."""
    kept = [series["Invocations", "Sum"], series["Errors", "Sum"]]
    Series.objects.exclude(pk__in=[one.pk for one in kept]).delete()
    return kept


def work(cloudwatch, now):
    batches = planning.plan(now)
    for batch in batches:
        polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)
    return batches


def gaps(series):
    return {gap.period: (gap.start, gap.end) for gap in Gap.objects.filter(series=series)}


def test_what_lies_before_the_first_day_is_a_gap_at_each_period(function, cloudwatch, now):
    (live,) = planning.plan(now)

    polling.poll(live.pk, cloudwatch=cloudwatch, now=now)

    for one in function:
        assert gaps(one) == {
            60: (now - 15 * DAY, now - DAY),
            300: (now - 63 * DAY, now - 5 * MINUTE),
            3600: (now - 455 * DAY, now - HOUR),
        }
    one = Series.objects.get(pk=function[0].pk)
    assert (one.five_minutes_until, one.hours_until) == (now - 5 * MINUTE, now - HOUR)


def test_history_is_read_newest_first_until_nothing_is_left(function, cloudwatch, now):
    cloudwatch.report("Invocations", now - 10 * DAY, [7.0])
    later = now
    while work(cloudwatch, later) or Gap.objects.exists():
        later += MINUTE
        Series.objects.update(polled_at=later)
        assert later < now + HOUR
    batches = PollBatch.objects.filter(lane=Lane.HISTORY, period=60).order_by("pk")
    minutes = list(batches.values_list("start", "end"))

    assert minutes[0] == (now - 4 * DAY, now - DAY)
    assert minutes[-1][0] <= now - 14 * DAY
    assert [end for _, end in minutes] == sorted((end for _, end in minutes), reverse=True)
    assert [start for start, _ in minutes[:-1]] == [end for _, end in minutes[1:]]
    assert ((now - 10 * DAY), 7.0) in stored(function[0])
    assert Series.objects.get(pk=function[0].pk).first_datapoint_at <= now - 10 * DAY


def test_no_request_for_history_asks_for_a_period_that_is_no_longer_kept(function, cloudwatch, now):
    kept = {60: 15 * DAY, 300: 63 * DAY, 3600: 455 * DAY}
    later = now
    while work(cloudwatch, later) or Gap.objects.exists():
        later += 5 * MINUTE
        assert later < now + DAY
        Series.objects.update(polled_at=later)

    for batch in PollBatch.objects.filter(lane=Lane.HISTORY):
        assert batch.start >= batch.slot_at - kept[batch.period] - timedelta(seconds=batch.period)


def test_history_that_was_asked_for_late_is_asked_from_what_is_still_kept(function, cloudwatch, now):
    """CloudWatch answers nothing at all of a request that begins too early, which would pass for silence."""
    (live,) = planning.plan(now)
    polling.poll(live.pk, cloudwatch=cloudwatch, now=now)
    cloudwatch.report("Invocations", now - 15 * DAY, [1.0] * 9)
    batch = PollBatch.objects.create(
        account=live.account, region=live.region, period=60, lane=Lane.HISTORY, slot_at=now, ordinal=9,
        series_ids=[function[0].pk], start=now - 15 * DAY, end=now - 14 * DAY, next_at=now,
    )  # fmt: skip

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now + 5 * MINUTE)

    assert cloudwatch.asked[-1]["start"] == now - 15 * DAY + 7 * MINUTE
    assert [value for _, value in stored(function[0])] == [1.0, 1.0]


def test_history_that_nobody_keeps_any_more_is_not_asked_for(function, cloudwatch, now):
    batch = PollBatch.objects.create(
        account=function[0].account, region=function[0].region, period=60, lane=Lane.HISTORY, slot_at=now, ordinal=0,
        series_ids=[function[0].pk], start=now - 16 * DAY, end=now - 15 * DAY, next_at=now,
    )  # fmt: skip

    assert polling.poll(batch.pk, cloudwatch=cloudwatch, now=now) == []

    batch.refresh_from_db()
    assert (batch.next_at, batch.state) == (None, "done")
    assert not cloudwatch.asked


def test_a_pause_of_days_is_read_for_the_newest_day_first_and_the_rest_is_a_gap(function, cloudwatch, now):
    until = now - 4 * DAY
    for one in function:
        mark(one, polled_at=until, settled_until=until, five_minutes_until=until, hours_until=until)

    live, *_ = planning.plan(now)
    polling.poll(live.pk, cloudwatch=cloudwatch, now=now)

    assert live.start == now - DAY
    assert gaps(function[0]) == {
        60: (until, now - DAY),
        300: (until, now - 5 * MINUTE),
        3600: (until, now - HOUR),
    }


def test_a_pause_of_hours_leaves_no_gap(function, cloudwatch, now):
    until = now - 5 * HOUR
    for one in function:
        mark(one, polled_at=until, settled_until=until, five_minutes_until=until, hours_until=until)

    work(cloudwatch, now)

    assert not Gap.objects.exists()


def test_only_few_requests_for_history_are_under_way(api, series, cloudwatch, now):
    for batch in planning.plan(now):
        polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)

    first = planning.plan(now + MINUTE)

    assert all(batch.lane == Lane.HISTORY for batch in first)
    assert len(first) == history.MAX_WAITING
    assert history.plan(now + 2 * MINUTE) == []


def test_a_gap_that_could_not_be_read_stays_and_is_asked_for_once_a_minute(function, cloudwatch, now):
    work(cloudwatch, now)
    before = gaps(function[0])
    cloudwatch.statuses["Invocations"] = Status.INTERNAL_ERROR

    tens = [now + MINUTE + seconds * timedelta(seconds=10) for seconds in range(4)]
    assert [len(work(cloudwatch, ten)) for ten in tens] == [3, 0, 0, 0]

    assert gaps(function[0]) == before
    assert gaps(function[1]) != before


def test_a_worker_that_read_history_twice_changes_nothing(function, cloudwatch, now):
    work(cloudwatch, now)
    (batch, *_) = history.plan(now + MINUTE)
    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now + MINUTE)
    after = {one.pk: gaps(one) for one in function}
    PollBatch.objects.filter(pk=batch.pk).update(next_at=now, state="pending")

    polling.poll(batch.pk, cloudwatch=cloudwatch, now=now + MINUTE)

    assert {one.pk: gaps(one) for one in function} == after
