"""Filling an empty EdgeOps with the demo's world; run again, it puts back only what is missing."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group
from django.db import connection, transaction

from edgeops.access.models import User
from edgeops.demo import world
from edgeops.estate.models import Account, Distribution, EdgeApi, Hop
from edgeops.metrics import registry

PEOPLE = ("admin", "operator", "viewer")


def operates_other_accounts() -> bool:
    """Whether this database is somebody's own; asked before anything is migrated."""
    if Account._meta.db_table not in connection.introspection.table_names():  # noqa: SLF001 (public by Django's docs)
        return False
    return Account.objects.exclude(aws_account_id__in=world.account_ids()).exists()


def people(password: str) -> None:
    """One person for each role, all with the same password."""
    known = {user.username: user for user in User.objects.filter(username__in=PEOPLE)}
    # Hashing is slow on purpose; once is enough for three demo accounts that share a password anyway.
    hashes = {user.password for user in known.values()}
    fitting = next((hashed for hashed in hashes if check_password(password, hashed)), None)
    hashed = fitting or make_password(password)
    for name in PEOPLE:
        user = known.get(name) or User(username=name)
        if user.password != hashed:
            user.password = hashed
            user.save()
        user.groups.add(Group.objects.get(name=name))


@transaction.atomic
def estate() -> list[EdgeApi]:
    """The account, its three APIs, their hops and the series to poll."""
    seed = world.read()
    account, _ = Account.objects.update_or_create(
        name=seed["account"]["name"],
        defaults={"aws_account_id": seed["account"]["id"], "region": seed["account"]["region"]},
    )
    return [_api(account, api) for api in world.operated(seed)]


def _api(account: Account, seed: Mapping[str, Any]) -> EdgeApi:
    api, _ = EdgeApi.objects.update_or_create(
        slug=seed["slug"],
        defaults={
            "name": seed["name"],
            "description": seed["description"],
            "account": account,
            "region": account.region,
            "distribution": _distribution(account, seed["slug"], seed["distribution"]),
        },
    )
    for seeded in world.hops(seed):
        hop, _ = Hop.objects.update_or_create(
            api=api,
            kind=seeded.kind,
            name=seeded.name,
            defaults={
                "account": account,
                "region": seeded.region or account.region,
                "position": seeded.position,
                "dimensions": dict(seeded.dimensions),
            },
        )
        registry.ensure_series(hop)
    return api


def _distribution(account: Account, slug: str, seed: Mapping[str, Any]) -> Distribution:
    """Its viewers ask the simulated edge, by Host header; its origin is local AWS's, for comparing ETags."""
    distribution, _ = Distribution.objects.update_or_create(
        account=account,
        aws_id=seed["id"],
        defaults={
            "name": slug,
            "domain": seed["domain"],
            "aliases": [seed["alias"]],
            "has_additional_metrics": seed["additional_metrics"],
            "viewer_base_url": f"http://127.0.0.1:{settings.EDGE_PORT}",
            "viewer_host": seed["alias"],
            "origin_probe_url": f"http://127.0.0.1:{settings.LOCALAWS_PORT}/_origin/{slug}",
        },
    )
    return distribution
