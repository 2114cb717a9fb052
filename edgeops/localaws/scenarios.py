"""Scenarios: what goes wrong in the simulated estate, when, and how strongly.

    lambda_errors       the function fails this share of its invocations
    unhealthy_targets   this share of a group's targets is unhealthy and refuses connections
    gateway_504         this share of requests times out at the gateway or load balancer
    cache_collapse      the hit rate falls by this share of itself: the origin is asked for what the cache kept
    origin_latency      function or targets take 1 + 4 x intensity times as long, seen at every hop outwards
    traffic_drop        this share of the viewers' requests does not come

All hops, and X-Ray's traces, agree on what a scenario does; intensity is above 0 and at most 1.
"""

from dataclasses import dataclass

from edgeops.localaws.world import Api, Hop, Incident, World

KINDS = ("lambda_errors", "unhealthy_targets", "gateway_504", "cache_collapse", "origin_latency", "traffic_drop")
WHOLE = ("cache_collapse", "traffic_drop")
"""What has no resource of its own to strike."""
STRUCK = {
    "lambda_errors": ("lambda",),
    "unhealthy_targets": ("target_group",),
    "origin_latency": ("lambda", "target_group"),
}


STAGE_FLUSHED = "stage_flushed"
"""What a flush of a stage's cache does; it is begun by API Gateway's own call, not by the control."""
REFILL_SECONDS = 120


class ScenarioError(ValueError):
    """A scenario that cannot happen in this world; the message says why."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One trouble of one API; times are epoch seconds, `ended_at` None is until someone ends it."""

    id: str
    kind: str
    api: str
    started_at: float
    ended_at: float | None
    intensity: float
    target: str | None = None

    def strength(self, start: float, end: float) -> float:
        """Its intensity, thinned by the share of [start, end) it lasted."""
        until = end if self.ended_at is None else min(end, self.ended_at)
        overlap = max(0.0, until - max(start, self.started_at))
        return self.intensity * overlap / (end - start)

    def is_active(self, now: float) -> bool:
        """Whether it is going on."""
        return self.started_at <= now and (self.ended_at is None or now < self.ended_at)

    def is_flush_of(self, hop: Hop) -> bool:
        """Whether it is of the cache of this stage."""
        return self.kind == STAGE_FLUSHED and self.target == hop.name


def plan(incident: Incident, world: World, *, scenario_id: str, now: float) -> Scenario:
    """Place an incident on the clock; raises ScenarioError when the world has no place for it."""
    api = world.api(incident.api)
    if incident.scenario not in KINDS:
        raise ScenarioError(f"{incident.scenario!r} is not a scenario; known are {', '.join(KINDS)}")
    if api is None:
        slugs = ", ".join(known.slug for known in world.apis if not known.copy_of)
        raise ScenarioError(f"no API {incident.api!r} in this world; known are {slugs}")
    if api.copy_of:
        raise ScenarioError(f"{api.slug} repeats what befalls {api.copy_of}; strike that, and all its copies follow")
    if not 0 < incident.intensity <= 1:
        raise ScenarioError("intensity must be above 0 and at most 1")
    if incident.started_minutes_ago < 0 or (incident.minutes is not None and incident.minutes <= 0):
        raise ScenarioError("started_minutes_ago must not be negative, and minutes must be above 0")
    started_at = now - 60 * incident.started_minutes_ago
    return Scenario(
        id=scenario_id,
        kind=incident.scenario,
        api=api.slug,
        started_at=started_at,
        ended_at=None if incident.minutes is None else started_at + 60 * incident.minutes,
        intensity=incident.intensity,
        target=_target(incident, api),
    )


def flush(api: Api, hop: Hop, *, scenario_id: str, now: float) -> Scenario:
    """The cache of a stage is empty from now on, until it has filled again."""
    return Scenario(scenario_id, STAGE_FLUSHED, api.slug, now, now + REFILL_SECONDS, intensity=1.0, target=hop.name)


def _target(incident: Incident, api: Api) -> str | None:
    """The resource it strikes: the named one, else the last of its kind; None is the API as a whole."""
    if incident.scenario in WHOLE:
        if incident.target is not None:
            raise ScenarioError(f"{incident.scenario} strikes {api.slug} as a whole; leave the target out")
        return None
    kinds = STRUCK.get(incident.scenario, ("rest_api", "http_api", "alb"))
    candidates = [hop.name for hop in api.hops if hop.kind in kinds]
    if not candidates:
        raise ScenarioError(f"{incident.scenario} cannot happen to {api.slug}: it has no {' or '.join(kinds)}")
    if incident.target is not None and incident.target not in candidates:
        raise ScenarioError(
            f"{incident.scenario} cannot strike {incident.target!r}; of {api.slug} it can strike "
            f"{', '.join(candidates)}"
        )
    if incident.target is None and incident.scenario == "origin_latency":
        return None
    return incident.target or candidates[-1]
