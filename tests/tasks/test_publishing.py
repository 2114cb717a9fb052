import socket
import time

import pytest
from celery import Celery
from django.db import transaction

from tasks.publishing import publish


def task_of(url):
    app = Celery("elsewhere", broker=url, set_as_current=False)
    app.conf.broker_transport_options = {"socket_connect_timeout": 2, "max_retries": 1}

    @app.task(name="nothing")
    def nothing(pk):
        raise AssertionError

    return nothing


@pytest.mark.django_db
def test_a_dead_broker_is_survived_and_said_so(caplog, django_capture_on_commit_callbacks):
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        publish(task_of("redis://127.0.0.1:9/0"), 7)
    assert time.monotonic() - began < 5
    assert "broker unreachable" in caplog.text


@pytest.mark.django_db
def test_a_broker_that_accepts_and_never_answers_is_given_up_within_five_seconds(
    caplog, django_capture_on_commit_callbacks
):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        began = time.monotonic()
        with django_capture_on_commit_callbacks(execute=True):
            publish(task_of(f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"), 7)
        assert time.monotonic() - began < 5
    assert "broker unreachable" in caplog.text


class RecordingTask:
    name = "recording"
    app = Celery("recorder", broker="memory://", set_as_current=False)

    def __init__(self):
        self.sent = []

    def apply_async(self, *, args, producer, retry, expires):
        self.sent.append(args)


@pytest.mark.django_db
def test_nothing_is_published_for_a_row_that_was_never_committed(django_capture_on_commit_callbacks):
    task = RecordingTask()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        publish(task, 7)
        transaction.set_rollback(True)
    assert task.sent == []

    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            publish(task, 7)
        assert task.sent == []
    assert task.sent == [(7,)]
