"""Which metrics the hops on a request path have, which of them EdgeOps reads unasked, and what they mean. Data.

A metric that is read costs money each time, so that only few are: what tells whether an API is broken and where. The
rest of what AWS publishes is known here too and is read when somebody asks for it.
"""

from collections import defaultdict

from edgeops.estate.models import HopKind
from edgeops.metrics.catalogue import balancer, cloudfront, firewall, function, gateway, health_check, spelling
from edgeops.metrics.catalogue.entries import AbsentMeans, Metric, Needs, Unit
from edgeops.metrics.catalogue.spelling import RealName
from edgeops.metrics.models import Series

__all__ = [
    "CATALOGUE",
    "HEADLINES",
    "AbsentMeans",
    "Metric",
    "Needs",
    "RealName",
    "Unit",
    "find",
    "find_for",
    "for_hop",
    "is_headline",
    "of",
    "offered",
    "real_name",
    "search",
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


def real_name(text: str, kind: str) -> RealName | None:
    """What a metric of a kind of hop is called in CloudWatch, and why; None when `text` is right, or unknown."""
    return spelling.correct(text.strip(), kind, (metric.name for metric in offered(kind)))


def search(text: str, kind: str) -> list[Metric]:
    """The metrics of a kind of hop that a person may mean: by every word, or by a name used elsewhere."""
    meant = real_name(text, kind)
    if meant is not None:
        return [metric for metric in offered(kind) if metric.name == meant.name]
    words = text.lower().split()
    return [metric for metric in offered(kind) if all(word in _words(metric) for word in words)]


def _words(metric: Metric) -> str:
    return f"{metric.name} {metric.title} {metric.meaning} {metric.trap}".lower()


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
HEADLINES = frozenset(metric.name for metric in CATALOGUE if metric.is_headline)
"""Names a headline can have: which of their series is one, `is_headline` tells."""
_OF_KIND: dict[HopKind, list[Metric]] = defaultdict(list)
for _metric in CATALOGUE:
    _OF_KIND[_metric.hop_kind].append(_metric)
