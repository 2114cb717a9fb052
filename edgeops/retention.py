"""How long history is kept, and how it is deleted: in short transactions, with a breath in between."""

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import models

# What happened beside a chart can be read as long as the chart: CloudWatch keeps hourly datapoints for 455 days.
KEPT = timedelta(days=455)
AT_ONCE = 1_000
# SQLite has one writer: whoever waits for it gets in here, for as long as the piece before took, and for no less.
BREATH_SECONDS = 0.01


def oldest(now: datetime) -> datetime:
    """What happened before is no longer kept."""
    return now - KEPT


def oldest_month(now: datetime) -> datetime:
    """The same for what is added up by the month: its first month is whole."""
    return oldest(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def delete(rows: models.QuerySet[Any], *, at_once: int | None = None) -> int:
    """Delete these, so many in one transaction; how many rows went, those that went along included."""
    total = 0
    while pks := list(rows.values_list("pk", flat=True)[: at_once or AT_ONCE]):
        total += delete_now(rows.model, pks)
    return total


def delete_now(model: type[models.Model], pks: list[Any]) -> int:
    """Delete these in one transaction, and let others have their turn."""
    began = time.monotonic()
    total, _ = model._default_manager.filter(pk__in=pks).delete()  # noqa: SLF001 (Django's name for it)
    time.sleep(max(BREATH_SECONDS, time.monotonic() - began))
    return total
