"""Accounts, distributions, the APIs behind them and the resources on their request path."""

import secrets
from datetime import datetime, timedelta
from typing import Self

from django.db import connection, models
from django.db.models import Q

from edgeops.aws.clients import Access, Meter
from edgeops.aws.errors import AwsError, DeniedError
from edgeops.estate import breaker


def new_external_id() -> str:
    """An ExternalId nobody can guess: it proves to the account's role that EdgeOps asks on this account's behalf.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    """
    return f"edgeops-{secrets.token_hex(16)}"


class Account(models.Model):
    """An AWS account EdgeOps reads from and acts in."""

    name = models.SlugField(max_length=60, unique=True)
    aws_account_id = models.CharField(max_length=12)
    region = models.CharField(max_length=30, help_text="The region most of its resources are in.")
    other_regions = models.JSONField(default=list, help_text="Further regions in which resources are looked for.")
    role_arn = models.CharField(
        max_length=200, blank=True, help_text="The role EdgeOps assumes; empty: its own credentials reach the account."
    )
    external_id = models.CharField(
        max_length=64, unique=True, default=new_external_id, editable=False, help_text="Made by EdgeOps, never chosen."
    )
    monthly_budget = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True, help_text="Dollars for reading metrics; empty: no limit."
    )

    class Meta:
        constraints = [
            # One role for two accounts would read one of them under the other's name.
            models.UniqueConstraint(fields=["role_arn"], condition=~Q(role_arn=""), name="role_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def access(self) -> Access:
        """Whose rights calls into this account use."""
        return Access(self.role_arn, self.external_id) if self.role_arn else Access()

    @property
    def regions(self) -> list[str]:
        """Every region in which resources are looked for, the home region first."""
        return [self.region, *(region for region in self.other_regions if region != self.region)]


class Distribution(models.Model):
    """A CloudFront distribution: where invalidations go and where they are proven."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="distributions")
    region = models.CharField(max_length=30, default="us-east-1", help_text="CloudFront is read from us-east-1.")
    aws_id = models.CharField(max_length=40)
    name = models.CharField(max_length=100, help_text="Typed to confirm an invalidation of everything.")
    domain = models.CharField(max_length=255)
    aliases = models.JSONField(default=list)
    has_additional_metrics = models.BooleanField(default=False)
    viewer_base_url = models.URLField(blank=True, help_text="Where probes go; empty: https://<first alias or domain>.")
    viewer_host = models.CharField(max_length=255, blank=True, help_text="Host header of probes, when it differs.")
    origin_probe_url = models.URLField(blank=True, help_text="The origin, for comparing ETags; empty: not compared.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "aws_id"], name="distribution_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def viewer_url(self) -> str:
        """Base URL a viewer uses, without a trailing slash."""
        return (self.viewer_base_url or f"https://{self.host}").rstrip("/")

    @property
    def host(self) -> str:
        """The host name viewers ask for."""
        return self.viewer_host or (self.aliases[0] if self.aliases else self.domain)


class EdgeApi(models.Model):
    """An API behind CloudFront: the thing on call is about."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="apis")
    region = models.CharField(max_length=30)
    distribution = models.ForeignKey(Distribution, on_delete=models.PROTECT, related_name="apis")
    path_checked_at = models.DateTimeField(null=True, help_text="When discovery last compared the request path.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class HopKind(models.TextChoices):
    """The kinds of resource on a request path, outermost first."""

    CLOUDFRONT = "cloudfront", "CloudFront"
    REST_API = "rest_api", "API Gateway (REST)"
    HTTP_API = "http_api", "API Gateway (HTTP)"
    ALB = "alb", "Application Load Balancer"
    TARGET_GROUP = "target_group", "Target group"
    LAMBDA = "lambda", "Lambda"
    WAF = "waf", "AWS WAF web ACL"
    HEALTH_CHECK = "health_check", "Route 53 health check"
    EDGE_FUNCTION = "edge_function", "CloudFront function"
    S3 = "s3", "S3 bucket"
    CUSTOM_ORIGIN = "custom_origin", "Custom origin"


class HopQuerySet(models.QuerySet["Hop"]):
    """Queries over hops."""

    def on_path(self) -> Self:
        """Those on a request path now."""
        return self.filter(retired_at=None)

    def retired(self) -> Self:
        """Those that left their path, the latest first."""
        return self.exclude(retired_at=None).order_by("-retired_at", "-id")


class Hop(models.Model):
    """One resource on an API's request path, with the CloudWatch dimensions its metrics carry.

    One that left the path stays as a row: its series, their alarms and transitions are history.
    """

    api = models.ForeignKey(EdgeApi, on_delete=models.CASCADE, related_name="hops")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="hops")
    region = models.CharField(max_length=30)
    kind = models.CharField(max_length=20, choices=HopKind.choices)
    position = models.PositiveSmallIntegerField(help_text="Column on the request path, 0 at the viewer's side.")
    name = models.CharField(max_length=200)
    dimensions = models.JSONField(help_text="CloudWatch dimensions, name to value; empty: it has no metrics.")
    aws_id = models.CharField(max_length=300, blank=True, help_text="Its ARN or id, where AWS gives one.")
    details = models.JSONField(default=dict, help_text="What discovery learned beside the dimensions.")
    retired_at = models.DateTimeField(null=True, help_text="When it left the request path; empty: it is on it.")

    objects = HopQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            # AWS lets two APIs of one region have one name; then their ids differ.
            models.UniqueConstraint(
                fields=["api", "kind", "region", "name", "aws_id"],
                condition=Q(retired_at=None),
                name="hop_on_path_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"


class AccessState(models.TextChoices):
    """How reading one AWS service is going; a separate axis from what the data says."""

    FRESH = "FRESH", "Fresh"
    PARTIAL = "PARTIAL", "Partial"
    FETCH_FAILED = "FETCH_FAILED", "Fetch failed"
    FORBIDDEN = "FORBIDDEN", "Forbidden"


class AccountHealthQuerySet(models.QuerySet["AccountHealth"]):
    """Queries over how reading goes."""

    def troubled(self) -> Self:
        """What does not read as it should, with its account."""
        return self.exclude(state=AccessState.FRESH).select_related("account")

    def untroubled(self) -> Self:
        """What reads as it should and is not held back in any way."""
        return self.filter(state=AccessState.FRESH, message="", failures=0, blocked_until=None, max_queries=None)

    def marks(self) -> list[tuple[str, str]]:
        """All that can change in what a page says of trouble, for its ETag."""
        return list(self.order_by("pk").values_list("state", "message"))


class AccountHealth(models.Model):
    """Whether calls to one service of one account and region succeed, and what AWS said when they did not."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="health")
    region = models.CharField(max_length=30)
    service = models.CharField(max_length=30)
    state = models.CharField(max_length=20, choices=AccessState.choices)
    message = models.TextField(blank=True, help_text="What happened, what it means and what to do.")
    since = models.DateTimeField()
    last_ok_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="Failed calls in a row.")
    blocked_until = models.DateTimeField(null=True, help_text="The breaker is open: nothing is asked before this.")
    max_queries = models.PositiveSmallIntegerField(null=True, help_text="Smaller requests after throttling.")

    objects = AccountHealthQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "service"], name="health_once")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.region} {self.service}: {self.state}"

    @classmethod
    def note(
        cls, account: Account, region: str, service: str, state: AccessState, *, message: str = "", now: datetime
    ) -> None:
        """Record that the latest call was answered, and how; that closes the breaker."""
        same = cls.objects.filter(account=account, region=region, service=service)
        if state == AccessState.FRESH and not message and same.untroubled().update(last_ok_at=now):
            return  # as nearly every time
        row, _ = cls.objects.get_or_create(
            account=account, region=region, service=service, defaults={"state": state, "since": now}
        )
        row.failures, row.blocked_until = 0, None
        row.max_queries = breaker.larger(row.max_queries)
        row.state_as(state, message, now)

    @classmethod
    def note_failure(
        cls, account: Account, region: str, service: str, error: AwsError, *, now: datetime
    ) -> "AccountHealth":
        """Record that the latest call failed, and what AWS said; after five failures in a row less is asked."""
        state = AccessState.FORBIDDEN if isinstance(error, DeniedError) else AccessState.FETCH_FAILED
        row, _ = cls.objects.get_or_create(
            account=account, region=region, service=service, defaults={"state": state, "since": now}
        )
        row.failures += 1
        row.max_queries = breaker.smaller(row.max_queries, error)
        pause = breaker.pause(row.failures, error)
        row.blocked_until = None if pause is None else now + pause
        row.state_as(state, f"{error}{_words(row.failures, pause)}", now)
        return row

    def state_as(self, state: AccessState, message: str, now: datetime) -> None:
        """Write how it goes; `since` moves only when the state changes."""
        if self.state != state:
            self.state, self.since = state, now
        self.message = message
        if state == AccessState.FRESH:
            self.last_ok_at = now
        self.save()

    @classmethod
    def held_until(cls, account_id: int, region: str, service: str, now: datetime) -> datetime | None:
        """None: ask. Otherwise when to come back; of several who come once the pause is over, one may ask."""
        health = cls.objects.filter(account=account_id, region=region, service=service)
        until: datetime | None = health.values_list("blocked_until", flat=True).first()
        if until is None or until > now:
            return until
        probe_until = now + breaker.PROBE_EVERY
        return None if health.filter(blocked_until=until).update(blocked_until=probe_until) else probe_until


def _words(failures: int, pause: timedelta | None) -> str:
    if pause is None:
        return ""
    return f" After {failures} failures in a row EdgeOps asks once in {pause.total_seconds() / 60:.0f} min."


ADD_USAGE = """
INSERT INTO estate_awsusage (account_id, region, service, operation, hour, calls, units, units_at_least)
SELECT id, %s, %s, %s, %s, 1, %s, %s FROM estate_account WHERE id = %s
ON CONFLICT (account_id, region, service, operation, hour) DO UPDATE SET
    calls = estate_awsusage.calls + 1,
    units = estate_awsusage.units + excluded.units,
    units_at_least = estate_awsusage.units_at_least + excluded.units_at_least
"""


class AwsUsage(models.Model):
    """Calls made and metrics requested, per hour: what EdgeOps itself costs on the AWS bill."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="usage")
    region = models.CharField(max_length=30)
    service = models.CharField(max_length=30)
    operation = models.CharField(max_length=60)
    hour = models.DateTimeField()
    calls = models.PositiveIntegerField(default=0)
    units = models.PositiveIntegerField(default=0, help_text="Billed units, as metrics requested or paths.")
    units_at_least = models.PositiveIntegerField(default=0, help_text="Where the price list can be read in two ways.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "service", "operation", "hour"], name="usage_once")
        ]

    def __str__(self) -> str:
        return f"{self.service}.{self.operation} {self.hour:%Y-%m-%d %H}: {self.calls}"

    @classmethod
    def meter(cls, account: Account, region: str, now: datetime) -> Meter:
        """What counts every request of a gateway on the hour of `now`."""

        def meter(service: str, operation: str, units: int, at_least: int | None = None) -> None:
            cls.count(account, region, service, operation, units=units, at_least=at_least, now=now)

        return meter

    @classmethod
    def count(
        cls,
        account: Account,
        region: str,
        service: str,
        operation: str,
        *,
        units: int,
        at_least: int | None = None,
        now: datetime,
    ) -> None:
        """Add one call and its units to the hour's row; safe under any number of workers.

        An account that was removed meanwhile has no bill any more.
        """
        hour = connection.ops.adapt_datetimefield_value(now.replace(minute=0, second=0, microsecond=0))
        low = units if at_least is None else at_least
        with connection.cursor() as cursor:
            cursor.execute(ADD_USAGE, [region, service, operation, hour, units, low, account.pk])
