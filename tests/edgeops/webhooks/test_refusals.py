import time
from datetime import timedelta

import pytest
from django.db import OperationalError

from edgeops.webhooks import refusals
from edgeops.webhooks.models import RefusalCount

SETTLE_LATER = refusals._settle_later


@pytest.fixture
def counted(endpoint):
    def read():
        rows = RefusalCount.objects.filter(endpoint=endpoint).order_by("hour", "reason")
        return list(rows.values_list("reason", "count"))

    return read


def test_the_first_of_a_kind_is_written_at_once_and_the_rest_together(
    endpoint, counted, now, django_assert_max_num_queries
):
    refusals.count(endpoint, "not proven", now=now)
    refusals.count(endpoint, "the body broke off", now=now)
    with django_assert_max_num_queries(0):
        for _ in range(99):
            refusals.count(endpoint, "not proven", now=now)
    assert counted() == [("not proven", 1), ("the body broke off", 1)]
    assert refusals.settle()
    assert counted() == [("not proven", 100), ("the body broke off", 1)]
    assert not refusals.settle()
    assert counted() == [("not proven", 100), ("the body broke off", 1)]


def test_each_hour_has_its_own(endpoint, counted, now):
    for minutes in (59, 59, 61):
        refusals.count(endpoint, "not proven", now=now + timedelta(minutes=minutes))
    refusals.settle()
    assert counted() == [("not proven", 2), ("not proven", 1)]


def test_what_the_database_did_not_take_is_written_with_the_next(endpoint, counted, now, monkeypatch):
    def fail(*_):
        raise OperationalError("database is locked")

    for _ in range(3):
        refusals.count(endpoint, "not proven", now=now)
    write = refusals._write
    monkeypatch.setattr(refusals, "_write", fail)
    assert refusals.settle()
    monkeypatch.setattr(refusals, "_write", write)
    refusals.count(endpoint, "not proven", now=now)
    assert refusals.settle()
    assert counted() == [("not proven", 4)]


@pytest.mark.django_db(transaction=True)
def test_a_flood_that_has_ended_is_counted_in_full(endpoint, counted, now, monkeypatch):
    monkeypatch.setattr(refusals, "WRITE_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(refusals, "_settle_later", SETTLE_LATER)
    for _ in range(50):
        refusals.count(endpoint, "not proven", now=now)
    until = time.monotonic() + 10
    while counted() != [("not proven", 50)] and time.monotonic() < until:
        time.sleep(0.02)
    assert counted() == [("not proven", 50)]
    refusals.clear()
    time.sleep(0.2)  # the last timer finds nothing to do
