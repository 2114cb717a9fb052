"""Filling an empty EdgeOps with the demo's world; run again, it puts back only what is missing."""

from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from edgeops.access import audit
from edgeops.access.models import User
from edgeops.demo import world
from edgeops.discovery import adopting
from edgeops.estate import snapshot, yaml_text
from edgeops.estate.document import ApiDoc, EstateDoc
from edgeops.estate.models import Account, EdgeApi

PEOPLE = ("admin", "operator", "viewer")
# An export of the estate as discovery finds it; a test holds the two together.
OPERATED = Path(__file__).with_name("operated.yaml")


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
    wanted, now = yaml_text.load(OPERATED.read_text(encoding="utf-8")), snapshot.current()
    accounts, apis = {one.name for one in now.accounts}, {one.slug: one for one in now.apis}
    missing = EstateDoc(
        accounts=tuple(one for one in wanted.accounts if one.name not in accounts),
        apis=tuple(_placed(apis.get(one.slug, one)) for one in wanted.apis),
    )
    adopting.adopt(missing, actor=audit.SYSTEM, now=timezone.now())
    return list(EdgeApi.objects.filter(slug__in=[api.slug for api in wanted.apis]).order_by("slug"))


def _placed(api: ApiDoc) -> ApiDoc:
    """Viewers ask the simulated edge, by Host header; the origin is local AWS's, for comparing ETags."""
    distribution = replace(
        api.distribution,
        viewer_base_url=f"http://127.0.0.1:{settings.EDGE_PORT}",
        origin_probe_url=f"http://127.0.0.1:{settings.LOCALAWS_PORT}/_origin/{api.slug}",
    )
    return replace(api, distribution=distribution)
