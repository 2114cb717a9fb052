"""Telling channels of what EdgeOps itself fails at: when it begins, and each hour that it goes on.

A storm of failures is one message, since each says how many there were. It is over after an hour without another.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from edgeops.notifications.models import Channel, Delivery
from edgeops.timeline.models import Failure

FAILURE = "failure"
NOT_AGAIN_FOR = timedelta(hours=1)


def tell(*, now: datetime) -> list[Delivery]:
    """Write the deliveries of every failure that is to be told now; returns them, to be sent."""
    return [delivery for failure in Failure.objects.due(now) for delivery in _tell(failure, now)]


def _tell(failure: Failure, now: datetime) -> Sequence[Delivery]:
    """One turn of a failure and its deliveries, in one transaction: another worker that is at it finds it moved."""
    before = failure.told
    with transaction.atomic():
        mine = Failure.objects.filter(pk=failure.pk, look_at=failure.look_at)
        if mine.filter(count=F("told")).update(look_at=None):
            return []
        if not mine.update(look_at=now + NOT_AGAIN_FOR, told=F("count")):
            return []
        failure.refresh_from_db()
        # Who began to listen since has not missed this: it has happened again.
        listening = Channel.objects.filter(is_enabled=True, hears_failures_since__lte=failure.last_at)
        return Delivery.objects.bulk_create(_delivery(failure, channel, before, now) for channel in listening)


def _delivery(failure: Failure, channel: Channel, before: int, now: datetime) -> Delivery:
    return Delivery(
        failure=failure,
        times=failure.told,
        channel=channel,
        kind=FAILURE,
        reason=_news(failure.told, before),
        next_at=now,
        message_id=uuid.uuid4(),
        created_at=now,
    )


def _news(times: int, before: int) -> str:
    if before:
        return f"It happened {times - before:,} more times since the last message, {times:,} in all"
    return "It happened once so far" if times == 1 else f"It happened {times:,} times so far"
