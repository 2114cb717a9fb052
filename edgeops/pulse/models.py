"""Stamps of work done; liveness is work done, not an answered ping."""

from datetime import datetime
from typing import Self

from django.db import models


class Stamp(models.Model):
    """The last time a stage finished its work."""

    stage = models.CharField(max_length=60, primary_key=True)
    last_ok_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.stage} at {self.last_ok_at:%H:%M:%S}"

    @classmethod
    def put(cls, stage: str, now: datetime) -> Self:
        """Note that `stage` went well just now."""
        return cls.objects.update_or_create(stage=stage, defaults={"last_ok_at": now})[0]
