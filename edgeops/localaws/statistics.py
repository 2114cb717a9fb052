"""CloudWatch's statistics over the minutes of one period."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from edgeops.localaws.metrics import Sample
from edgeops.localaws.spread import joint_quantile

PLAIN: dict[str, Callable[[Sequence[Sample]], float]] = {
    "Sum": lambda samples: sum(sample.total for sample in samples),
    "SampleCount": lambda samples: sum(sample.count for sample in samples),
    "Average": lambda samples: sum(s.total for s in samples) / sum(s.count for s in samples),
    "Minimum": lambda samples: min(_low(sample) for sample in samples),
    "Maximum": lambda samples: max(_high(sample) for sample in samples),
}
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")
ARRIVAL_STEPS = 5
MOST_PARTS = 12
"""Of an hour's minutes every fifth is enough to know its percentiles by."""


def is_statistic(name: str) -> bool:
    """Whether it is a statistic simulated here; trimmed means and ranks are not."""
    return name in PLAIN or PERCENTILE.fullmatch(name) is not None


def is_valid(name: str, allowed: str | None) -> bool:
    """Whether a metric has this statistic; asked for another, CloudWatch answers an empty series."""
    if allowed is None:
        return True
    return PERCENTILE.fullmatch(name) is not None if allowed == "percentile" else name == allowed


def compute(name: str, samples: Sequence[Sample]) -> float | None:
    """One statistic of a period's minutes; None when nothing was published, or it has no percentiles."""
    if not samples:
        return None
    plain = PLAIN.get(name)
    return _percentile(float(name[1:]) / 100, samples) if plain is None else plain(samples)


def standing_for(sample: Sample, minutes: int) -> Sample:
    """The sample of so many minutes alike."""
    if minutes == 1:
        return sample
    parts = tuple((minutes * count, spread) for count, spread in sample.parts)
    return Sample(minutes * sample.count, minutes * sample.total, sample.low, sample.high, parts)


def arrived(sample: Sample, *, seconds_since: float, delay_seconds: float) -> Sample | None:
    """What of a minute's sample CloudWatch knows so long after the minute's end: nothing, a part, then all.

    The part grows in steps, so two readers within seconds of each other see the same number.
    """
    if seconds_since < 0:
        return None
    if seconds_since >= delay_seconds:
        return sample
    silent = 0.4 * delay_seconds
    if seconds_since < silent:
        return None
    step = 1 + int(ARRIVAL_STEPS * (seconds_since - silent) / (delay_seconds - silent))
    share = step / (ARRIVAL_STEPS + 1)
    count = max(1, round(sample.count * share))
    return replace(sample, count=count, total=_part_of_total(sample, share, count))


def _low(sample: Sample) -> float:
    return min((spread.quantile(0.5 / count) for count, spread in sample.parts), default=sample.low)


def _high(sample: Sample) -> float:
    return max((spread.quantile(1 - 0.5 / count) for count, spread in sample.parts), default=sample.high)


def _percentile(p: float, samples: Sequence[Sample]) -> float | None:
    parts = [part for sample in samples for part in sample.parts]
    if not parts:
        return None
    parts = parts[:: max(1, len(parts) // MOST_PARTS)]
    return parts[0][1].quantile(p) if len(parts) == 1 else joint_quantile(parts, p)


def _part_of_total(sample: Sample, share: float, count: float) -> float:
    """Counters stay whole; a state stays what it is."""
    if sample.low == sample.high:
        return count * sample.low
    return round(sample.total * share) if float(sample.total).is_integer() else sample.total * share
