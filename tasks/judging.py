"""Judging alarms, as a tick."""

from celery import shared_task
from django.utils import timezone

from edgeops.alarms import watch
from edgeops.alarms.states import Decision
from edgeops.notifications import recording
from edgeops.pulse.models import Stamp
from tasks.base import HouseTask
from tasks.delivering import send_delivery
from tasks.publishing import publish


@shared_task(base=HouseTask)
def judge_alarms() -> None:
    """Judge every alarm with newly settled buckets; what is to be told is a row, and this only makes it soon."""
    now = timezone.now()

    def record(decision: Decision) -> None:
        for delivery in recording.record(decision, now=now):
            publish(send_delivery, delivery.pk)

    watch.evaluate_due(record, now=now)
    Stamp.put("judge", timezone.now())
