"""How long events are kept: as long as the charts they are drawn on."""

from datetime import datetime

from edgeops import retention
from edgeops.timeline.models import Event


def tidy(now: datetime) -> int:
    """Delete those no chart reaches any more; how many."""
    return retention.delete(Event.objects.filter(at__lt=retention.oldest(now)))
