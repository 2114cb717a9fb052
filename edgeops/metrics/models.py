"""Series and their datapoints, who is interested in them, and the polls that fetch them."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.estate.fetches import Fetch, FetchQuerySet
from edgeops.estate.models import Account, EdgeApi, Hop


class Series(models.Model):
    """The datapoints of one metric and statistic of one resource."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="series")
    region = models.CharField(max_length=30)
    hop = models.ForeignKey(Hop, on_delete=models.CASCADE, related_name="series")
    namespace = models.CharField(max_length=60)
    metric = models.CharField(max_length=80)
    statistic = models.CharField(max_length=20)
    dimensions = models.JSONField()
    dimensions_key = models.CharField(max_length=400, help_text="The dimensions as sorted text, for uniqueness.")
    first_datapoint_at = models.DateTimeField(null=True, help_text="Start of the oldest bucket seen and still kept.")
    data_until = models.DateTimeField(null=True, help_text="End of the newest bucket stored.")
    settled_until = models.DateTimeField(null=True, help_text="Before this, values no longer change.")
    polled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            # With the hop: two APIs behind one distribution each have their own series of it.
            models.UniqueConstraint(
                fields=["hop", "namespace", "metric", "statistic", "dimensions_key"], name="series_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.namespace} {self.metric} {self.statistic} {self.dimensions_key}"


class Datapoint(models.Model):
    """The value of a series in the bucket [at, at + period). A bucket without data has no row."""

    pk = models.CompositePrimaryKey("series_id", "period", "at")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="datapoints", db_index=False)
    period = models.PositiveIntegerField(help_text="Seconds.")
    at = models.DateTimeField()
    value = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="datapoint_age")]  # retention, in small batches

    def __str__(self) -> str:
        return f"{self.series_id} {self.at:%Y-%m-%d %H:%M} {self.value}"


class Lease(models.Model):
    """An open page: while it lives, the series the page shows are polled every minute."""

    key = models.CharField(max_length=100, unique=True, help_text="overview, or api:<slug>")
    api = models.ForeignKey(
        EdgeApi, on_delete=models.CASCADE, null=True, blank=True, help_text="Empty: every API's headline series."
    )
    renewed_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} until {self.expires_at:%H:%M:%S}"


class Interest(models.Model):
    """A permanent wish for a series at one-minute freshness, written by an upper noun such as an alarm."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="interests")
    holder_kind = models.CharField(max_length=40)
    holder_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "holder_kind", "holder_id"], name="interest_once"),
        ]

    def __str__(self) -> str:
        return f"{self.holder_kind}:{self.holder_id} in {self.series_id}"


class Lane(models.TextChoices):
    """How soon a series is polled."""

    WATCHED = "watched", "Every minute: an open page or an alarm wants it"
    SLOW = "slow", "Every 15 minutes: nobody is looking"
    BACKFILL = "backfill", "At once: never polled"


class PollBatchQuerySet(FetchQuerySet["PollBatch"]):
    """Queries over polls."""

    def finished_before(self, moment: datetime) -> Self:
        """Batches that ended and whose slot is older than `moment`."""
        return self.filter(next_at=None, slot_at__lt=moment)


class PollBatch(Fetch):
    """One GetMetricData request: up to 500 series of one account, region and period."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="poll_batches")
    region = models.CharField(max_length=30)
    period = models.PositiveIntegerField()
    lane = models.CharField(max_length=20, choices=Lane.choices)
    slot_at = models.DateTimeField(help_text="The tick that planned it.")
    ordinal = models.PositiveSmallIntegerField()
    series_ids = models.JSONField()
    start = models.DateTimeField()
    end = models.DateTimeField()

    objects = PollBatchQuerySet.as_manager()

    class Meta:
        constraints = [
            # Two beats, or one tick delivered twice, plan the same batch once.
            models.UniqueConstraint(
                fields=["account", "region", "period", "lane", "slot_at", "ordinal"], name="poll_batch_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_at"], name="poll_batch_waiting", condition=Q(next_at__isnull=False)
            ),  # the sweep
            models.Index(fields=["slot_at"], name="poll_batch_age"),  # tidying
        ]

    def __str__(self) -> str:
        return f"{self.lane} {self.slot_at:%H:%M} #{self.ordinal} {self.state}"
