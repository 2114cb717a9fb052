"""Endpoints with their secrets and rules, and every delivery they received."""

import secrets
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.estate.models import Distribution
from edgeops.waiting import WaitingQuerySet, WaitingRow


def new_key() -> str:
    """128 random bits naming an endpoint in its URL. Not the secret."""
    return secrets.token_urlsafe(16)


class Endpoint(models.Model):
    """A URL that a data owner posts to; what it may invalidate is bounded by its distribution and rules."""

    name = models.CharField(max_length=100, unique=True)
    key = models.CharField(max_length=40, unique=True, default=new_key)
    distribution = models.ForeignKey(Distribution, on_delete=models.PROTECT, related_name="endpoints")
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class EndpointSecretQuerySet(models.QuerySet["EndpointSecret"]):
    """Queries over secrets."""

    def live(self, now: datetime) -> Self:
        """Those that still verify a signature, newest first."""
        return self.filter(Q(not_after=None) | Q(not_after__gt=now)).order_by("-pk")


class EndpointSecret(models.Model):
    """A signing secret of an endpoint, encrypted at rest; more than one is live while a sender rotates."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="secrets")
    label = models.CharField(max_length=60)
    encrypted_secret = models.TextField()
    not_after = models.DateTimeField(null=True, blank=True)

    objects = EndpointSecretQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "label"], name="endpoint_secret_label")]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.label}"


class Rule(models.Model):
    """This event → these path templates. `{id}` is filled from the event's data, as one path segment."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=100)
    event_type = models.CharField(max_length=100, help_text="The body's `type`, exactly.")
    path_templates = models.JSONField(help_text="As /products/{id}.")
    is_enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "name"], name="rule_name")]

    def __str__(self) -> str:
        return self.name


class DeliveryVerdict(models.TextChoices):
    """What became of a delivery."""

    ACCEPTED = "accepted", "Accepted"
    PROCESSED = "processed", "Led to invalidations"
    IGNORED = "ignored", "No rule matched"
    RULE_ERROR = "rule_error", "A rule could not be applied"
    REJECTED = "rejected", "Refused"
    DEAD = "dead", "Given up"


class WebhookDeliveryQuerySet(WaitingQuerySet["WebhookDelivery"]):
    """Queries over deliveries."""

    def since(self, start: datetime) -> Self:
        """Received at `start` or later."""
        return self.filter(received_at__gte=start)

    def newest(self) -> Self:
        """For the event log: newest first, with their endpoint."""
        return self.select_related("endpoint").order_by("-received_at", "-pk")


class WebhookDelivery(WaitingRow):
    """One post to an endpoint, durable before the sender is told that it was accepted."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=200, null=True, help_text="The sender's id; empty for refused posts.")
    received_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True, blank=True)
    encrypted_body = models.TextField(help_text="Raw body, encrypted; kept 7 days.")
    body_digest = models.CharField(max_length=64)
    secret_label = models.CharField(max_length=60, blank=True, help_text="Which secret matched.")
    event_type = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=20, choices=DeliveryVerdict.choices, default=DeliveryVerdict.ACCEPTED)
    outcome = models.CharField(max_length=500, blank=True, help_text="In words, for the event log.")

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            # A replay inside the signature's time window meets this row.
            models.UniqueConstraint(fields=["endpoint", "message_id"], name="webhook_delivery_once"),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="webhook_waiting", condition=Q(next_at__isnull=False)),  # the sweep
            models.Index(fields=["-received_at"], name="webhook_newest"),  # the event log
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.message_id} {self.state}"
