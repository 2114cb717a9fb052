"""What an account has spent on invalidations this month, and what it may ask of CloudFront just now."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from edgeops.estate.models import Account
from edgeops.invalidations import ledger, quota
from edgeops.invalidations.models import Batch, CostMonth, ItemKind, QuotaProfile, Request
from edgeops.invalidations.models.batches import IN_FLIGHT


@dataclass(frozen=True)
class Purse:
    """One account's month, and its tokens; None: that bound is switched off."""

    account: Account
    items: int
    free_left: int
    dollars: Decimal
    paths_in_flight: int
    wildcards_in_flight: int
    wildcards_left: int | None
    free_at: datetime | None
    """When the next call of one path may leave; None: now."""


def of_accounts(now: datetime) -> list[Purse]:
    """Every account with distributions, in four queries."""
    accounts = Account.objects.filter(distributions__isnull=False).order_by("name").distinct()
    months = CostMonth.objects.filter(month=ledger.month_of(now)).values_list("account", "items")
    used = dict(months)
    profiles = {profile.account_id: profile for profile in QuotaProfile.objects.all()}
    in_flight = {
        account: (paths or 0, wildcards or 0)
        for account, paths, wildcards in Batch.objects.filter(state__in=IN_FLIGHT)
        .values_list("distribution__account")
        .annotate(paths=Sum("paths_count"), wildcards=Sum("wildcards_count"))
        .order_by()
    }
    return [
        _purse(
            account,
            used.get(account.pk, 0),
            in_flight.get(account.pk, (0, 0)),
            profiles.get(account.pk) or QuotaProfile(account=account),
            now,
        )
        for account in accounts
    ]


def in_the_way(request: Request) -> str:
    """What keeps a queued request from its turn: all that may be in progress is; nothing where its turn just comes."""
    profile = QuotaProfile.of(request.distribution.account)
    here = Batch.objects.filter(distribution=request.distribution).in_flight()["paths"]
    everywhere = Batch.objects.filter(distribution__account=request.distribution.account_id).in_flight()["wildcards"]
    wildcards = request.items.filter(batch=None, kind=ItemKind.WILDCARD)
    paths = request.items.filter(batch=None).exclude(kind=ItemKind.WILDCARD)
    full = []
    if quota.left(profile.inflight_wildcards, profile.headroom, everywhere) <= 0 and wildcards.exists():
        full.append(f"{everywhere:,} wildcards of the account")
    if quota.left(profile.inflight_paths, profile.headroom, here) <= 0 and paths.exists():
        full.append(f"{here:,} paths of the distribution")
    return f"{' and '.join(full)} are in progress, all its quotas allow; it is sent as those end." if full else ""


def _purse(account: Account, items: int, in_flight: tuple[int, int], profile: QuotaProfile, now: datetime) -> Purse:
    paths, wildcards = in_flight
    bound = profile.inflight_wildcards
    free_at = quota.free_at(profile, items=1)
    return Purse(
        account=account,
        items=items,
        free_left=ledger.free_left(items),
        dollars=ledger.price(0, items),
        paths_in_flight=paths,
        wildcards_in_flight=wildcards,
        wildcards_left=None if bound is None else max(0, quota.left(bound, profile.headroom, wildcards)),
        free_at=free_at if free_at is not None and free_at > now else None,
    )
