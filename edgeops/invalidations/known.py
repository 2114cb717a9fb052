"""What is known of the URLs of a distribution: learned from traces and probes, and from what was invalidated before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import Q

from edgeops import retention
from edgeops.estate.models import Distribution
from edgeops.invalidations import covering, freezing
from edgeops.invalidations.models import Item, ItemKind, KnownUrl, Place, Tenant, distribution_of

RECENT = timedelta(days=7)
# Read for one match. A distribution with more is known by its most wanted.
MAX_READ = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A path viewers ask for; `requests_per_hour` counts traces, which are samples, and is None where none was seen."""

    path: str
    requests_per_hour: int | None = None
    tags: Sequence[str] = ()

    def is_named(self, form: str) -> bool:
        """Whether an item names it."""
        return form in self.tags if form.startswith("#") else covering.covers(form, self.path)


def learn(distribution: Distribution, requests: Mapping[str, int], *, now: datetime) -> None:
    """Keep how often each path was asked for in the last hour."""
    rows = [
        KnownUrl(
            distribution=distribution,
            path=path,
            digest=freezing.digest([path]),
            requests_per_hour=count,
            last_seen_at=now,
        )
        for path, count in requests.items()
        if path and len(path) <= 4_000
    ]
    KnownUrl.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["distribution", "digest"],
        update_fields=["requests_per_hour", "last_seen_at"],
    )


def meet(place: Place, path: str, tags: Sequence[str], *, now: datetime) -> None:
    """Keep that a path was answered, with the tags it carries."""
    tenant = place if isinstance(place, Tenant) else None
    KnownUrl.objects.update_or_create(
        distribution=distribution_of(place),
        digest=freezing.digest([path] if tenant is None else [tenant.aws_id, path]),
        defaults={"last_seen_at": now, "tags": list(tags)},
        create_defaults={"tenant": tenant, "path": path, "last_seen_at": now, "tags": list(tags)},
    )


def named_by(place: Place, forms: Iterable[str], *, now: datetime) -> list[Wanted]:
    """What is known to be asked for and lies under wildcards and tags; the most wanted first."""
    wide = [form for form in forms if form.startswith("#") or covering.is_wildcard(form)]
    if not wide:
        return []
    return [one for one in wanted(place, now=now) if any(one.is_named(form) for form in wide)]


def wanted(place: Place, *, now: datetime) -> list[Wanted]:
    """Every path known of the last days: traced and probed ones, then what was asked to be invalidated by name.

    Traces do not tell whose viewer it was, so that a tenant's paths are those that were probed or asked for there.
    """
    rows = KnownUrl.objects.most_wanted(place, now - RECENT)[:MAX_READ]
    found = {row.path: Wanted(row.path, row.requests_per_hour, row.tags) for row in rows}
    mine = Q(request__tenant=place) if isinstance(place, Tenant) else Q(request__distribution=place)
    asked = Item.objects.filter(mine, request__requested_at__gte=now - RECENT, kind=ItemKind.PATH)
    for path in asked.order_by().values_list("sent_form", flat=True).distinct()[:MAX_READ]:
        found.setdefault(path, Wanted(path))
    return list(found.values())


def path_of(url: str, *, prefix: str = "") -> str:
    """The path of a traced URL as viewers ask for it; `prefix` is what the way to the origin puts in front."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    path = parts.path or "/"
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        path = path[len(prefix) :] or "/"
    return path + (f"?{parts.query}" if parts.query else "")


def tidy(now: datetime) -> int:
    """Forget what was not seen for days."""
    return retention.delete(KnownUrl.objects.filter(last_seen_at__lt=now - RECENT))
