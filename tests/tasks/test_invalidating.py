from datetime import timedelta

import pytest
from django.utils import timezone

from edgeops.invalidations import lifecycle
from edgeops.invalidations.models import Batch, BatchState, Request
from tasks import invalidating


@pytest.fixture
def now():
    """The task reads the clock itself, and gives an invalidation up after a day: ask for it today."""
    return timezone.now()


@pytest.fixture
def published(monkeypatch):
    sent = []
    monkeypatch.setattr(invalidating, "publish", lambda task, *ids: sent.append((task.name, *ids)))
    return sent


@pytest.fixture
def batch(frozen, cloudfront, monkeypatch):
    monkeypatch.setitem(lifecycle.advance.__kwdefaults__, "connect", lambda account, now: cloudfront)
    return frozen("/a/*").batch


def test_a_step_that_must_wait_is_left_to_the_sweep(batch, published):
    invalidating.advance_batch(str(batch.uuid))

    batch.refresh_from_db()
    assert batch.state == BatchState.SUBMITTED
    assert published == []


def test_a_step_that_is_due_at_once_is_asked_for_at_once(batch, cloudfront, published):
    invalidating.advance_batch(str(batch.uuid))
    cloudfront.is_done = True
    Batch.objects.update(next_at=timezone.now() - timedelta(seconds=1))

    invalidating.advance_batch(str(batch.uuid))
    assert published == [("tasks.invalidating.advance_batch", str(batch.uuid))]

    invalidating.advance_batch(str(batch.uuid))
    batch.refresh_from_db()
    assert (batch.state, batch.next_at, len(published)) == (BatchState.COMPLETED, None, 1)


def test_a_message_delivered_twice_steps_once(batch, cloudfront, published):
    invalidating.advance_batch(str(batch.uuid))
    invalidating.advance_batch(str(batch.uuid))
    assert len(cloudfront.references) == 1


def test_a_window_that_closed_is_frozen_and_its_batch_sent_off(asked, published, now):
    asked("/a", now=now - timedelta(seconds=3))
    asked("/b", now=now)
    invalidating.close_windows()
    assert published == []

    Request.objects.update(queued_at=now - timedelta(seconds=11))
    invalidating.close_windows()
    batch = Batch.objects.get()
    assert published == [("tasks.invalidating.advance_batch", batch.pk)]


def test_a_step_that_comes_due_does_not_wait_for_the_sweep(batch, published, now):
    Batch.objects.update(next_at=timezone.now() + timedelta(minutes=1))
    invalidating.close_windows()
    assert published == []

    Batch.objects.update(next_at=timezone.now())
    invalidating.close_windows()
    assert published == [("tasks.invalidating.advance_batch", batch.pk)]
