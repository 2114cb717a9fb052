"""Filling an empty EdgeOps with the demo's world; run again, it puts back only what is missing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from edgeops.access import audit
from edgeops.access.models import User
from edgeops.demo import world
from edgeops.discovery import adopting
from edgeops.estate import snapshot
from edgeops.estate.document import AccountDoc, ApiDoc, DistributionDoc, EstateDoc, HopDoc
from edgeops.estate.models import Account, EdgeApi

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


def estate() -> list[EdgeApi]:
    """The account, its three APIs, their hops and the series to poll; what people made of them since stays."""
    seed, known = world.read(), {api.slug: api for api in snapshot.current().apis}
    account = AccountDoc(
        name=seed["account"]["name"], aws_account_id=seed["account"]["id"], region=seed["account"]["region"]
    )
    is_known = Account.objects.filter(name=account.name).exists()
    wanted = EstateDoc(
        accounts=() if is_known else (account,),
        apis=tuple(_api(account, api, known.get(api["slug"])) for api in world.operated(seed)),
    )
    adopting.adopt(wanted, actor=audit.SYSTEM, now=timezone.now())
    return list(EdgeApi.objects.filter(slug__in=[api.slug for api in wanted.apis]).order_by("slug"))


def _api(account: AccountDoc, seed: Mapping[str, Any], known: ApiDoc | None) -> ApiDoc:
    if known is not None:
        return replace(known, distribution=_placed(known.distribution, seed["slug"]))
    return ApiDoc(
        slug=seed["slug"],
        name=seed["name"],
        description=seed["description"],
        account=account.name,
        region=account.region,
        distribution=_placed(_distribution(seed["slug"], seed["distribution"]), seed["slug"]),
        hops=tuple(
            HopDoc(
                kind=hop.kind,
                name=hop.name,
                region=hop.region or account.region,
                position=hop.position,
                dimensions=hop.dimensions,
            )
            for hop in world.hops(seed)
        ),
    )


def _distribution(slug: str, seed: Mapping[str, Any]) -> DistributionDoc:
    return DistributionDoc(
        aws_id=seed["id"],
        name=slug,
        domain=seed["domain"],
        aliases=(seed["alias"],),
        has_additional_metrics=seed["additional_metrics"],
        viewer_host=seed["alias"],
    )


def _placed(distribution: DistributionDoc, slug: str) -> DistributionDoc:
    """Viewers ask the simulated edge, by Host header; the origin is local AWS's, for comparing ETags."""
    return replace(
        distribution,
        viewer_base_url=f"http://127.0.0.1:{settings.EDGE_PORT}",
        origin_probe_url=f"http://127.0.0.1:{settings.LOCALAWS_PORT}/_origin/{slug}",
    )
