"""Which channels are told of a rule's alarms."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.alarms.models import AlarmRule
from edgeops.notifications.models import Channel, Route


def set_channels(rule: AlarmRule, channels: Iterable[Channel], *, actor: Actor, now: datetime) -> None:
    """Tell exactly these channels of the rule's alarms from now on; setting what is set already changes nothing."""
    wanted = {channel.pk: channel for channel in channels}
    with transaction.atomic():
        held = set(rule.routes.values_list("channel_id", flat=True))
        if held == wanted.keys():
            return
        rule.routes.exclude(channel_id__in=wanted).delete()
        Route.objects.bulk_create([Route(rule=rule, channel_id=pk) for pk in wanted.keys() - held])
        names = ", ".join(sorted(channel.name for channel in wanted.values())) or "nobody"
        audit.record(
            actor, "alarm.routed", subject=("alarm", rule.pk), summary=f"{rule.name} is told to {names}", now=now
        )
