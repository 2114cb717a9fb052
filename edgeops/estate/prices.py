"""What AWS asks for the calls EdgeOps makes. Dollars, as listed on 2026-11-22."""

from datetime import datetime

DOLLARS_PER_METRIC = 0.01 / 1000
"""GetMetricData, per metric requested; no free tier. https://aws.amazon.com/cloudwatch/pricing/"""
PRICED = {("cloudwatch", "GetMetricData"): DOLLARS_PER_METRIC}


def month_of(now: datetime) -> datetime:
    """When the bill's month began: the first, UTC."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def hour_of(now: datetime) -> datetime:
    """When the hour began that calls are counted in."""
    return now.replace(minute=0, second=0, microsecond=0)
