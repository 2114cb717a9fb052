"""What passed each hop of an API in one minute: one arithmetic that metrics, traces and the edge all read.

The hops agree: what CloudFront could not answer from its cache is what the origin counts; what the stage cache could
not answer is what the function is invoked for; an error is counted where it is caused and at every hop further out.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from edgeops.localaws.noise import tide, unit, wander, whole
from edgeops.localaws.scenarios import Scenario
from edgeops.localaws.spread import Spread
from edgeops.localaws.world import Api, Hop, World

LAMBDA_ERROR_RATE = 0.0004
CLIENT_ERROR_RATE = 0.012
TARGET_ERROR_RATE = 0.0005
GATEWAY_TIMEOUT_MS = 29_000
ORIGIN_TIMEOUT_MS = 30_000
REMEMBERED_MINUTES = 100_000


@dataclass(frozen=True, slots=True)
class FunctionFlow:
    """One minute of a Lambda function; `duration` in ms."""

    invocations: int
    errors: int
    duration: Spread


@dataclass(frozen=True, slots=True)
class StageFlow:
    """One minute of an API Gateway stage; latencies in ms, cache counts only where the stage has a cache."""

    count: int
    errors_4xx: int
    errors_5xx: int
    timeouts: int
    cache_hits: int
    cache_misses: int
    latency: Spread
    integration_latency: Spread


@dataclass(frozen=True, slots=True)
class GroupFlow:
    """One minute of a target group; `response_time` in seconds."""

    name: str
    requests: int
    errors_4xx: int
    target_5xx: int
    connection_errors: int
    timeouts: int
    healthy: int
    unhealthy: int
    response_time: Spread

    @property
    def elb_5xx(self) -> int:
        """What the load balancer answered itself: 502 for a refused connection, 504 for a time-out."""
        return self.connection_errors + self.timeouts


@dataclass(frozen=True, slots=True)
class Flow:
    """One minute of an API, from the viewers inwards; `origin_latency` is (requests, spread in ms) by kind."""

    minute: int
    requests: int
    origin_requests: int
    bytes_downloaded: int
    errors_4xx: int
    errors_5xx: int
    origin_latency: tuple[tuple[int, Spread], ...]
    stage: StageFlow | None
    function: FunctionFlow | None
    groups: tuple[GroupFlow, ...]


class Traffic:
    """The traffic of a world under a set of scenarios: a pure function of the minute, remembered for a while."""

    def __init__(self, world: World, seed: int, scenarios: tuple[Scenario, ...] = ()) -> None:
        self.world = world
        self.seed = seed
        self.scenarios = scenarios
        self.flow = lru_cache(maxsize=REMEMBERED_MINUTES)(self._flow)

    def strength(self, kind: str, api: str, start: float, end: float, *, target: str | None = None) -> float:
        """How strongly a kind of scenario strikes an API (or one resource of it) in [start, end), 0 to 1."""
        found = (
            scenario.strength(start, end)
            for scenario in self.scenarios
            if scenario.kind == kind and scenario.api == api and target in (None, scenario.target)
        )
        return min(1.0, sum(found))

    def _flow(self, slug: str, minute: int) -> Flow:
        api = self.world.api(slug)
        if api is None:
            raise LookupError(f"no API {slug!r} in this world")
        requests = self._requests(api, minute)
        hit_rate = api.distribution.hit_rate + 0.02 * wander(self.seed, f"{slug} hits", minute, step=30)
        origin_requests = requests - round(requests * min(max(hit_rate, 0.0), 1.0))
        busy = requests / api.requests_per_minute
        if api.target_groups:
            return self._balanced(api, minute, requests, origin_requests, busy)
        return self._invoked(api, minute, requests, origin_requests, busy)

    def _requests(self, api: Api, minute: int) -> int:
        drift = 1 + 0.06 * wander(self.seed, f"{api.slug} drift", minute)
        jitter = 1 + 0.05 * (self._draw(api, "jitter", minute) - 0.5)
        return round(api.requests_per_minute * tide(minute) * drift * jitter)

    def _invoked(self, api: Api, minute: int, requests: int, origin_requests: int, busy: float) -> Flow:
        """API Gateway in front of a function."""
        gateway = api.gateway
        cached = gateway is not None and gateway.cache
        cache_hits = round(origin_requests * gateway.cache_hit_rate) if gateway and cached else 0
        invocations = origin_requests - cache_hits
        span = (60 * minute, 60 * minute + 60)
        failing = self.strength("lambda_errors", api.slug, *span)
        timing_out = self.strength("gateway_504", api.slug, *span)
        timeouts = min(invocations, whole(invocations * timing_out, self._draw(api, "timeouts", minute)))
        errors = whole((invocations - timeouts) * max(LAMBDA_ERROR_RATE, failing), self._draw(api, "errors", minute))
        errors = min(errors, invocations - timeouts)
        slow_share = timeouts / invocations if invocations else 0.0
        duration = Spread(
            median=38 * (0.85 + 0.15 * busy) * self._pace(api, minute) * (1 + 2 * failing),
            sigma=0.55,
            offset=4,
            slow_share=slow_share,
            slow=GATEWAY_TIMEOUT_MS + 700,
        )
        integration = Spread(duration.median, 0.55, 10, slow_share=slow_share, slow=GATEWAY_TIMEOUT_MS)
        fast_share = cache_hits / origin_requests if origin_requests else 0.0
        latency = Spread(
            integration.median,
            0.55,
            16,
            fast_share=fast_share,
            fast=5,
            slow_share=slow_share * (1 - fast_share),
            slow=GATEWAY_TIMEOUT_MS + 6,
        )
        errors_4xx = min(
            invocations - timeouts - errors,
            whole(invocations * CLIENT_ERROR_RATE, self._draw(api, "4xx", minute)),
        )
        stage = StageFlow(
            count=origin_requests,
            errors_4xx=errors_4xx,
            errors_5xx=errors + timeouts,
            timeouts=timeouts,
            cache_hits=cache_hits,
            cache_misses=invocations,
            latency=latency,
            integration_latency=integration,
        )
        return Flow(
            minute=minute,
            requests=requests,
            origin_requests=origin_requests,
            bytes_downloaded=self._bytes(api, minute, requests),
            errors_4xx=errors_4xx,
            errors_5xx=stage.errors_5xx,
            origin_latency=((origin_requests, latency.plus(11)),),
            stage=stage,
            function=FunctionFlow(invocations, errors, duration),
            groups=(),
        )

    def _balanced(self, api: Api, minute: int, requests: int, origin_requests: int, busy: float) -> Flow:
        """A load balancer in front of target groups."""
        groups = []
        left = origin_requests
        for group in api.target_groups[:-1]:
            share = min(left, round(origin_requests * group.share))
            groups.append(self._group(api, group, minute, share, busy))
            left -= share
        groups.append(self._group(api, api.target_groups[-1], minute, left, busy))
        return Flow(
            minute=minute,
            requests=requests,
            origin_requests=origin_requests,
            bytes_downloaded=self._bytes(api, minute, requests),
            errors_4xx=sum(group.errors_4xx for group in groups),
            errors_5xx=sum(group.target_5xx + group.elb_5xx for group in groups),
            origin_latency=tuple((group.requests, _seen_from_the_edge(group)) for group in groups),
            stage=None,
            function=None,
            groups=tuple(groups),
        )

    def _group(self, api: Api, group: Hop, minute: int, requests: int, busy: float) -> GroupFlow:
        span = (60 * minute, 60 * minute + 60)
        failing = self.strength("unhealthy_targets", api.slug, *span, target=group.name)
        unhealthy = -int(-group.targets * failing // 1)
        sick = unhealthy / group.targets if group.targets else 0.0
        # With no healthy target left the load balancer fails open and sends to the sick ones.
        refused = 0.55 * sick if unhealthy == group.targets else 0.12 * sick
        late = self.strength("gateway_504", api.slug, *span)
        label = group.name
        connection_errors = whole(requests * refused, self._draw(api, f"{label} refused", minute))
        left = requests - min(connection_errors, requests)
        timeouts = min(left, whole(left * late, self._draw(api, f"{label} late", minute)))
        left -= timeouts
        rate = TARGET_ERROR_RATE + 0.15 * sick
        target_5xx = min(left, whole(left * rate, self._draw(api, f"{label} 5xx", minute)))
        errors_4xx = min(left - target_5xx, whole(left * CLIENT_ERROR_RATE, self._draw(api, f"{label} 4xx", minute)))
        return GroupFlow(
            name=group.name,
            requests=requests,
            errors_4xx=errors_4xx,
            target_5xx=target_5xx,
            connection_errors=min(connection_errors, requests),
            timeouts=timeouts,
            healthy=group.targets - unhealthy,
            unhealthy=unhealthy,
            response_time=Spread(
                median=0.052 * (0.85 + 0.15 * busy) * self._pace(api, minute) * (1 + 3 * sick),
                sigma=0.6,
                offset=0.006,
            ),
        )

    def _pace(self, api: Api, minute: int) -> float:
        """The slow drift of latencies, around 1; each API has a pace of its own."""
        own = 0.8 + 0.5 * unit(self.seed, f"{api.slug} own pace")
        jitter = 0.06 * (self._draw(api, "pace", minute) - 0.5)
        return own * (1 + 0.09 * wander(self.seed, f"{api.slug} pace drift", minute, step=45) + jitter)

    def _bytes(self, api: Api, minute: int, requests: int) -> int:
        size = 9_000 + 9_000 * unit(self.seed, f"{api.slug} size")
        return round(requests * size * (1 + 0.04 * (self._draw(api, "bytes", minute) - 0.5)))

    def _draw(self, api: Api, label: str, minute: int) -> float:
        return unit(self.seed, f"{api.slug} {label}", minute)


def _seen_from_the_edge(group: GroupFlow) -> Spread:
    """The origin latency of one target group's requests, ms: time-outs wait as long as CloudFront does."""
    answered = group.response_time.times(1000).plus(13)
    slow_share = group.timeouts / group.requests if group.requests else 0.0
    return replace(answered, slow_share=slow_share, slow=ORIGIN_TIMEOUT_MS)
