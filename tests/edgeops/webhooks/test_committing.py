import threading

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from edgeops.webhooks import committing
from edgeops.webhooks.committing import Committer
from edgeops.webhooks.models import SigningCertificate


def row(number, now):
    return SigningCertificate(url=f"https://sns.example.test/{number}", checked_at=now)


def test_a_row_is_stored_and_one_that_is_there_is_said_to_be(db, now):
    committer = Committer()
    first = row(1, now)
    assert committer.insert(first) is True
    assert committer.insert(row(1, now)) is False
    assert SigningCertificate.objects.get() == first


class Gate:
    """Holds the first write until the others have gathered behind it."""

    def __init__(self, monkeypatch):
        self.opened, self.entered = threading.Event(), threading.Event()
        self.batches = []
        real = committing._insert

        def insert(wishes):
            self.batches.append(len(wishes))
            self.entered.set()
            assert self.opened.wait(20)
            real(wishes)

        monkeypatch.setattr(committing, "_insert", insert)


def in_threads(committer, rows, results):
    def insert(number, made):
        try:
            results[number] = committer.insert(made)
        except OperationalError as error:
            results[number] = str(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=insert, args=(number, made)) for number, made in rows]
    for thread in threads:
        thread.start()
    return threads


def await_gathered(committer, count):
    for _ in range(2_000):
        if len(committer._wishes) == count:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{len(committer._wishes)} gathered, not {count}")


def test_rows_that_come_while_another_is_written_go_along_with_the_next_write(transactional_db, now, monkeypatch):
    gate, committer, results = Gate(monkeypatch), Committer(), {}
    threads = in_threads(committer, [(0, row(0, now))], results)
    assert gate.entered.wait(20)
    threads += in_threads(committer, [(n, row(n % 5, now)) for n in range(1, 9)], results)
    await_gathered(committer, 8)
    assert results == {}, "nobody is answered before the commit that holds their row"
    gate.opened.set()
    for thread in threads:
        thread.join(20)

    assert gate.batches == [1, 8]
    assert SigningCertificate.objects.count() == 5
    assert sum(results.values()) == 5, "each row is new to one of those who brought it"


def test_a_commit_that_fails_fails_for_all_whose_rows_it_held_and_for_nobody_later(transactional_db, now, monkeypatch):
    gate, committer, results = Gate(monkeypatch), Committer(), {}
    threads = in_threads(committer, [(0, row(0, now))], results)
    assert gate.entered.wait(20)
    with monkeypatch.context() as patch:
        patch.setattr(committing, "_insert", lambda wishes: (_ for _ in ()).throw(OperationalError("disk is full")))
        threads += in_threads(committer, [(n, row(n, now)) for n in range(1, 4)], results)
        await_gathered(committer, 3)
        gate.opened.set()
        for thread in threads:
            thread.join(20)
    assert results == {0: True, 1: "disk is full", 2: "disk is full", 3: "disk is full"}
    assert committer.insert(row(9, now))


def test_one_row_costs_one_transaction(transactional_db, now):
    with CaptureQueriesContext(connection) as captured:
        Committer().insert(row(1, now))
    assert sum(query["sql"].startswith("BEGIN") for query in captured) == 1


@pytest.mark.parametrize("fault", [OperationalError("locked"), ValueError("locked")])
def test_a_fault_reaches_who_waits_as_what_it_is_and_is_over_then(db, now, monkeypatch, fault):
    committer = Committer()

    def down(*_, **__):
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(SigningCertificate, "save", down)
        with pytest.raises(type(fault), match="locked"):
            committer.insert(row(1, now))
    assert committer.insert(row(1, now))


def test_a_worker_that_writes_for_a_while_delays_a_post_and_does_not_fail_it(transactional_db, now):
    written, done = threading.Event(), threading.Event()

    def work():
        with transaction.atomic():
            row(1, now).save()
            written.set()
            done.wait(20)
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    assert written.wait(20)
    threading.Timer(0.3, done.set).start()
    assert Committer().insert(row(2, now))
    worker.join(20)
    assert SigningCertificate.objects.count() == 2


def test_a_store_that_stays_locked_is_a_fault_in_the_end(transactional_db, now, monkeypatch):
    def locked(*_, **__):
        raise OperationalError("database is locked")

    monkeypatch.setattr(committing, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(SigningCertificate, "save", locked)
    with pytest.raises(OperationalError, match="locked"):
        Committer().insert(row(1, now))
    assert SigningCertificate.objects.count() == 0
