"""Series and their datapoints, who is interested in them, and the polls that fetch them."""

from datetime import UTC, datetime
from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.estate.fetches import Fetch, FetchQuerySet
from edgeops.estate.models import Account, EdgeApi, Hop


class SeriesQuerySet(models.QuerySet["Series"]):
    """Queries over series."""

    def being_read(self) -> Self:
        """Those nobody has stopped: the ones to poll and to show."""
        return self.filter(stopped_at=None)


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
    five_minutes_until = models.DateTimeField(null=True, help_text="5-minute datapoints are stored up to here.")
    hours_until = models.DateTimeField(null=True, help_text="1-hour datapoints are stored up to here.")
    trouble = models.CharField(
        max_length=20, blank=True, help_text="CloudWatch's word when it did not answer for this series completely."
    )
    trouble_since = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True, help_text="Not asked for before this: it was forbidden.")
    stopped_at = models.DateTimeField(
        null=True, help_text="Somebody had it read no more; what was read stays until retention."
    )

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "series"
        indexes = [
            models.Index(fields=["account", "region"], name="series_troubled", condition=~Q(trouble="")),  # health
        ]
        constraints = [
            # With the hop: two APIs behind one distribution each have their own series of it.
            models.UniqueConstraint(
                fields=["hop", "namespace", "metric", "statistic", "dimensions_key"], name="series_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.namespace} {self.metric} {self.statistic} {self.dimensions_key}"


class Datapoint(models.Model):
    """The value of a series in the bucket [at, at + period). A bucket without data has no row.

    Its start is a number because a page reads 50,000 of these, and parsing as many dates costs more than all the rest.
    PostgreSQL holds them in partitions, SQLite in the order of the key (see migration 0003), which serves all queries.
    """

    pk = models.CompositePrimaryKey("series_id", "period", "at")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="datapoints", db_index=False)
    period = models.PositiveIntegerField(help_text="Seconds.")
    at = models.BigIntegerField(help_text="Start of the bucket in epoch seconds.")
    value = models.FloatField()

    def __str__(self) -> str:
        return f"{self.series_id} {self.starts_at:%Y-%m-%d %H:%M} {self.value}"

    @property
    def starts_at(self) -> datetime:
        """The start of the bucket as a moment."""
        return datetime.fromtimestamp(self.at, UTC)


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


class Gap(models.Model):
    """Time of one series still to be read from CloudWatch's history; it is read in the background, newest first."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="gaps")
    period = models.PositiveIntegerField(help_text="Seconds.")
    start = models.DateTimeField()
    end = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "period", "start"], name="gap_once")]
        indexes = [models.Index(fields=["-end"], name="gap_newest")]  # planning

    def __str__(self) -> str:
        return f"{self.series_id} {self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} of {self.period} s"


class SettlingDelay(models.Model):
    """How late values of a namespace were seen to change on one day: what the settling delay is learned from."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="settling_delays")
    region = models.CharField(max_length=30)
    namespace = models.CharField(max_length=60)
    day = models.DateField()
    polls = models.PositiveIntegerField(default=0, help_text="Polls a minute apart that looked.")
    latest_seconds = models.PositiveIntegerField(default=0, help_text="The latest change seen after a bucket's end.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "namespace", "day"], name="settling_delay_once")
        ]

    def __str__(self) -> str:
        return f"{self.namespace} {self.day}: {self.latest_seconds} s"


class Cause(models.TextChoices):
    """Why metrics were requested: what a dollar was spent for."""

    PAGE = "page", "An open page"
    ALARM = "alarm", "An alarm"
    IDLE = "idle", "Nobody looked"
    LONG = "long", "5-minute and 1-hour values"
    HISTORY = "history", "Backfill"


class ApiUsage(models.Model):
    """Metrics requested for one API in one hour and for one cause: its share of the account's AWS bill."""

    api = models.ForeignKey(EdgeApi, on_delete=models.CASCADE, related_name="usage")
    hour = models.DateTimeField()
    cause = models.CharField(max_length=20, choices=Cause.choices)
    metrics = models.PositiveIntegerField(default=0)
    metrics_at_least = models.PositiveIntegerField(default=0, help_text="Five statistics of one metric counted as one.")
    polls = models.PositiveIntegerField(default=0, help_text="Slots in which any of them were requested.")
    last_slot = models.BigIntegerField(default=0, help_text="The newest of these slots, in epoch seconds.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api", "hour", "cause"], name="api_usage_once")]

    def __str__(self) -> str:
        return f"{self.api_id} {self.hour:%Y-%m-%d %H} {self.cause}: {self.metrics}"


class Lane(models.TextChoices):
    """How soon a series is polled."""

    WATCHED = "watched", "Every minute: an open page or an alarm wants it"
    SLOW = "slow", "Every 15 minutes: nobody is looking"
    BACKFILL = "backfill", "At once: never polled"
    LONG = "long", "5-minute and 1-hour values that only CloudWatch can compute"
    HISTORY = "history", "In the background: older values, newest first"


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
