"""Two schedulers and two workers on one database: each slot is planned, asked for and billed once."""

from collections import Counter

from django.db.models import Sum
from django.utils import timezone

from edgeops.estate.fetches import FetchState
from edgeops.estate.models import AwsUsage
from edgeops.metrics import leases
from edgeops.metrics.models import Lane, PollBatch, Series


def asked_of_aws(house):
    return house.local_aws.control("state")["calls"].get("cloudwatch:GetMetricData", 0)


def counted():
    return AwsUsage.objects.filter(operation="GetMetricData").aggregate(calls=Sum("calls"))["calls"] or 0


def test_two_schedulers_and_two_workers_do_each_slot_once(house):
    leases.renew("overview", None, timezone.now())
    house.start("worker", "worker-2", "beat", "beat-2")
    house.until(lambda: not Series.objects.filter(polled_at=None).exists(), "every series to be polled")
    house.until(
        lambda: PollBatch.objects.filter(lane=Lane.WATCHED, state=FetchState.DONE).exists(),
        "a watched poll",
    )
    house.kill("beat", "beat-2")
    house.until(lambda: not PollBatch.objects.filter(next_at__isnull=False).exists(), "all polls to end")

    polls = list(PollBatch.objects.exclude(state=FetchState.SUPERSEDED))
    asked = Counter((poll.lane, poll.period, poll.slot_at, series) for poll in polls for series in poll.series_ids)
    twice = {asked for asked, count in asked.items() if count > 1}
    assert not twice, "no series was asked for twice in one slot"
    assert {poll.attempts for poll in polls} == {1}, "no batch was worked twice"
    assert asked_of_aws(house) == counted() == len(polls)
