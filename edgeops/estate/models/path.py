"""Accounts, distributions, the APIs behind them and the resources on their request path."""

import secrets
from typing import Self

from django.db import models
from django.db.models import Q

from edgeops.aws.clients import Access


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
