"""How long is kept what AWS was asked: by whole months, since the bill is read by the month."""

from datetime import datetime

from edgeops import retention
from edgeops.estate.models import AwsUsage


def tidy(now: datetime) -> int:
    """Delete the hours of months past keeping; how many."""
    return retention.delete(AwsUsage.objects.filter(hour__lt=retention.oldest_month(now)))
