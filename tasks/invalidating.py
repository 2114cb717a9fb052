"""Invalidations: from a stored batch to CloudFront, and on to the proof at the edge."""

from celery import shared_task
from django.utils import timezone

from edgeops.invalidations import coalescing, configs, flushing, lifecycle, waking, warming
from tasks.base import HouseTask
from tasks.publishing import publish


@shared_task(base=HouseTask)
def advance_batch(identity: str) -> None:
    """Take one step of a batch, and ask for the next when it is due already; the sweep takes up what is lost."""
    batch = lifecycle.advance(identity, now=timezone.now())
    if batch is not None and batch.next_at is not None and batch.next_at <= timezone.now():
        publish(advance_batch, identity)


@shared_task(base=HouseTask, is_silent=True)
def close_windows() -> None:
    """Freeze what was asked for as its windows close, and send off what has come due; idle, it only reads."""
    now = timezone.now()
    waking.wake(now)
    configs.plan(now)
    for batch in dict.fromkeys([*coalescing.freeze_due(now), *lifecycle.just_due(now)]):
        publish(advance_batch, batch)


@shared_task(base=HouseTask)
def read_config(pk: int) -> None:
    """Read how a distribution is invalidated, and its tenants; the sweep asks for it again each hour."""
    configs.read(pk, now=timezone.now())


@shared_task(base=HouseTask)
def warm_up(pk: int) -> None:
    """Fetch the next few URLs of a warm-up; the sweep goes on with it."""
    warming.warm(pk, now=timezone.now())


@shared_task(base=HouseTask)
def flush_stage(pk: str) -> None:
    """Take one step of a stage cache's flush; the sweep goes on with it."""
    flushing.advance(pk, now=timezone.now())
