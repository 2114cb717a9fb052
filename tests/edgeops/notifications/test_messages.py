from datetime import timedelta
from uuid import UUID

import pytest

from edgeops.notifications import messages
from edgeops.notifications.models import Delivery
from edgeops.timeline.models import Failure


def test_a_message_says_what_happened_why_and_where_to_look(routed, observe, now):
    delivery = observe([1, 9, 9], now)[0]
    message = messages.compose(delivery)
    assert message.subject == "[ALARM] Slow handler (Products API)"
    assert "went from OK to ALARM at 2026-11-22 12:00 UTC" in message.text
    assert "2 of 3 datapoints > 5; 2 needed to alarm" in message.text
    assert "Duration p95 of Lambda products-handler > 5 for 2 of 3" in message.text
    assert message.payload == {
        "type": "alarm.state_changed",
        "timestamp": "2026-11-22T12:00:00+00:00",
        "data": {
            "alarm": "Slow handler",
            "api": "products",
            "state": "ALARM",
            "previous": "OK",
            "reason": "2 of 3 datapoints > 5; 2 needed to alarm",
            "observed_at": "2026-11-22T12:00:00+00:00",
            "url": f"http://127.0.0.1:8000/alarms/{routed.pk}/",
        },
    }
    assert messages.compose(delivery) == message


def test_a_failure_says_what_happened_what_it_means_what_to_do_and_where_to_look(mailbox, now):
    failure = Failure.objects.create(
        kind="invalidation.failed",
        title="An invalidation of products failed (AccessDenied)",
        advice="Viewers may still be served what it was to remove. Allow the IAM action cloudfront:CreateInvalidation.",
        path="/cache/invalidations/1/",
        began_at=now,
        last_at=now,
        count=501,
    )
    delivery = Delivery(
        channel=mailbox, failure=failure, times=500, reason="It happened 500 times so far", created_at=now,
        message_id=UUID(int=7),
    )  # fmt: skip
    message = messages.compose(delivery)
    assert message.subject == "[EdgeOps] An invalidation of products failed (AccessDenied) (500 times)"
    assert message.text == (
        "An invalidation of products failed (AccessDenied).\n\n"
        "Viewers may still be served what it was to remove. Allow the IAM action cloudfront:CreateInvalidation.\n\n"
        "It happened 500 times so far, since 2026-11-22 12:00 UTC. "
        "EdgeOps tells of the same thing at most once an hour, with how often it has happened since.\n\n"
        "http://127.0.0.1:8000/cache/invalidations/1/\n"
    )
    assert message.payload == {
        "type": "edgeops.failed",
        "timestamp": "2026-11-22T12:00:00+00:00",
        "data": {
            "kind": "invalidation.failed",
            "title": failure.title,
            "advice": failure.advice,
            "times": 500,
            "since": "2026-11-22T12:00:00+00:00",
            "url": "http://127.0.0.1:8000/cache/invalidations/1/",
        },
    }
    failure.count, failure.told, failure.last_at = 900, 900, now + timedelta(hours=1)
    assert messages.compose(delivery) == message, "the same for every attempt"


def test_a_failure_that_happened_once_is_not_counted_in_the_subject(mailbox, now):
    failure = Failure(title="It broke", advice="Mend it.", path="/cache/", began_at=now)
    delivery = Delivery(channel=mailbox, failure=failure, times=1, reason="It happened once so far", created_at=now)
    assert messages.compose(delivery).subject == "[EdgeOps] It broke"


def test_a_delivery_of_nothing_is_an_error(mailbox):
    with pytest.raises(ValueError, match="of nothing"):
        messages.compose(Delivery(channel=mailbox))
