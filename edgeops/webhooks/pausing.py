"""Pausing an endpoint: a suspension of its lane, the same one that the breaker puts on a source that storms.

What arrives is still taken and its rules are run; what they ask for is held until somebody resumes it.
"""

from collections.abc import Iterable
from datetime import datetime

from edgeops.access.audit import Actor
from edgeops.invalidations import suspending
from edgeops.invalidations.models import Source, Suspension
from edgeops.webhooks.models import Endpoint


def pause(endpoint: Endpoint, *, reason: str, actor: Actor, now: datetime) -> Suspension:
    """Hold what its events ask for; raises invalidations.suspending.SuspensionError when it is held already."""
    return suspending.suspend(endpoint.distribution, actor=actor, reason=reason, now=now, lane=lane(endpoint))


def resume(endpoint: Endpoint, *, actor: Actor, now: datetime) -> None:
    """Let go of what was held, with the next tick; the breaker leaves a source alone that was just resumed."""
    if (held := paused([endpoint], now).get(endpoint.pk)) is not None:
        suspending.lift(held, actor=actor, now=now)


def paused(endpoints: Iterable[Endpoint], now: datetime) -> dict[int, Suspension]:
    """Who is paused, by endpoint, in one query: `words` says since when, by whom and why."""
    active = Suspension.objects.active(now).exclude(lane="")
    by_lane = {(one.distribution_id, one.lane): one for one in active}
    found = {endpoint.pk: by_lane.get((endpoint.distribution_id, lane(endpoint))) for endpoint in endpoints}
    return {pk: one for pk, one in found.items() if one is not None}


def lane(endpoint: Endpoint) -> str:
    """The lane its requests wait in."""
    return Source.WEBHOOK.lane(endpoint.name)
