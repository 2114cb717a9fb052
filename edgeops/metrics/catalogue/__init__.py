"""Which metrics the hops on a request path have, which of them EdgeOps reads unasked, and what they mean. Data.

A metric that is read costs money each time, so that only few are: what tells whether an API is broken and where. The
rest of what AWS publishes is known here too and is read when somebody asks for it.
"""

from collections import defaultdict

from edgeops.estate.models import HopKind
from edgeops.metrics.catalogue import balancer, cloudfront, firewall, function, gateway, health_check
from edgeops.metrics.catalogue.entries import AbsentMeans, Metric, Needs, Unit
from edgeops.metrics.models import Series

__all__ = [
    "CATALOGUE",
    "AbsentMeans",
    "Metric",
    "Needs",
    "Unit",
    "find",
    "find_for",
    "for_hop",
    "is_headline",
    "of",
    "offered",
]


def for_hop(kind: str, *, has_additional_metrics: bool) -> list[Metric]:
    """What is read unasked of a kind of hop; CloudFront's paid metrics only where the distribution has them."""
    return [
        metric
        for metric in offered(kind)
        if metric.is_default and (has_additional_metrics or not metric.needs_additional_metrics)
    ]


def offered(kind: str) -> list[Metric]:
    """Everything AWS publishes of a kind of hop, read or not; nothing for a kind without metrics."""
    return _OF_KIND[HopKind(kind)]


def find(namespace: str, name: str, statistic: str) -> Metric | None:
    """The rules of a metric whatever hop it is read of; None when the catalogue does not know it."""
    return _BY_NAME.get((namespace, name, statistic))


def find_for(kind: str, name: str, statistic: str) -> Metric | None:
    """The entry of a metric of one kind of hop; None when that kind does not have it."""
    return _BY_HOP.get((kind, name, statistic))


def of(series: Series) -> Metric:
    """The entry a series was made from; reads `series.hop`, so select it. LookupError: no longer in the catalogue."""
    entry = find_for(series.hop.kind, series.metric, series.statistic)
    if entry is None:
        raise LookupError(f"{series} is not in the metric catalogue any more.")
    return entry


def is_headline(kind: str, name: str, statistic: str) -> bool:
    """Whether the overview shows it."""
    entry = find_for(kind, name, statistic)
    return entry is not None and entry.is_headline


CATALOGUE: tuple[Metric, ...] = (
    *cloudfront.METRICS,
    *gateway.METRICS,
    *balancer.METRICS,
    *function.METRICS,
    *firewall.METRICS,
    *health_check.METRICS,
)
_BY_HOP = {(metric.hop_kind.value, metric.name, metric.statistic): metric for metric in CATALOGUE}
_BY_NAME = {(metric.namespace, metric.name, metric.statistic): metric for metric in CATALOGUE}
_OF_KIND: dict[HopKind, list[Metric]] = defaultdict(list)
for _metric in CATALOGUE:
    _OF_KIND[_metric.hop_kind].append(_metric)
