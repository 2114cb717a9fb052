"""What AWS asks for the calls EdgeOps makes. Dollars in us-east-1, as listed on 2026-11-22.

AWS bills GetMetricData by the metric requested. Its price list can be read to count up to five statistics of one metric
as one metric; bills have been seen to count each. So a sum has two bounds: https://aws.amazon.com/cloudwatch/pricing/
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

DOLLARS_PER_METRIC = 0.01 / 1000
"""GetMetricData, per metric requested; no free tier."""
PRICED = {("cloudwatch", "GetMetricData"): DOLLARS_PER_METRIC}
"""Dollars by unit; what is not here is free, or priced by more than its number."""


@dataclass(frozen=True, slots=True)
class Dollars:
    """A sum between its two bounds."""

    low: float = 0.0
    high: float = 0.0

    def __add__(self, other: "Dollars") -> "Dollars":
        return Dollars(self.low + other.low, self.high + other.high)

    def __mul__(self, times: float) -> "Dollars":
        return Dollars(self.low * times, self.high * times)


def of_metrics(metrics: int, at_least: int) -> Dollars:
    """What requesting so many metrics costs; `at_least` counts five statistics of one metric as one."""
    return Dollars(at_least * DOLLARS_PER_METRIC, metrics * DOLLARS_PER_METRIC)


def of_units(service: str, operation: str, units: int, at_least: int) -> Dollars | None:
    """What so many units of an operation cost; None where the price depends on more than their number."""
    price = PRICED.get((service, operation))
    return None if price is None else Dollars(at_least * price, units * price)


def month_of(now: datetime) -> datetime:
    """When the bill's month began: the first, UTC."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_after(begin: datetime) -> datetime:
    """When the month after the one that began then begins."""
    return month_of(begin + timedelta(days=32))


def hour_of(now: datetime) -> datetime:
    """When the hour began that calls are counted in."""
    return now.replace(minute=0, second=0, microsecond=0)
