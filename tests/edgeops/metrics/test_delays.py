from datetime import timedelta

import pytest

from edgeops.metrics import delays, polling
from edgeops.metrics.models import PollBatch, Series, SettlingDelay
from tests.edgeops.metrics.rows import mark, put

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def looked(account, now, *, polls, latest, namespace="AWS/Lambda", region="eu-west-1"):
    SettlingDelay.objects.create(
        account=account, region=region, namespace=namespace, day=now.date(), polls=polls, latest_seconds=latest
    )


@pytest.mark.parametrize(("latest", "learned"), [(0, 60), (59, 119), (130, 190), (840, 900), (5000, 900)])
def test_a_delay_is_the_latest_change_and_a_minute_within_bounds(account, now, latest, learned):
    looked(account, now, polls=60, latest=latest)

    assert delays.learned(account.pk, "eu-west-1", now) == {"AWS/Lambda": learned}


def test_few_polls_teach_nothing(account, now):
    looked(account, now, polls=59, latest=10)

    assert delays.learned(account.pk, "eu-west-1", now) == {}


def test_the_latest_of_three_days_counts_and_older_days_are_forgotten(account, now):
    for age, latest in [(0, 61), (2, 240), (3, 800)]:
        looked(account, now - age * DAY, polls=40, latest=latest)

    assert delays.learned(account.pk, "eu-west-1", now) == {"AWS/Lambda": 300}
    assert delays.tidy(now) == 1


def test_another_region_teaches_nothing(account, now):
    looked(account, now, polls=100, latest=10, region="us-east-1")

    assert delays.learned(account.pk, "eu-west-1", now) == {}


@pytest.fixture
def poll(series, account, cloudwatch, now):
    """Poll the function's invocations, last polled a minute ago or longer."""
    one = series["Invocations", "Sum"]

    def act(*, ago=MINUTE, lane="watched"):
        mark(one, polled_at=now - ago, settled_until=now - 5 * MINUTE, data_until=now - 2 * MINUTE)
        batch = PollBatch.objects.create(
            account=account, region="eu-west-1", period=60, lane=lane, slot_at=now, ordinal=PollBatch.objects.count(),
            series_ids=[one.pk], start=now - 15 * MINUTE, end=now, next_at=now,
        )  # fmt: skip
        polling.poll(batch.pk, cloudwatch=cloudwatch, now=now)
        return one

    return act


def test_a_poll_a_minute_after_the_last_sees_how_late_a_value_changed(poll, series, cloudwatch, now):
    put(series["Invocations", "Sum"], now - 8 * MINUTE, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    cloudwatch.report("Invocations", now - 8 * MINUTE, [1.0, 1.0, 9.0, 1.0, 1.0, 1.0])

    poll()

    assert list(SettlingDelay.objects.values_list("namespace", "polls", "latest_seconds")) == [("AWS/Lambda", 1, 300)]


def test_a_value_that_first_came_late_teaches_too(poll, cloudwatch, now):
    cloudwatch.report("Invocations", now - 2 * MINUTE, [5.0])

    poll()

    assert SettlingDelay.objects.get().latest_seconds == 60


@pytest.mark.parametrize("act", [{"ago": 15 * MINUTE}, {"lane": "slow"}])
def test_a_poll_long_after_the_last_cannot_tell_when(poll, cloudwatch, now, act):
    cloudwatch.report("Invocations", now - 2 * MINUTE, [5.0])

    poll(**act)

    assert not SettlingDelay.objects.filter(polls__gt=0).exists()


def test_what_was_learned_moves_the_settled_mark_and_never_back(poll, account, cloudwatch, now):
    looked(account, now, polls=100, latest=0)

    one = poll()
    assert Series.objects.get(pk=one.pk).settled_until == now - MINUTE

    SettlingDelay.objects.update(latest_seconds=600)
    polling.poll(PollBatch.objects.create(
        account=account, region="eu-west-1", period=60, lane="watched", slot_at=now, ordinal=9,
        series_ids=[one.pk], start=now - 15 * MINUTE, end=now, next_at=now,
    ).pk, cloudwatch=cloudwatch, now=now)  # fmt: skip
    assert Series.objects.get(pk=one.pk).settled_until == now - MINUTE
