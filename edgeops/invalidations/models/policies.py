"""What a distribution's invalidations follow: its policy, and what suspends them."""

from datetime import datetime
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from edgeops.estate.models import Distribution


class Policy(models.Model):
    """How one distribution's invalidations are gathered, limited and proven; without a row it follows the defaults."""

    distribution = models.OneToOneField(Distribution, on_delete=models.CASCADE, related_name="policy")
    quiet_seconds = models.PositiveSmallIntegerField(
        default=2, validators=[MaxValueValidator(60)], help_text="A window closes after so long without a request."
    )
    window_seconds = models.PositiveSmallIntegerField(
        default=10, validators=[MaxValueValidator(300)], help_text="It closes after so long in any case."
    )
    ceilings = models.JSONField(
        default=list,
        blank=True,
        help_text="The widest wildcards an operator or a webhook may ask for; empty: any but /*.",
    )
    collapse_threshold = models.PositiveSmallIntegerField(
        default=50,
        validators=[MinValueValidator(2)],
        help_text="So many paths of one directory become its wildcard, where a ceiling allows that.",
    )
    protected = models.JSONField(
        default=list, blank=True, help_text="Paths or wildcards that no collapsed wildcard touches."
    )
    max_items = models.PositiveIntegerField(null=True, blank=True, help_text="Items in one request; empty: no limit.")
    asks_approval = models.BooleanField(
        default=False,
        help_text="A second person approves /*, what exceeds a ceiling or max_items, and what reaches a protected "
        "pattern. Off: admins may, others may not.",
    )
    probes = models.PositiveSmallIntegerField(
        default=5, validators=[MaxValueValidator(20)], help_text="URLs asked for after completion; 0: none."
    )
    double_tap_seconds = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(10), MaxValueValidator(60)],
        help_text="Invalidate once more after so long, for origins that settle late; empty: never.",
    )
    warm_urls = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(50)], help_text="The most wanted URLs to fetch again afterwards."
    )
    breaker_per_minute = models.PositiveIntegerField(
        default=1_000,
        null=True,
        blank=True,
        help_text="A source that asks for more distinct items a minute is paused until a person decides; empty: never.",
    )

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return f"policy of {self.distribution}"

    @classmethod
    def of(cls, distribution: Distribution) -> "Policy":
        """The stored policy, or the defaults."""
        return cls.objects.filter(distribution=distribution).first() or cls(distribution=distribution)


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    """Queries over suspensions."""

    def active(self, now: datetime) -> Self:
        """What holds requests now."""
        return self.filter(lifted_at=None).filter(Q(until=None) | Q(until__gt=now))

    def of_all(self, distribution: Distribution) -> Self:
        """What holds, or held, everything of a distribution."""
        return self.filter(distribution=distribution, lane="")


class Suspension(models.Model):
    """Nothing of a distribution, or of one source there, is sent until it is lifted or its time is over."""

    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE, related_name="suspensions")
    lane = models.CharField(max_length=220, blank=True, help_text="The one source that is paused; empty: all.")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, help_text="Empty: until somebody lifts it.")
    by = models.CharField(max_length=200)
    reason = models.CharField(max_length=500)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=200, blank=True)

    objects = SuspensionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["distribution", "lane"], condition=Q(lifted_at=None), name="suspension_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.distribution_id} {self.lane or 'all'} since {self.since:%Y-%m-%d %H:%M}"

    @property
    def words(self) -> str:
        """What is told to whoever waits."""
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        return f"Held since {self.since:%Y-%m-%d %H:%M} UTC{until} by {self.by}: {self.reason}"[:500]

    @property
    def ends_at(self) -> datetime | None:
        """When it was lifted, or when its time is or was over; None until either is known."""
        return min((end for end in (self.lifted_at, self.until) if end is not None), default=None)

    def holds(self, lane: str) -> bool:
        """Whether it holds what comes through a lane."""
        return self.lane in ("", lane)
