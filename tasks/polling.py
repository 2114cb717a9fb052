"""Planning polls and working them."""

from celery import shared_task
from django.utils import timezone

from edgeops.aws import cloudwatch
from edgeops.metrics import planning, polling
from edgeops.pulse.models import Stamp
from tasks.base import HouseTask
from tasks.judging import judge_alarms
from tasks.publishing import publish


@shared_task(base=HouseTask)
def plan_polls() -> None:
    """Write the batches that are due and ask workers for them; the sweep finds those whose message is lost."""
    now = timezone.now()
    for batch in planning.plan(now):
        publish(run_poll, batch.pk)
    Stamp.put("plan", now)


@shared_task(base=HouseTask)
def run_poll(pk: int) -> None:
    """Work one batch; when it brought something, have alarms judged on it."""
    touched = polling.poll(pk, cloudwatch=cloudwatch, now=timezone.now())
    if touched:
        Stamp.put("poll", timezone.now())
        publish(judge_alarms)
