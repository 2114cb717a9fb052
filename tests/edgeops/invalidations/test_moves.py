import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from edgeops.invalidations import moves
from edgeops.invalidations.models import Batch, BatchState, RequestState
from tests.fixtures.invalidations import Picky

SECOND = timedelta(seconds=1)


@pytest.fixture
def cloudfront():
    fake = Picky()
    fake.largest = 1
    return fake


@pytest.mark.django_db(transaction=True)
def test_a_request_in_two_batches_that_end_at_the_same_moment_ends(frozen, advance, now):
    request = frozen("/a", "/b")
    advance(request.batch, now)
    one, other = (Batch.claim(half.pk, now=now, lease_seconds=60) for half in Batch.objects.unsent())
    has_moved = threading.Event()

    def end_one():
        with transaction.atomic():
            moves.move(one, BatchState.FAILED, next_at=None, now=now, last_error="denied")
            has_moved.set()
            time.sleep(0.5)  # the other is at it meanwhile
        connection.close()

    thread = threading.Thread(target=end_one)
    thread.start()
    assert has_moved.wait(20)
    moves.move(other, BatchState.FAILED, next_at=None, now=now, last_error="denied")
    thread.join(20)

    request.refresh_from_db()
    assert (request.state, request.is_split) == (RequestState.FAILED, True)
    assert request.outcome == "CloudFront refused 2 of 2 items: /a, /b."
