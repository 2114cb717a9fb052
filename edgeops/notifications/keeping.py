"""How long is kept what alarms did, what EdgeOps failed at, and who was told: as long as hourly datapoints."""

from datetime import datetime

from django.db.models import Exists, F, OuterRef

from edgeops import retention
from edgeops.alarms.models import Incident, Transition
from edgeops.notifications.models import Delivery
from edgeops.timeline.models import Failure


def tidy(now: datetime) -> int:
    """Delete old transitions and failures with their deliveries and attempts, and ended incidents; how many rows.

    The transition an alarm stands at stays, and so does whatever somebody is still to be told of.
    """
    before, waiting = retention.oldest(now), Delivery.objects.waiting()
    moved_on = Transition.objects.filter(decided_at__lt=before).exclude(seq=F("alarm_series__seq"))
    over = Failure.objects.filter(began_at__lt=before, last_at__lt=before, look_at=None)
    return (
        retention.delete(moved_on.filter(~Exists(waiting.filter(transition=OuterRef("pk")))))
        + retention.delete(over.filter(~Exists(waiting.filter(failure=OuterRef("pk")))))
        + retention.delete(Incident.objects.filter(ended_at__lt=before))
    )
