from datetime import timedelta

import pytest
from django.utils import timezone

from edgeops.aws.errors import ThrottledError
from edgeops.estate.fetches import FetchState
from edgeops.metrics import registry
from edgeops.metrics.models import PollBatch, Series
from edgeops.pulse.models import Stamp
from tasks import polling
from tests.edgeops.metrics.fake_cloudwatch import FakeCloudWatch


@pytest.fixture
def published(monkeypatch):
    sent = []
    monkeypatch.setattr(polling, "publish", lambda task, *ids: sent.append((task.name, *ids)))
    return sent


@pytest.fixture
def cloudwatch(monkeypatch):
    fake = FakeCloudWatch()
    monkeypatch.setattr(polling, "cloudwatch", fake)
    return fake


@pytest.fixture
def series(api):
    return [one for hop in api.hops.all() for one in registry.ensure_series(hop)]


def test_a_tick_asks_a_worker_for_each_batch_it_wrote(series, published):
    polling.plan_polls()

    assert published == [("tasks.polling.run_poll", pk) for pk in PollBatch.objects.values_list("pk", flat=True)]
    assert len(published) == 2
    assert Stamp.objects.filter(stage="plan").exists()


def test_a_tick_with_nothing_due_is_still_alive(db, published):
    polling.plan_polls()

    assert published == []
    assert Stamp.objects.filter(stage="plan").exists()


def test_a_poll_that_brought_something_has_alarms_judged(series, cloudwatch, published):
    polling.plan_polls()
    published.clear()

    polling.run_poll(PollBatch.objects.first().pk)

    assert published == [("tasks.judging.judge_alarms",)]
    assert Stamp.objects.filter(stage="poll").exists()


def test_a_poll_delivered_twice_asks_cloudwatch_once(series, cloudwatch, published):
    polling.plan_polls()
    pk = PollBatch.objects.first().pk

    polling.run_poll(pk)
    polling.run_poll(pk)

    assert len(cloudwatch.asked) == 1


def test_a_poll_that_failed_judges_nothing_and_waits_as_a_row(series, cloudwatch, published):
    polling.plan_polls()
    published.clear()
    cloudwatch.fail_once(ThrottledError("cloudwatch:GetMetricData", "Throttling", "Rate exceeded"))

    polling.run_poll(PollBatch.objects.first().pk)

    assert published == []
    assert not Stamp.objects.filter(stage="poll").exists()
    batch = PollBatch.objects.first()
    assert batch.state == FetchState.RETRY
    assert batch.next_at <= timezone.now() + timedelta(seconds=2)
    assert Series.objects.filter(polled_at=None).count() == len(series)
