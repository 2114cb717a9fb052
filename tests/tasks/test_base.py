import pytest
from django.utils import timezone

from edgeops.pulse.models import Stamp
from tasks import delivering, discovering, judging, polling, sweeping, tidying, tracing

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("task", "stage"),
    [
        (sweeping.sweep, "task"),
        (judging.judge_alarms, "task"),
        (polling.plan_polls, "read"),
        (tracing.plan_trace_windows, "read"),
        (discovering.plan_rediscovery, "read"),
        (tidying.roll_up, "read"),
    ],
)
def test_a_task_proves_whoever_takes_its_queue(task, stage):
    before = timezone.now()
    task()
    assert Stamp.objects.get(stage=stage).last_ok_at >= before
    assert not Stamp.objects.filter(stage={"task": "read", "read": "task"}[stage]).exists()


def test_a_silent_task_leaves_no_stamp():
    delivering.tell_failures()
    assert not Stamp.objects.exists()


def test_a_task_that_fails_proves_nothing(monkeypatch):
    def fail(now):
        raise ZeroDivisionError

    monkeypatch.setattr(tidying.rollups, "roll", fail)
    with pytest.raises(ZeroDivisionError):
        tidying.roll_up()
    assert not Stamp.objects.exists()
