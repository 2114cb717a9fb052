"""Channels, which rules they serve, and the deliveries to them with every attempt."""

from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.alarms.models import AlarmRule, Transition
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
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)
    last_failure = models.CharField(max_length=300, blank=True)
    consecutive_failures = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

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

    def along(self, delivery: "Delivery") -> Self:
        """Deliveries of the same alarm on the same series to the same channel, which are told in order."""
        return self.filter(channel=delivery.channel_id, transition__alarm_series=delivery.transition.alarm_series_id)


class Delivery(WaitingRow):
    """One transition to one channel: the outbox and the log in one row."""

    transition = models.ForeignKey(Transition, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=20, help_text="state: a change of state was told")
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
        ]
        indexes = [
            models.Index(fields=["next_at"], name="delivery_waiting", condition=Q(next_at__isnull=False)),  # the sweep
            models.Index(fields=["channel", "-created_at"], name="delivery_channel"),  # a channel's log
        ]

    def __str__(self) -> str:
        return f"{self.transition_id} → {self.channel_id}: {self.state}"


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
