"""Taking a wanted estate into the rows: what it would change is told first, then all of it is done or nothing.

One way in for everything that wants an estate: a form, discovery, Terraform, YAML. A changed path is an event on its
API's timeline, never a silent edit.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Count, ProtectedError

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.discovery import walking
from edgeops.discovery.walking import Walk
from edgeops.estate import accounts, comparing, plain, snapshot, turns
from edgeops.estate.accounts import SHARED_ROLE, EstateError
from edgeops.estate.comparing import Difference, Kind, What
from edgeops.estate.document import ApiDoc, EstateDoc
from edgeops.estate.models import Account, Distribution, EdgeApi
from edgeops.metrics import paths
from edgeops.metrics.models import Interest, Series
from edgeops.timeline.models import Event

MAX_REMOVED = 10
"""APIs removed at once: the history of one takes seconds to delete, in which nobody else can write to SQLite."""
OVERTAKEN = (
    "Somebody has changed the estate since this was shown, so nothing was changed. Look at what it would change now, "
    "then confirm again."
)
WATCHED = (
    "API {name} is watched by {holders}. Disable or delete what watches it first: whoever relies on it must not lose "
    "it in silence."
)
SAME_NAME = (
    "An API is called {name} already: {slug}. Give {wanted} another name, or nobody can tell the two apart in an alert."
)
TOO_MANY = "{count} APIs would be removed at once; {most} are the most. Remove them in several steps."
GONE_WITH_IT = "With it go its {count} series, and the history of its metrics, alarms and traces."


@dataclass(frozen=True, slots=True)
class Preview:
    """What a document would change, and what tells whether the estate is still the one it was compared with."""

    differences: list[Difference]
    fingerprint: str


def preview(wanted: EstateDoc, *, remove_missing: bool = False) -> Preview:
    """What `adopt` would do, without doing it; raises EstateError or DocumentError as it would."""
    now = snapshot.current()
    return Preview(_Plan.of(now, wanted, remove_missing=remove_missing).differences, plain.fingerprint(now))


def adopt(
    wanted: EstateDoc,
    *,
    actor: Actor,
    now: datetime,
    remove_missing: bool = False,
    compared_with: str | None = None,
) -> list[Difference]:
    """Make the estate be as the document says, and return what that changed; doing it twice changes nothing.

    What the document leaves out stays, unless `remove_missing`: then its APIs go with their series, history, alarms and
    traces, and its accounts with them. An API that an enabled alarm watches is not removed: somebody relies on being
    told, so the alarm is disabled or deleted first. A distribution stays while invalidations or webhooks name it.
    `compared_with` is the fingerprint of the preview a person confirmed. Raises EstateError in words, or DocumentError;
    then nothing is changed.
    """
    with turns.taken():
        before = snapshot.current()
        _refuse_overtaken(compared_with, before)
        plan = _Plan.of(before, wanted, remove_missing=remove_missing)
        # Who gives a role up goes before who takes it over.
        for account in sorted(plan.wanted.accounts, key=lambda one: one.role_arn != ""):
            accounts.put(account, actor=actor, now=now)
        for walk in plan.walks:
            _put(walk, actor, now)
        for gone in plan.removed:
            _remove(gone, actor, now)
    return plan.differences


def adopt_api(wanted: ApiDoc, *, actor: Actor, now: datetime, compared_with: str | None = None) -> EdgeApi:
    """Make one API be as the document says; its account is there already. Doing it twice changes nothing.

    `compared_with` is `plain.fingerprint` of what a person saw the API to be, None for an API that was not there.
    Raises EstateError in words, or DocumentError; then nothing is changed.
    """
    with turns.taken():
        known = list(Account.objects.values_list("name", flat=True))
        [walk] = _walks(plain.check(EstateDoc(apis=(wanted,)), known_accounts=known).apis)
        _refuse_overtaken(compared_with, walk.before)
        _refuse_known_names([walk], gone=[])
        return _put(walk, actor, now)


def removal(api: EdgeApi) -> Difference:
    """What removing one API would take with it; raises EstateError while an enabled alarm watches it."""
    doc = snapshot.api_doc(api)
    [gone] = [one for one in comparing.compare(EstateDoc(apis=(doc,)), EstateDoc()) if one.what == What.API]
    return _removable([gone])[0]


def remove_api(api: EdgeApi, *, actor: Actor, now: datetime) -> None:
    """Forget one API with its series, history, alarms and traces; raises EstateError as `removal` does.

    Its distribution stays while another API is behind it, or invalidations or webhooks name it.
    """
    with turns.taken():
        _remove(removal(api), actor, now)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A checked document with everything it changes."""

    wanted: EstateDoc
    accounts: list[Difference]
    walks: list[Walk]
    removed: list[Difference]

    @classmethod
    def of(cls, now: EstateDoc, wanted: EstateDoc, *, remove_missing: bool) -> "_Plan":
        known = () if remove_missing else [one.name for one in now.accounts]
        wanted = plain.check(wanted, known_accounts=known)
        _refuse_shared_roles(now, wanted)
        told = [one for one in comparing.compare(now, wanted) if one.what != What.HOP]
        removed = [one for one in told if one.kind == Kind.REMOVED] if remove_missing else []
        walks = _walks(wanted.apis)
        _refuse_known_names(walks, gone=[one.key for one in removed if one.what == What.API])
        return cls(
            wanted=wanted,
            accounts=[one for one in told if one.what == What.ACCOUNT and one.kind != Kind.REMOVED],
            walks=walks,
            removed=_removable(removed),
        )

    @property
    def differences(self) -> list[Difference]:
        """All of them, in the order they are done."""
        return [*self.accounts, *(one for walk in self.walks for one in walk.differences), *self.removed]


