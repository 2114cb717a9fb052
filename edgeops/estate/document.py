"""The estate as one document: accounts, and APIs with the resources on their request path. Plain values, no rows.

Whatever changes the estate (the form, discovery, Terraform, YAML) says what it wants in this shape; one place compares
it with what is there, shows the difference, and applies it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDoc:
    """An AWS account; without a role, EdgeOps' own credentials reach it. The ExternalId is never in a document."""

    name: str
    aws_account_id: str
    region: str
    other_regions: tuple[str, ...] = ()
    role_arn: str = ""
    monthly_budget: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionDoc:
    """A CloudFront distribution; a person types its `name` to confirm an invalidation of it all."""

    aws_id: str
    name: str
    domain: str
    aliases: tuple[str, ...] = ()
    has_additional_metrics: bool = False
    viewer_base_url: str = ""
    viewer_host: str = ""
    origin_probe_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HopDoc:
    """One resource on the request path; `kind` is a HopKind, `position` its column, 0 at the viewer's side."""

    kind: str
    name: str
    region: str
    position: int
    dimensions: Mapping[str, str] = field(default_factory=dict)
    aws_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDoc:
    """An API behind a distribution; `account` is the account's name."""

    slug: str
    name: str
    account: str
    region: str
    distribution: DistributionDoc
    hops: tuple[HopDoc, ...]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateDoc:
    """Everything that is operated."""

    accounts: tuple[AccountDoc, ...] = ()
    apis: tuple[ApiDoc, ...] = ()
