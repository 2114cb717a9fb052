from datetime import timedelta

import pytest
from django.utils import timezone

from edgeops.invalidations.models import KnownUrl
from edgeops.traces import fetching
from edgeops.traces.models import TraceSummary, TraceWindow
from tasks import tracing


@pytest.fixture
def published(monkeypatch):
    sent = []
    monkeypatch.setattr(tracing, "publish", lambda task, *args: sent.append((task.name, *args)))
    return sent


def test_planning_publishes_each_new_window_once(api, published):
    tracing.plan_trace_windows()
    tracing.plan_trace_windows()

    pks = list(TraceWindow.objects.values_list("pk", flat=True))
    assert published == [("tasks.tracing.fetch_window", pk) for pk in pks]


def test_the_names_are_those_the_schedule_and_the_sweep_use():
    assert tracing.plan_trace_windows.name == "tasks.tracing.plan_trace_windows"
    assert tracing.fetch_document.name == "tasks.tracing.fetch_document"


def test_a_window_that_was_read_teaches_what_viewers_ask_for(api, monkeypatch):
    now = timezone.now()
    window = TraceWindow.objects.create(api=api, start=now - timedelta(minutes=15), end=now, next_at=now)
    for number, (method, path, minutes) in enumerate(
        [("GET", "7", 1), ("GET", "7", 50), ("GET", "8", 1), ("POST", "7", 1), ("GET", "9", 70)]
    ):
        TraceSummary.objects.create(
            api=api, account=api.account, region=api.region, trace_id=f"1-6741b1c0-{number:024x}", method=method,
            started_at=now - timedelta(minutes=minutes), url=f"https://api.example.test/prod/products/{path}",
        )  # fmt: skip
    monkeypatch.setattr(fetching, "read_window", lambda pk, now: True)
    tracing.fetch_window(window.pk)
    assert dict(KnownUrl.objects.values_list("path", "requests_per_hour")) == {"/products/7": 2, "/products/8": 1}


def test_each_task_hands_its_id_to_one_verb(monkeypatch, db):
    asked = []
    monkeypatch.setattr(fetching, "read_window", lambda pk, now: asked.append(("window", pk)) is not None)
    monkeypatch.setattr(fetching, "read_document", lambda pk, now: asked.append(("document", pk)))
    tracing.fetch_window(7)
    tracing.fetch_document(8)
    assert asked == [("window", 7), ("document", 8)]


def test_an_x_ray_that_does_not_answer_leaves_both_rows_waiting(api):
    """The tests' AWS endpoint is a closed port."""
    now = timezone.now()
    window = TraceWindow.objects.create(api=api, start=now - timedelta(minutes=15), end=now, next_at=now)
    summary = TraceSummary.objects.create(
        api=api, account=api.account, region=api.region, trace_id=f"1-6741b1c0-{1:024x}", started_at=now
    )
    document = fetching.ask_document(summary, now=now)

    tracing.fetch_window(window.pk)
    tracing.fetch_document(document.pk)

    for row in (window, document):
        row.refresh_from_db()
        assert row.state == "retry"
        assert row.next_at is not None
        assert "AWS did not answer" in row.last_error


def test_a_row_that_is_gone_is_nothing_to_do(db):
    tracing.fetch_window(1)
    tracing.fetch_document(1)
