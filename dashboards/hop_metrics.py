"""Every metric AWS publishes of a hop: what it means, whether EdgeOps reads it, and what that costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from dashboards import silence
from edgeops.estate.models import Hop, HopKind
from edgeops.metrics import catalogue
from edgeops.metrics.catalogue import AbsentMeans, Metric, Needs, prices
from edgeops.metrics.derived import Key
from edgeops.metrics.models import Series

ABSENT = {
    AbsentMeans.ZERO: "0, while the hop reports anything at all",
    AbsentMeans.MISSING: "unknown: a gap",
}
NEEDS = {
    Needs.NOTHING: "",
    Needs.ADDITIONAL_METRICS: "Published only while the distribution's additional metrics are on.",
    Needs.STAGE_CACHE: "Published only while the stage's cache is on, which is paid by the hour.",
}
SWITCH_ON = (
    "aws cloudfront create-monitoring-subscription --distribution-id {id} --monitoring-subscription "
    "'RealtimeMetricsSubscriptionConfig={{RealtimeMetricsSubscriptionStatus=Enabled}}'"
)


@dataclass(frozen=True)
class Choice:
    """One statistic of a metric; `words` say what is odd about the series, where it is read."""

    statistic: str
    title: str
    is_read: bool
    is_default: bool
    is_held: bool
    words: str = ""


@dataclass(frozen=True)
class Row:
    """One metric with its statistics. `needs` says what has to be on in AWS, `is_off` that it is not."""

    name: str
    title: str
    meaning: str
    trap: str
    unit: str
    absent: str
    needs: str
    is_off: bool
    choices: Sequence[Choice]


@dataclass(frozen=True)
class Bill:
    """What reading so many series costs in a month: nobody looking, and every minute."""

    count: int

    @property
    def idle(self) -> float:
        """Dollars a month while nobody looks."""
        return self.count * prices.IDLE_MONTH

    @property
    def watched(self) -> float:
        """Dollars a month read every minute."""
        return self.count * prices.WATCHED_MONTH


@dataclass(frozen=True)
class AdditionalMetrics:
    """CloudFront's paid metrics of a distribution: on or off, their price, and the line that switches them on."""

    is_on: bool
    dollars: float
    command: str


def rows(hop: Hop, text: str) -> list[Row]:
    """The metrics of a hop that `text` may mean, in the catalogue's order; all for no text."""
    series = {(one.metric, one.statistic): one for one in hop.series.prefetch_related("interests")}
    has_additional = hop.api.distribution.has_additional_metrics
    found = catalogue.search(text, hop.kind)
    return [
        _row(hop.kind, list(metrics), series, has_additional_metrics=has_additional)
        for _, metrics in groupby(found, key=lambda metric: metric.name)
    ]


def bill(hop: Hop) -> Bill:
    """What the hop costs as it is read now."""
    return Bill(Series.objects.being_read().filter(hop=hop).count())


def additional_metrics(hop: Hop) -> AdditionalMetrics | None:
    """Of a distribution; None for every other hop."""
    if hop.kind != HopKind.CLOUDFRONT:
        return None
    distribution = hop.api.distribution
    return AdditionalMetrics(
        is_on=distribution.has_additional_metrics,
        dollars=prices.ADDITIONAL_METRICS_MONTH,
        command=SWITCH_ON.format(id=distribution.aws_id),
    )


def _row(kind: str, metrics: Sequence[Metric], series: Mapping[Key, Series], *, has_additional_metrics: bool) -> Row:
    first = metrics[0]
    return Row(
        name=first.name,
        title=first.metric_title,
        meaning=first.meaning,
        trap=first.trap,
        unit=first.unit,
        absent=ABSENT[first.absent_means],
        needs=NEEDS[first.needs],
        is_off=first.needs_additional_metrics and not has_additional_metrics,
        choices=[_choice(kind, metric, series.get((metric.name, metric.statistic))) for metric in metrics],
    )


def _choice(kind: str, metric: Metric, series: Series | None) -> Choice:
    is_read = series is not None and series.stopped_at is None
    return Choice(
        statistic=metric.statistic,
        title=metric.title,
        is_read=is_read,
        is_default=metric.is_default,
        is_held=series is not None and bool(series.interests.all()),
        words=silence.of(series, kind) if series is not None and is_read else "",
    )
