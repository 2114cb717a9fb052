from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from edgeops import retention
from edgeops.timeline.models import Event


def events(count, at):
    Event.objects.bulk_create(
        Event(at=at, kind="note", subject_kind="x", subject_id=str(n), api_slug="a", title="t") for n in range(count)
    )


def test_history_reaches_as_far_back_as_hourly_datapoints():
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert retention.oldest(now) == now - timedelta(days=455)
    assert retention.oldest_month(now) == datetime(2025, 8, 1, tzinfo=UTC)


def test_rows_are_deleted_in_pieces_with_a_breath_after_each(db, now, monkeypatch):
    breaths = []
    monkeypatch.setattr(retention.time, "sleep", breaths.append)
    events(7, now)
    assert retention.delete(Event.objects.filter(api_slug="a"), at_once=3) == 7
    assert len(breaths) == 3
    assert min(breaths) >= retention.BREATH_SECONDS
    assert retention.delete(Event.objects.all()) == 0
    assert len(breaths) == 3


def test_no_statement_deletes_more_than_a_piece(db, now):
    events(5, now)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        retention.delete(Event.objects.all(), at_once=2)
    assert sum(query["sql"].startswith("DELETE") for query in queries) == 3
