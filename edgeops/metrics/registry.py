"""Which series are read of a hop: those of the catalogue's lean set, and what people add to it or take from it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.estate.models import Hop
from edgeops.metrics import catalogue
from edgeops.metrics.catalogue import Metric
from edgeops.metrics.models import Interest, Series


class RegistryError(ValueError):
    """A series that cannot be read, or cannot be given up; the message says why and what to do."""


def ensure_series(hop: Hop) -> list[Series]:
    """Create the series of a hop that do not exist yet and return all of them; calling it again changes nothing.

    What somebody stopped stays stopped. A hop without dimensions has no metrics of its own.
    """
    metrics = catalogue.for_hop(hop.kind, has_additional_metrics=hop.api.distribution.has_additional_metrics)
    create(hop, metrics)
    return list(Series.objects.filter(hop=hop).order_by("pk"))


def create(hop: Hop, metrics: Iterable[Metric]) -> None:
    """Create the series of these metrics that a hop has the dimensions for and that do not exist yet."""
    published = [one for one in metrics if hop.dimensions and set(one.dimensions or ()) <= set(hop.dimensions)]
    Series.objects.bulk_create([_series(hop, metric) for metric in published], ignore_conflicts=True)


def add(hop: Hop, name: str, statistic: str, *, actor: Actor, now: datetime) -> Series:
    """Have a metric of a hop read from now on, whether it never was or was stopped; adding it twice is adding it once.

    RegistryError: CloudWatch does not publish it of this hop, so that it would stay empty for ever.
    """
    metric = _offered(hop, name, statistic)
    wanted = _series(hop, metric)
    with transaction.atomic():
        series, is_new = Series.objects.get_or_create(
            hop=hop,
            namespace=metric.namespace,
            metric=metric.name,
            statistic=metric.statistic,
            dimensions_key=wanted.dimensions_key,
            defaults={"account_id": hop.account_id, "region": hop.region, "dimensions": wanted.dimensions},
        )
        is_back = bool(Series.objects.filter(pk=series.pk, stopped_at__isnull=False).update(stopped_at=None))
        if is_new or is_back:
            _record(actor, "series.added", series, f"{metric.title} of {hop} is read from now on", now)
    series.stopped_at = None
    return series


def drop(series: Series, *, actor: Actor, now: datetime) -> bool:
    """Read a series no more and keep what was read; False when it was stopped already.

    RegistryError: an alarm or another holder wants it, and would wait for data that never comes.
    """
    with transaction.atomic():
        locked = Series.objects.select_for_update().select_related("hop").get(pk=series.pk)
        _refuse_held(locked)
        if locked.stopped_at is not None:
            return False
        Series.objects.filter(pk=locked.pk).update(stopped_at=now)
        _record(actor, "series.dropped", locked, f"{_title(locked)} of {locked.hop} is not read any more", now)
    return True


def dimensions_key(dimensions: Mapping[str, str]) -> str:
    """The dimensions as one text, the same whatever order they came in."""
    return ",".join(f"{name}={dimensions[name]}" for name in sorted(dimensions))


def _series(hop: Hop, metric: Metric) -> Series:
    names = hop.dimensions if metric.dimensions is None else metric.dimensions
    dimensions = {name: hop.dimensions[name] for name in names}
    return Series(
        account_id=hop.account_id,
        region=hop.region,
        hop=hop,
        namespace=metric.namespace,
        metric=metric.name,
        statistic=metric.statistic,
        dimensions=dimensions,
        dimensions_key=dimensions_key(dimensions),
    )


def _offered(hop: Hop, name: str, statistic: str) -> Metric:
    """The entry that was asked for; a name from an article is answered with the real one."""
    metric = catalogue.find_for(hop.kind, name, statistic)
    if metric is None:
        raise RegistryError(_why_not(hop, name, statistic))
    missing = [one for one in metric.dimensions or () if one not in hop.dimensions]
    if missing:
        raise RegistryError(
            f"{name} is published under the dimension {missing[0]}, which {hop} does not have. Discover its API again."
        )
    if metric.needs_additional_metrics and not hop.api.distribution.has_additional_metrics:
        raise RegistryError(
            f"{name} is one of CloudFront's additional metrics, which are off for {hop.api.distribution}: it would "
            "stay empty. Switch them on in CloudFront, then discover the API again."
        )
    return metric


def _why_not(hop: Hop, name: str, statistic: str) -> str:
    kind = hop.get_kind_display()
    valid = [one.statistic for one in catalogue.offered(hop.kind) if one.name == name]
    if valid:
        return f"{name} of {kind} has no {statistic}; it has {', '.join(valid)}."
    meant = catalogue.real_name(name, hop.kind)
    if meant is not None:
        return f"{kind} has no {name}; it is called {meant.name}: {meant.reason}."
    return f"CloudWatch publishes no {name} of {kind}: it would stay empty. Choose a metric of the catalogue."


def _refuse_held(series: Series) -> None:
    held = Counter(Interest.objects.filter(series=series).values_list("holder_kind", flat=True))
    if held:
        holders = " and ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(held.items()))
        raise RegistryError(
            f"{_title(series)} is still read: {holders} on it would wait for data that never comes. "
            "Disable or delete what watches it first."
        )


def _title(series: Series) -> str:
    metric = catalogue.find(series.namespace, series.metric, series.statistic)
    return metric.title if metric is not None else f"{series.metric} {series.statistic}"


def _record(actor: Actor, action: str, series: Series, summary: str, now: datetime) -> None:
    detail = {"namespace": series.namespace, "metric": series.metric, "statistic": series.statistic}
    audit.record(actor, action, subject=("series", series.pk), summary=summary, now=now, detail=detail)
