"""Channels, what they are told of, and the deliveries to them with every attempt."""

from typing import Self

from django.db import models
from django.db.models import Prefetch, Q

from edgeops.alarms.models import AlarmRule, Transition
from edgeops.timeline.models import Failure
from edgeops.waiting import WaitingQuerySet, WaitingRow


class Transport(models.TextChoices):
    """How a channel reaches somebody; one file each in `transports`."""

    EMAIL = "email", "Email"
    WEBHOOK = "webhook", "Signed webhook"


class Channel(models.Model):
    """Where notifications go. The secret is stored encrypted and never shown again."""

    name = models.CharField(max_length=100, unique=True)
    transport = models.CharField(max_length=20, choices=Transport.choices)
    address = models.CharField(max_length=500, help_text="Mail addresses separated by commas, or the URL to post to.")
    encrypted_secret = models.TextField(blank=True, help_text="Signing secret of a webhook, encrypted at rest.")
    is_enabled = models.BooleanField(default=True)
    hears_failures_since = models.DateTimeField(
        null=True, blank=True, help_text="It is told of what EdgeOps itself fails at from then on; empty: it is not."
    )
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)
    last_failure = models.CharField(max_length=300, blank=True)
    consecutive_failures = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def hears_failures(self) -> bool:
        """Whether it is told of what EdgeOps itself fails at."""
        return self.hears_failures_since is not None

    @property
    def state(self) -> tuple[str, str]:
        """How it is doing: the key of its shape, and the word."""
        if not self.is_enabled:
            return "disabled", "Disabled"
        if self.consecutive_failures:
            return "failed", "Failing"
        return ("ok", "Working") if self.last_success_at else ("unused", "Not used yet")


class Route(models.Model):
    """Transitions of this rule go to this channel."""

    rule = models.ForeignKey(AlarmRule, on_delete=models.CASCADE, related_name="routes")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="routes")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "channel"], name="route_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} → {self.channel_id}"


class DeliveryState(models.TextChoices):
    """Where a delivery stands. A lease, not a state, says that somebody is sending it now."""

    PENDING = "pending", "Waiting to be sent"
    RETRY = "retry", "Waiting to retry"
    ACCEPTED = "accepted", "Accepted (202)"
    DELIVERED = "delivered", "Delivered"
    DEAD = "dead", "Given up"
    SUPERSEDED = "superseded", "Overtaken by a later state"
    SUPPRESSED = "suppressed", "Not sent"


class DeliveryQuerySet(WaitingQuerySet["Delivery"]):
    """Queries over deliveries."""

    def waiting(self) -> Self:
        """Deliveries whose sending has not ended."""
        return self.filter(next_at__isnull=False)

    def with_attempts(self) -> Self:
        """With the channel and every attempt, in the order they were written."""
        attempts = Prefetch("tries", DeliveryAttempt.objects.order_by("pk"))
        return self.select_related("channel").prefetch_related(attempts).order_by("pk")

    def before(self, delivery: "Delivery") -> Self:
        """Earlier deliveries of the same alarm on the same series, or of the same failure, to the same channel."""
        same = self.filter(channel=delivery.channel_id)
        if delivery.transition is None:
            return same.filter(failure=delivery.failure_id, times__lt=delivery.times)
        transition = delivery.transition
        return same.filter(transition__alarm_series=transition.alarm_series_id, transition__seq__lt=transition.seq)


class Delivery(WaitingRow):
    """One transition, or one of EdgeOps' own failures, to one channel: the outbox and the log in one row."""

    transition = models.ForeignKey(Transition, on_delete=models.CASCADE, null=True, related_name="deliveries")
    failure = models.ForeignKey(Failure, on_delete=models.CASCADE, null=True, related_name="deliveries")
    times = models.PositiveIntegerField(null=True, help_text="How often the failure had happened by then.")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=20, help_text="state: a change of state; failure: one of EdgeOps' own")
    ordinal = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=20, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was or was not sent.")
    message_id = models.UUIDField(unique=True, help_text="Stable over every attempt, so a receiver can tell a repeat.")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["transition", "channel", "kind", "ordinal"], name="delivery_once"),
            # A failure is told again only when it has happened more often since.
            models.UniqueConstraint(fields=["failure", "channel", "times"], name="delivery_of_failure_once"),
            models.CheckConstraint(
                condition=Q(transition__isnull=False, failure=None, times=None)
                | Q(transition=None, failure__isnull=False, times__isnull=False),
                name="delivery_of_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="delivery_waiting", condition=Q(next_at__isnull=False)),  # the sweep
            models.Index(fields=["channel", "-created_at"], name="delivery_channel"),  # a channel's log
        ]

    def __str__(self) -> str:
        what = f"failure {self.failure_id}" if self.transition_id is None else f"transition {self.transition_id}"
        return f"{what} → {self.channel_id}: {self.state}"


class DeliveryAttempt(models.Model):
    """One try at sending. Rows are only ever added."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    started_at = models.DateTimeField()
    duration_seconds = models.FloatField()
    outcome = models.CharField(max_length=20, help_text="delivered, accepted, temporary or permanent")
    detail = models.CharField(
        max_length=300, blank=True, help_text="Status code or kind of error; never a response body."
    )

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.outcome}"
