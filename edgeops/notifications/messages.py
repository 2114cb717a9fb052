"""Putting a transition into words and into a payload."""

from django.conf import settings

from edgeops.alarms.models import Transition
from edgeops.notifications.models import Delivery
from edgeops.notifications.transports.base import Message


def compose(delivery: Delivery) -> Message:
    """The message of a delivery; the same for every attempt."""
    transition = delivery.transition
    rule = transition.alarm_series.rule
    series = transition.alarm_series.series
    url = f"{settings.BASE_URL}/alarms/{rule.pk}/"
    observed = f"{transition.observed_at:%Y-%m-%d %H:%M} UTC"
    text = (
        f"{rule.name} on {rule.api.name} went from {transition.from_state} to {transition.to_state} at {observed}.\n\n"
        f"Why: {transition.reason}.\n"
        f"Condition: {series.metric} {series.statistic} of {series.hop} {transition.rule_version}.\n\n"
        f"{url}\n"
    )
    return Message(
        message_id=str(delivery.message_id),
        subject=f"[{transition.to_state}] {rule.name} ({rule.api.name})",
        text=text,
        payload={
            "type": "alarm.state_changed",
            "timestamp": transition.decided_at.isoformat(),
            "data": _data(transition, url),
        },
    )


def _data(transition: Transition, url: str) -> dict[str, str]:
    rule = transition.alarm_series.rule
    return {
        "alarm": rule.name,
        "api": rule.api.slug,
        "state": transition.to_state,
        "previous": transition.from_state,
        "reason": transition.reason,
        "observed_at": transition.observed_at.isoformat(),
        "url": url,
    }
