"""Endpoints with their secrets and rules, and every delivery they received."""

import secrets
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.estate.models import Distribution
from edgeops.invalidations.models import Place, Tenant
from edgeops.waiting import WaitingQuerySet, WaitingRow, backoff_seconds

# Bodies up to the first unless an endpoint says otherwise, and never more than the second.
MAX_BYTES, MOST_BYTES = 1024 * 1024, 25 * 1024 * 1024
FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 5, 300


def new_key() -> str:
    """128 random bits naming an endpoint in its URL. Not the secret."""
    return secrets.token_urlsafe(16)


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    """Queries over endpoints."""

    def existing(self) -> Self:
        """Those nobody has deleted."""
        return self.filter(deleted_at=None)


class Endpoint(models.Model):
    """A URL that a data owner posts to; what it may invalidate is bounded by its distribution or tenant, and rules."""

    name = models.CharField(max_length=100)
    key = models.CharField(max_length=40, unique=True, default=new_key)
    distribution = models.ForeignKey(Distribution, on_delete=models.PROTECT, related_name="endpoints")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, related_name="endpoints", help_text="The one its events are about."
    )
    scheme = models.CharField(max_length=20, default="standard", help_text="How posts are proven; never guessed.")
    config = models.JSONField(default=dict, help_text="The scheme's settings.")
    tolerance_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="How far a signed time may be from now; empty: as the scheme says."
    )
    max_bytes = models.PositiveIntegerField(default=MAX_BYTES)
    pins = models.JSONField(default=list, help_text="What of an event has to be one of which values.")
    replay_budget = models.PositiveIntegerField(
        default=20, help_text="How often an hour a body may come again that was invalidated for already."
    )
    # A storm is 10,000 posts in a minute; what is above this is more likely a loop.
    max_per_minute = models.PositiveIntegerField(default=12_000)
    max_per_minute_and_address = models.PositiveIntegerField(default=12_000)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, help_text="Deleted on purpose: posts are answered 410.")

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            # A deleted one frees its name.
            models.UniqueConstraint(fields=["name"], name="endpoint_name", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        """What its events invalidate."""
        return self.tenant or self.distribution


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


class RuleQuerySet(models.QuerySet["Rule"]):
    """Queries over rules."""

    def existing(self) -> Self:
        """Those nobody has deleted, with the version that holds now, oldest first."""
        return self.filter(deleted_at=None).select_related("current").order_by("pk")


class Rule(models.Model):
    """What an endpoint's events invalidate; the definition that holds now is its newest version."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=100)
    is_enabled = models.BooleanField(default=True)
    current = models.ForeignKey("RuleVersion", on_delete=models.RESTRICT, null=True, related_name="+")
    deleted_at = models.DateTimeField(null=True)

    objects = RuleQuerySet.as_manager()

    class Meta:
        constraints = [
            # A deleted one frees its name.
            models.UniqueConstraint(fields=["endpoint", "name"], name="rule_name", condition=Q(deleted_at=None)),
        ]

    def __str__(self) -> str:
        return self.name


class RuleVersion(models.Model):
    """A rule as somebody saved it. Rows are only ever added: an invalidation names the one that made it."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField(help_text="As edgeops.webhooks.definitions.Definition.")
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="rule_version_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} v{self.number}"


class DeliveryVerdict(models.TextChoices):
    """What became of a delivery."""

    ACCEPTED = "accepted", "Accepted"
    PROCESSED = "processed", "Led to invalidations"
    IGNORED = "ignored", "No rule matched"
    RULE_ERROR = "rule_error", "A rule could not be applied"
    REJECTED = "rejected", "Refused"
    MISMATCHED = "mismatched", "Not what the endpoint is pinned to"
    JOINED = "joined", "Joined an earlier one"
    REPEATED = "repeated", "Sent again too often"
    CONTROL = "control", "About the connection"
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

    # Of its indexes below several begin with the endpoint.
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    message_id = models.CharField(max_length=200, null=True, help_text="The sender's id; empty for refused posts.")
    received_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True, blank=True)
    scheme = models.CharField(max_length=20, default="standard")
    headers = models.JSONField(default=dict, help_text="In lower case; what could be a secret is masked.")
    encrypted_body = models.TextField(help_text="Raw body, encrypted; kept 7 days.")
    body_digest = models.CharField(max_length=64)
    body_bytes = models.PositiveIntegerField(default=0)
    is_id_signed = models.BooleanField(default=True)
    is_control = models.BooleanField(default=False, help_text="About the connection, as a ping; no rule is run.")
    secret_label = models.CharField(max_length=60, blank=True, help_text="Which secret matched.")
    event_type = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=20, choices=DeliveryVerdict.choices, default=DeliveryVerdict.ACCEPTED)
    outcome = models.CharField(max_length=500, blank=True, help_text="In words, for the event log.")
    same_as = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="+", help_text="An earlier one with the same body."
    )
    runs = models.JSONField(default=list, help_text="Each run of the rules: when, how long, by whom, what came of it.")
    reruns = models.PositiveIntegerField(default=0, help_text="How often somebody had the rules run once more.")
    rerun_by = models.CharField(max_length=200, blank=True, help_text="Who asked for the newest run; empty: the post.")

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
            models.Index(fields=["endpoint", "-received_at"], name="webhook_narrowed"),  # the log of one endpoint
            models.Index(fields=["state", "-received_at"], name="webhook_by_state"),  # what failed, the dead letters
            models.Index(fields=["endpoint", "body_digest"], name="webhook_same_body"),  # bodies sent again
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.message_id} {self.state}"

    def try_again(self, why: str, *, now: datetime, at_least: float = 0) -> None:
        """Give the lease back and wait for another turn, longer after each, and so many seconds at least."""
        wait = backoff_seconds(self.attempts, first=FIRST_BACKOFF_SECONDS, cap=MAX_BACKOFF_SECONDS)
        wait = max(wait, at_least)
        self.finish(next_at=now + timedelta(seconds=wait), last_error=why)


class RefusalCount(models.Model):
    """How many posts an endpoint turned away in an hour, by reason; the posts themselves are not kept."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="refusals")
    hour = models.DateTimeField()
    reason = models.CharField(max_length=30)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "hour", "reason"], name="refusal_once")]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.hour:%Y-%m-%d %H}: {self.count} {self.reason}"


class SigningCertificate(models.Model):
    """A certificate AWS signs SNS messages with, as fetched; or why it could not be."""

    url = models.URLField(max_length=300, unique=True)
    pem = models.TextField(blank=True)
    problem = models.CharField(max_length=300, blank=True)
    is_refused = models.BooleanField(default=False, help_text="What came is no certificate; asking again is no use.")
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.url
