"""Turning hops into the series to poll, by the catalogue."""

from collections.abc import Mapping

from edgeops.estate.models import Hop
from edgeops.metrics import catalogue
from edgeops.metrics.models import Series


def ensure_series(hop: Hop) -> list[Series]:
    """Create the series of a hop that do not exist yet and return all of them; calling it again changes nothing."""
    key = dimensions_key(hop.dimensions)
    metrics = catalogue.for_hop(hop.kind, has_additional_metrics=hop.api.distribution.has_additional_metrics)
    Series.objects.bulk_create(
        [
            Series(
                account_id=hop.account_id,
                region=hop.region,
                hop=hop,
                namespace=metric.namespace,
                metric=metric.name,
                statistic=metric.statistic,
                dimensions=hop.dimensions,
                dimensions_key=key,
            )
            for metric in metrics
        ],
        ignore_conflicts=True,
    )
    return list(Series.objects.filter(hop=hop).order_by("pk"))


def dimensions_key(dimensions: Mapping[str, str]) -> str:
    """The dimensions as one text, the same whatever order they came in."""
    return ",".join(f"{name}={dimensions[name]}" for name in sorted(dimensions))
