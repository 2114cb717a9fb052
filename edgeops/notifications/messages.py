"""Putting a transition, or a failure of EdgeOps itself, into words and into a payload."""

from django.conf import settings

from edgeops.alarms.models import Transition
from edgeops.notifications.models import Delivery
from edgeops.notifications.transports.base import Message
from edgeops.timeline.models import Failure

ONCE_AN_HOUR = "EdgeOps tells of the same thing at most once an hour, with how often it has happened since."


def compose(delivery: Delivery) -> Message:
    """The message of a delivery; the same for every attempt."""
    if delivery.transition is not None:
        return _of_transition(delivery, delivery.transition)
    if delivery.failure is None or delivery.times is None:
        raise ValueError(f"delivery {delivery.pk} is of nothing")  # its table allows none
    return _of_failure(delivery, delivery.failure, delivery.times)


def _of_transition(delivery: Delivery, transition: Transition) -> Message:
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


def _of_failure(delivery: Delivery, failure: Failure, times: int) -> Message:
    url = settings.BASE_URL + failure.path
    repeats = f" ({times:,} times)" if times > 1 else ""
    text = (
        f"{failure.title}.\n\n"
        f"{failure.advice}\n\n"
        f"{delivery.reason}, since {failure.began_at:%Y-%m-%d %H:%M} UTC. {ONCE_AN_HOUR}\n\n"
        f"{url}\n"
    )
    return Message(
        message_id=str(delivery.message_id),
        subject=f"[EdgeOps] {failure.title}{repeats}",
        text=text,
        payload={
            "type": "edgeops.failed",
            "timestamp": delivery.created_at.isoformat(),
            "data": {
                "kind": failure.kind,
                "title": failure.title,
                "advice": failure.advice,
                "times": times,
                "since": failure.began_at.isoformat(),
                "url": url,
            },
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
