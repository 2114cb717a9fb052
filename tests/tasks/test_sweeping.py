from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from edgeops.celery import app
from edgeops.estate.fetches import FetchState
from edgeops.pulse.models import Stamp
from edgeops.traces.models import TraceWindow
from edgeops.waiting import WaitingRow
from tasks import sweeping


@pytest.fixture
def published(monkeypatch):
    sent = []
    monkeypatch.setattr(sweeping, "publish", lambda task, pk: sent.append((task.name, pk)))
    return sent


@pytest.fixture
def window(api):
    now = timezone.now()
    return TraceWindow.objects.create(api=api, start=now - timedelta(minutes=15), end=now, next_at=now)


def test_every_table_of_waiting_rows_is_swept():
    waiting = {model for model in apps.get_models() if issubclass(model, WaitingRow)}
    assert {model for model, _ in sweeping.WORK} == waiting


def test_a_row_whose_message_was_lost_is_published_again(window, published):
    sweeping.sweep()
    assert published == [("tasks.tracing.fetch_window", window.pk)]
    assert Stamp.objects.filter(stage="sweep").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"next_at": None, "state": FetchState.DONE},
        {"next_at": timezone.now() + timedelta(hours=1)},
        {"lease_until": timezone.now() + timedelta(hours=1)},
    ],
    ids=["done", "not yet", "in somebody's hands"],
)
def test_a_row_that_is_not_due_is_left_alone(window, published, changes):
    TraceWindow.objects.update(**changes)
    sweeping.sweep()
    assert published == []


def test_a_flood_in_one_table_does_not_keep_the_others_waiting(api, published, monkeypatch):
    monkeypatch.setattr(sweeping, "AT_ONCE", 3)
    now = timezone.now()
    TraceWindow.objects.bulk_create(
        TraceWindow(api=api, start=now, end=now - timedelta(minutes=minute), next_at=now) for minute in range(10)
    )
    sweeping.sweep()
    assert len(published) == 3


def test_tidying_an_empty_store_is_stamped(db):
    sweeping.tidy()
    assert Stamp.objects.filter(stage="tidy").exists()


def test_everything_on_the_schedule_exists_and_expires_within_its_slot(db):
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks
        assert entry["schedule"] <= entry["options"]["expires"] <= max(entry["schedule"], 5)


def test_no_task_keeps_results_or_is_acknowledged_before_it_is_done():
    assert app.conf.task_ignore_result
    assert app.conf.task_acks_late
    assert app.conf.result_backend is None
