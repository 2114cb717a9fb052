"""What the catalogue says of one metric, and how an entry becomes a line for each of its statistics."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgeops.estate.models import HopKind


class AbsentMeans(StrEnum):
    """What a settled minute without a datapoint says, once the resource is known to report."""

    ZERO = "zero"
    MISSING = "missing"


class Unit(StrEnum):
    """CloudWatch's units."""

    COUNT = "Count"
    BYTES = "Bytes"
    PERCENT = "Percent"
    MILLISECONDS = "Milliseconds"
    SECONDS = "Seconds"


class Needs(StrEnum):
    """What has to be switched on in AWS, for money, before a metric is published at all."""

    NOTHING = ""
    ADDITIONAL_METRICS = "additional metrics"
    STAGE_CACHE = "stage cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric and statistic of one kind of hop; `delay_seconds` is how long its minutes take to settle.

    `title` names the statistic where that is not understood, `metric_title` never. `dimensions` are the names it is
    published under; empty means all those of the hop.
    """

    hop_kind: HopKind
    namespace: str
    name: str
    statistic: str
    unit: Unit
    title: str
    metric_title: str
    meaning: str
    absent_means: AbsentMeans
    trap: str = ""
    dimensions: tuple[str, ...] | None = None
    delay_seconds: int = 120
    is_default: bool = True
    is_headline: bool = False
    needs: Needs = Needs.NOTHING

    @property
    def needs_additional_metrics(self) -> bool:
        """Whether CloudFront publishes it only where its paid additional metrics are on."""
        return self.needs == Needs.ADDITIONAL_METRICS


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One metric of one kind of hop with its valid statistics: those read unasked, and those that can be asked for.

    What is not always published is published of some hops of the kind only: of the others its absence says nothing.
    """

    name: str
    title: str
    meaning: str
    read: Sequence[str] = ()
    also: Sequence[str] = ()
    headline: str = ""
    unit: Unit = Unit.COUNT
    trap: str = ""
    dimensions: tuple[str, ...] | None = None
    needs: Needs = Needs.NOTHING
    is_always_published: bool = True

    def of(self, kind: HopKind, namespace: str, *, delay_seconds: int) -> Iterator[Metric]:
        """A line for each statistic."""
        for statistic in (*self.read, *self.also):
            yield Metric(
                hop_kind=kind,
                namespace=namespace,
                name=self.name,
                statistic=statistic,
                unit=self.unit,
                title=self._title(statistic),
                metric_title=self.title,
                meaning=self.meaning,
                absent_means=self._absent_means(statistic),
                trap=self.trap,
                dimensions=self.dimensions,
                delay_seconds=delay_seconds,
                is_default=statistic in self.read,
                is_headline=statistic == self.headline,
                needs=self.needs,
            )

    def _absent_means(self, statistic: str) -> AbsentMeans:
        """Only what is counted can be counted as none, and only where somebody counts; the rest was not measured."""
        is_counted = statistic in COUNTED and self.needs == Needs.NOTHING and self.is_always_published
        return AbsentMeans.ZERO if is_counted else AbsentMeans.MISSING

    def _title(self, statistic: str) -> str:
        """Times always say which statistic they are, others only where it is not the usual one."""
        is_usual = statistic == [*self.read, *self.also][0] and self.unit not in TIMES
        return self.title if is_usual else f"{self.title} {WORDS.get(statistic, statistic)}"


COUNTED = ("Sum", "SampleCount")
TIMES = (Unit.MILLISECONDS, Unit.SECONDS)
WORDS = {"Average": "average", "Maximum": "highest", "Minimum": "lowest", "Sum": "sum", "SampleCount": "samples"}
PERCENTILES = ("p50", "p90", "p99")


def expand(kind: HopKind, namespace: str, entries: Iterable[Entry], *, delay_seconds: int = 120) -> tuple[Metric, ...]:
    """The lines of all entries of one kind of hop, in their order."""
    return tuple(metric for entry in entries for metric in entry.of(kind, namespace, delay_seconds=delay_seconds))
