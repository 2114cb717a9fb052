"""What CloudWatch knows of each series at one moment: its datapoints, late and unsettled ones included."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from edgeops.localaws import history, statistics
from edgeops.localaws.metrics import Key, Sample, Series
from edgeops.localaws.queries import Query, Window
from edgeops.localaws.traffic import Traffic

CLOUDFRONT_DELAY_FACTOR = 1.5
LATE_DELAY_FACTOR = 3
MOST_REMEMBERED = 600_000

type Points = list[tuple[int, float]]
type Values = dict[int, float | None]


@dataclass(slots=True)
class Memory:
    """Settled values, by series, statistic and period: they change no more while the traffic is the same."""

    _traffic: Traffic | None = None
    _values: dict[tuple[str, int, str, int], Values] = field(default_factory=dict)

    def under(self, traffic: Traffic) -> dict[tuple[str, int, str, int], Values]:
        """What is known of this traffic; another traffic, or too much of it, begins anew."""
        if self._traffic is not traffic or sum(map(len, self._values.values())) > MOST_REMEMBERED:
            self._traffic, self._values = traffic, {}
        return self._values


@dataclass(frozen=True, slots=True)
class Reading:
    """The estate as it is known at one moment, epoch seconds; `additional` are the APIs with additional metrics."""

    catalogue: Mapping[Key, Series]
    additional: Collection[str]
    traffic: Traffic
    now: float
    delay_seconds: float
    settled: dict[tuple[str, int, str, int], Values] = field(default_factory=dict)

    def publishes(self, series: Series) -> bool:
        """Whether the series exists now."""
        return not series.is_additional or series.api in self.additional

    def points(self, query: Query, window: Window) -> Points:
        """The datapoints of one query, oldest first; empty where AWS has none, whatever the reason."""
        series = self.catalogue.get(query.key)
        if series is None or not self.publishes(series):
            return []
        if not statistics.is_valid(query.statistic, series.statistics):
            return []
        if query.period < window.finest_period or query.period % window.finest_period:
            return []
        known = self.settled.setdefault((series.source, series.position, query.statistic, query.period), {})
        settled_until = self.now - self._latest(series) - query.period
        found: Points = []
        for start in _buckets(window, query.period, self.now):
            if start in known:
                value = known[start]
            else:
                value = self._value(series, query, start)
                if start <= settled_until:
                    known[start] = value
            if value is not None:
                found.append((start, value))
        return found

    def _value(self, series: Series, query: Query, start: int) -> float | None:
        samples = []
        for minute, weight in history.minutes(start, query.period, now=self.now):
            sample = self._sample(series, minute)
            if sample is not None:
                samples.append(statistics.standing_for(sample, weight))
        return statistics.compute(query.statistic, samples)

    def _sample(self, series: Series, minute: int) -> Sample | None:
        """What is known of one minute; CloudFront's minutes settle later than the others.

        A function's invocation counts in the minute it began, but is known only when it has ended: long ones are
        missing from their minute until then.
        """
        since = self.now - 60 * (minute + 1)
        if since < 0:
            return None
        flow = self.traffic.flow(series.source, minute)
        if since < self._latest(series) and series.namespace == "AWS/Lambda":
            flow = flow.without_late_invocations()
        sample = series.read(flow)
        delay = self._delay(series)
        if sample is None or since >= delay:
            return sample
        return statistics.arrived(sample, seconds_since=since, delay_seconds=delay)

    def _delay(self, series: Series) -> float:
        return self.delay_seconds * (CLOUDFRONT_DELAY_FACTOR if series.namespace == "AWS/CloudFront" else 1)

    def _latest(self, series: Series) -> float:
        """Seconds after which a minute changes no more."""
        return self.delay_seconds * LATE_DELAY_FACTOR if series.namespace == "AWS/Lambda" else self._delay(series)


def _buckets(window: Window, period: int, now: float) -> range:
    """The starts of the periods asked for; nothing is older than what is kept or newer than now."""
    skipped = max(0, math.ceil((now - history.KEPT_SECONDS - window.start) / period))
    return range(window.start + skipped * period, math.ceil(min(window.end, now)), period)
