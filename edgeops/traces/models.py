"""Trace windows to fetch, the summaries found in them, and the documents somebody asked for."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Count, F, Q

from edgeops.estate.fetches import Fetch, FetchQuerySet
from edgeops.estate.models import Account, EdgeApi


class TraceWindowQuerySet(FetchQuerySet["TraceWindow"]):
    """Queries over windows."""


class TraceWindow(Fetch):
    """One GetTraceSummaries request: the traces of an API in a span of time."""

    api = models.ForeignKey(EdgeApi, on_delete=models.CASCADE, related_name="trace_windows")
    start = models.DateTimeField()
    end = models.DateTimeField()
    traces_processed = models.PositiveIntegerField(null=True, help_text="Traces X-Ray scanned, which it bills.")
    is_capped = models.BooleanField(default=False, help_text="X-Ray had more traces than were read.")

    objects = TraceWindowQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api", "end"], name="trace_window_once")]
        indexes = [
            models.Index(
                fields=["next_at"], name="trace_window_waiting", condition=Q(next_at__isnull=False)
            )  # the sweep
        ]

    def __str__(self) -> str:
        return f"{self.api_id} until {self.end:%H:%M} {self.state}"


class TraceSummaryQuerySet(models.QuerySet["TraceSummary"]):
    """Reading summaries."""

    def within(self, start: datetime, end: datetime) -> Self:
        """Traces that started in [start, end), newest first."""
        return self.filter(started_at__gte=start, started_at__lt=end).order_by("-started_at", "-id")

    def of_class(self, status_class: "StatusClass") -> Self:
        """Traces whose root answered so; ALL keeps every one."""
        return self if status_class == StatusClass.ALL else self.filter(**{f"has_{status_class}": True})

    def slowest_first(self) -> Self:
        """By the time the viewer's side waited; traces without a response time come last."""
        return self.order_by(F("response_seconds").desc(nulls_last=True), "-started_at", "-id")

    def counted(self) -> dict[str, int]:
        """How many there are of each status class, in one query."""
        kinds = [kind for kind in StatusClass if kind != StatusClass.ALL]
        counts = {str(kind): Count("pk", filter=Q(**{f"has_{kind}": True})) for kind in kinds}
        return self.order_by().aggregate(all=Count("pk"), **counts)


class StatusClass(models.TextChoices):
    """What a trace's root answered, in X-Ray's words; a throttle is an error too."""

    ALL = "all", "All"
    FAULT = "fault", "Faults (5xx)"
    ERROR = "error", "Errors (4xx)"
    THROTTLE = "throttle", "Throttles (429)"


class TraceSummary(models.Model):
    """What GetTraceSummaries says of one trace. Times in seconds, as X-Ray gives them."""

    api = models.ForeignKey(EdgeApi, on_delete=models.CASCADE, related_name="traces")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="traces")
    region = models.CharField(max_length=30)
    trace_id = models.CharField(max_length=35, unique=True)
    started_at = models.DateTimeField()
    duration_seconds = models.FloatField(null=True)
    response_seconds = models.FloatField(null=True)
    has_fault = models.BooleanField(default=False)
    has_error = models.BooleanField(default=False)
    has_throttle = models.BooleanField(default=False)
    is_partial = models.BooleanField(default=False)
    url = models.CharField(max_length=2000, blank=True)
    method = models.CharField(max_length=10, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    services = models.JSONField(default=list, help_text="Names of the services the trace passed through.")

    objects = TraceSummaryQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["api", "-started_at"], name="trace_newest"),  # the list, and traces beside the charts
            models.Index(fields=["started_at"], name="trace_age"),  # tidying
        ]

    def __str__(self) -> str:
        return self.trace_id

    @property
    def state(self) -> str:
        """The worst of what the root answered: fault, throttle, error or ok."""
        if self.has_fault:
            return "fault"
        if self.has_throttle:
            return "throttle"
        return "error" if self.has_error else "ok"


class TraceDocumentQuerySet(FetchQuerySet["TraceDocument"]):
    """Queries over documents."""


class TraceDocument(Fetch):
    """The segments of one trace, fetched by a worker because somebody opened it."""

    summary = models.OneToOneField(TraceSummary, on_delete=models.CASCADE, related_name="document")
    segments = models.JSONField(null=True, help_text="Parsed segment documents.")
    limit_exceeded = models.BooleanField(default=False, help_text="X-Ray itself holds only a part of the trace.")
    asked_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)

    objects = TraceDocumentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], name="trace_doc_waiting", condition=Q(next_at__isnull=False))  # the sweep
        ]

    def __str__(self) -> str:
        return f"{self.summary_id} {self.state}"