def _walks(wanted: Iterable[ApiDoc]) -> list[Walk]:
    apis = list(wanted)
    rows = EdgeApi.objects.filter(slug__in=[one.slug for one in apis]).select_related("account", "distribution")
    return walking.plan(rows.prefetch_related("hops__account"), apis)


def _put(walk: Walk, actor: Actor, now: datetime) -> EdgeApi:
    if walk.row is not None and not walk.differences:
        return walk.row
    doc = walk.wanted
    account = Account.objects.get(name=doc.account)
    known = Distribution.objects.filter(account=account, aws_id=doc.distribution.aws_id).first()
    distribution = _distribution(doc, account)
    values = {"name": doc.name, "description": doc.description, "region": doc.region, "account": account}
    api, _ = EdgeApi.objects.update_or_create(slug=doc.slug, defaults={**values, "distribution": distribution})
    walking.go(walk, api, now=now)
    if known is not None and known.has_additional_metrics != distribution.has_additional_metrics:
        paths.switch_additional_metrics(distribution, now=now)
    if walk.row is not None and walk.row.distribution != distribution:
        _forget(walk.row.distribution)
    records = [_record(one, actor, now) for one in walk.differences]
    if walk.path_differences:
        title = f"Request path changed: {' '.join(map(str, walk.path_differences))}"
        Event.put("path.changed", subject=("audit", records[0].pk), api_slug=api.slug, title=title, at=now)
    return api


def _distribution(doc: ApiDoc, account: Account) -> Distribution:
    wanted = doc.distribution
    values = {
        "name": wanted.name,
        "domain": wanted.domain,
        "aliases": list(wanted.aliases),
        "has_additional_metrics": wanted.has_additional_metrics,
        "viewer_base_url": wanted.viewer_base_url,
        "viewer_host": wanted.viewer_host,
        "origin_probe_url": wanted.origin_probe_url,
    }
    return Distribution.objects.update_or_create(account=account, aws_id=wanted.aws_id, defaults=values)[0]


def _remove(gone: Difference, actor: Actor, now: datetime) -> None:
    if gone.what == What.ACCOUNT:
        accounts.remove(Account.objects.get(name=gone.key), actor=actor, now=now)
        return
    api = EdgeApi.objects.select_related("distribution").get(slug=gone.key)
    _record(gone, actor, now)
    api.delete()
    _forget(api.distribution)


def _forget(distribution: Distribution) -> None:
    """Delete a distribution no API is behind any more, unless invalidations or webhooks name it."""
    if not distribution.apis.exists():
        with suppress(ProtectedError), transaction.atomic():
            distribution.delete()


def _record(difference: Difference, actor: Actor, now: datetime) -> Audit:
    return audit.record(
        actor,
        f"{difference.what}.{difference.kind}",
        subject=("api", difference.key),
        summary=str(difference),
        now=now,
        detail={
            "changes": [[one.field, one.old, one.new] for one in difference.changes],
            "notes": list(difference.notes),
        },
    )


def _removable(removed: list[Difference]) -> list[Difference]:
    """The APIs and accounts to remove, each told with what goes with it; raises EstateError."""
    slugs = [one.key for one in removed if one.what == What.API]
    if len(slugs) > MAX_REMOVED:
        raise EstateError(TOO_MANY.format(count=len(slugs), most=MAX_REMOVED))
    held = Interest.objects.filter(series__hop__api__slug__in=slugs).values("series__hop__api__name", "holder_kind")
    for row in held.annotate(count=Count("holder_id", distinct=True)).order_by("series__hop__api__name")[:1]:
        holders = f"{row['count']} {row['holder_kind']}{'s' if row['count'] > 1 else ''}"
        raise EstateError(WATCHED.format(name=row["series__hop__api__name"], holders=holders))
    series = Series.objects.filter(hop__api__slug__in=slugs).values("hop__api__slug").annotate(count=Count("pk"))
    counts = dict(series.values_list("hop__api__slug", "count"))
    return [
        replace(one, notes=(GONE_WITH_IT.format(count=counts.get(one.key, 0)),)) if one.what == What.API else one
        for one in removed
    ]


def _refuse_overtaken(compared_with: str | None, now: EstateDoc | ApiDoc | None) -> None:
    if compared_with is not None and compared_with != plain.fingerprint(now):
        raise EstateError(OVERTAKEN)


def _refuse_known_names(walks: Iterable[Walk], *, gone: Iterable[str]) -> None:
    """Two APIs of one name could not be told apart in an alert."""
    named = {walk.wanted.name: walk.wanted.slug for walk in walks if walk.own}
    others = EdgeApi.objects.filter(name__in=named).exclude(slug__in=[*named.values(), *gone])
    for name, slug in others.values_list("name", "slug")[:1]:
        raise EstateError(SAME_NAME.format(name=name, slug=slug, wanted=named[name]))


def _refuse_shared_roles(now: EstateDoc, wanted: EstateDoc) -> None:
    holders: dict[str, str] = {}
    for name, role in ({one.name: one.role_arn for one in (*now.accounts, *wanted.accounts)}).items():
        if role and holders.setdefault(role, name) != name:
            raise EstateError(SHARED_ROLE.format(role=role, name=name, other=holders[role]))
