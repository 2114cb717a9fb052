"""The sweep: whatever waits and is due is handed to a worker, however its message was lost. And the hourly tidying."""

import logging
from collections.abc import Callable
from datetime import datetime

from celery import Task, shared_task
from django.utils import timezone

from edgeops.access import keeping as sessions
from edgeops.discovery import keeping as looks
from edgeops.discovery.models import Discovery
from edgeops.estate import keeping as bills
from edgeops.invalidations import keeping as invalidations
from edgeops.invalidations import known
from edgeops.invalidations.models import Batch, DistributionConfig, StageFlush, WarmUp
from edgeops.metrics import retention
from edgeops.metrics.models import PollBatch
from edgeops.notifications import keeping as alarms
from edgeops.notifications.models import Delivery
from edgeops.pulse.models import Stamp
from edgeops.timeline import keeping as events
from edgeops.traces import fetching
from edgeops.traces.models import TraceDocument, TraceWindow
from edgeops.waiting import WaitingQuerySet, WaitingRow
from edgeops.webhooks import receiving as webhook_receiving
from edgeops.webhooks.models import WebhookDelivery
from tasks.base import HouseTask
from tasks.delivering import send_delivery
from tasks.discovering import run_discovery
from tasks.invalidating import advance_batch, flush_stage, read_config, warm_up
from tasks.polling import run_poll
from tasks.publishing import publish
from tasks.receiving import run_delivery
from tasks.tracing import fetch_document, fetch_window

log = logging.getLogger("edgeops.sweep")

# What an operator or a sender waits for comes first; polls repeat by themselves anyway.
WORK: tuple[tuple[type[WaitingRow], Task], ...] = (  # type: ignore[type-arg]
    (Batch, advance_batch),
    (WebhookDelivery, run_delivery),
    (Delivery, send_delivery),
    (TraceDocument, fetch_document),
    (DistributionConfig, read_config),
    (StageFlush, flush_stage),
    (WarmUp, warm_up),
    (Discovery, run_discovery),
    (PollBatch, run_poll),
    (TraceWindow, fetch_window),
)
# docs/operating.md says how long each keeps what.
TIDYING: tuple[Callable[[datetime], object], ...] = (
    retention.tidy, fetching.tidy, looks.tidy, known.tidy, invalidations.tidy, webhook_receiving.tidy, alarms.tidy,
    events.tidy, bills.tidy, sessions.tidy,
)  # fmt: skip
AT_ONCE = 200  # per table and sweep; the rest is due again at the next


@shared_task(base=HouseTask)
def sweep() -> None:
    """Publish the task of every row that is due; a row claimed meanwhile makes its task a no-op."""
    now = timezone.now()
    for model, task in WORK:
        for pk in WaitingQuerySet(model).due(now).values_list("pk", flat=True)[:AT_ONCE]:
            publish(task, pk)
    Stamp.put("sweep", now)


@shared_task(base=HouseTask)
def tidy() -> None:
    """Delete what is past its keeping, in small batches."""
    now = timezone.now()
    for forget in TIDYING:
        forget(now)
    Stamp.put("tidy", now)
