"""The event lane: what happened to an API, drawn as marks on its charts."""

from datetime import datetime
from typing import Self

from django.db import models


class EventQuerySet(models.QuerySet["Event"]):
    """Reading the lane."""

    def within(self, api_slug: str, start: datetime, end: datetime) -> Self:
        """Events of one API in [start, end), oldest first."""
        return self.filter(api_slug=api_slug, at__gte=start, at__lt=end).order_by("at", "id")


class Event(models.Model):
    """One thing that happened: an invalidation proven, an alarm gone to ALARM."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=40, help_text="invalidation.submitted, alarm.ALARM, ...")
    api_slug = models.CharField(max_length=60, blank=True)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    title = models.CharField(max_length=300)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            # The same fact told twice (a task delivered twice) is one event on a lane.
            models.UniqueConstraint(fields=["kind", "subject_kind", "subject_id", "api_slug"], name="event_once"),
        ]
        indexes = [
            models.Index(fields=["api_slug", "at"], name="event_lane"),  # marks on an API's charts
            models.Index(fields=["at"], name="event_age"),  # tidying
        ]

    def __str__(self) -> str:
        return f"{self.at:%H:%M:%S} {self.title}"

    @classmethod
    def put(cls, kind: str, *, subject: tuple[str, object], api_slug: str, title: str, at: datetime) -> Self:
        """Add the event unless it is already on the lane."""
        subject_kind, subject_id = subject
        return cls.objects.get_or_create(
            kind=kind,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            api_slug=api_slug,
            defaults={"at": at, "title": title[:300]},
        )[0]
