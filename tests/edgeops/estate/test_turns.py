import threading

import pytest
from django.db import connection, transaction

from edgeops.estate import turns
from edgeops.estate.turns import EstateError


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_too_long_for_a_turn_is_told_so_and_changes_nothing():
    has_it, may_end = threading.Event(), threading.Event()

    def hold():
        with turns.taken():
            has_it.set()
            may_end.wait(30)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    has_it.wait(30)
    wait = "PRAGMA busy_timeout = 100" if connection.vendor == "sqlite" else "SET lock_timeout = 100"
    with connection.cursor() as cursor:
        cursor.execute(wait)
    try:
        with pytest.raises(EstateError, match="Somebody else is changing the estate at this moment"), turns.taken():
            pytest.fail("there was no turn to take")
    finally:
        may_end.set()
        holder.join()
        connection.close()

    with turns.taken():
        assert connection.in_atomic_block
    assert not connection.in_atomic_block


@pytest.mark.django_db
def test_a_turn_within_a_turn_is_the_same_turn():
    with turns.taken(), turns.taken():
        assert transaction.get_connection().in_atomic_block
