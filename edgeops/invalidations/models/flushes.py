"""Emptying the cache of an API Gateway stage: an action of its own, beside the edge's."""

import uuid

from django.db import models
from django.db.models import Q

from edgeops.estate.models import Account
from edgeops.waiting import WaitingQuerySet, WaitingRow


class FlushState(models.TextChoices):
    """How far it is."""

    REQUESTED = "requested", "Requested"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"


class StageFlushQuerySet(WaitingQuerySet["StageFlush"]):
    """Queries over flushes."""


class StageFlush(WaitingRow):
    """One flush of a whole stage cache; API Gateway has no smaller one. Names are text, whatever becomes of the hop."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="stage_flushes")
    region = models.CharField(max_length=30)
    api_id = models.CharField(max_length=40)
    stage = models.CharField(max_length=128)
    name = models.CharField(max_length=200)
    api_slug = models.CharField(max_length=60, help_text="On whose charts it is marked.")
    requested_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    requested_at = models.DateTimeField()
    flushed_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=20, choices=FlushState.choices, default=FlushState.REQUESTED)

    objects = StageFlushQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "stage flushes"
        constraints = [
            # A double click is one flush.
            models.UniqueConstraint(
                fields=["account", "region", "api_id", "stage"],
                condition=Q(state__in=["requested", "in_progress"]),
                name="stage_flush_once",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="stage_flush_waiting", condition=Q(next_at__isnull=False)),  # sweep
            models.Index(fields=["-requested_at"], name="stage_flush_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.stage} {self.state}"
