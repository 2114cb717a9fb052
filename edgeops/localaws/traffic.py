"""What passed each hop of an API in one minute: one arithmetic that metrics, traces and the edge all read.

The hops agree: what CloudFront could not answer from its cache is what the origin counts; what the stage cache could
not answer is what the function is invoked for; an error is counted where it is caused and at every hop further out.
"""

import math
from dataclasses import replace
from functools import lru_cache

from edgeops.localaws.flows import Flow, FunctionFlow, GroupFlow, StageFlow
from edgeops.localaws.noise import tide, unit, wander, whole
from edgeops.localaws.scenarios import STAGE_FLUSHED, Scenario
from edgeops.localaws.spread import Spread
from edgeops.localaws.world import Api, Hop, World

LAMBDA_ERROR_RATE = 0.0004
CLIENT_ERROR_RATE = 0.012
BLOCKED_RATE = 0.0002
LATE_SHARE = 0.05
FUNCTION_SIGMA = 0.55
TARGET_ERROR_RATE = 0.0005
GATEWAY_TIMEOUT_MS = 29_000
ORIGIN_TIMEOUT_MS = 30_000
REMEMBERED_MINUTES = 100_000


class Traffic:
    """The traffic of a world under a set of scenarios: a pure function of the minute, remembered for a while."""

    def __init__(self, world: World, seed: int, scenarios: tuple[Scenario, ...] = ()) -> None:
        self.world = world
        self.seed = seed
        self.scenarios = scenarios
        self._remembered = lru_cache(maxsize=REMEMBERED_MINUTES)(self._flow)

    def flow(self, slug: str, minute: int) -> Flow:
        """One minute of an API; a copy's is its original's, so its groups bear the original's names, in order."""
        api = self.world.api(slug)
        if api is None:
            raise LookupError(f"no API {slug!r} in this world")
        return self._remembered(api.source, minute)

    def strength(self, kind: str, api: str, start: float, end: float, *, target: str | None = None) -> float:
        """How strongly a kind of scenario strikes an API (or one resource of it) in [start, end), 0 to 1."""
        if not self.scenarios:
            return 0.0
        found = (
            scenario.strength(start, end)
            for scenario in self.scenarios
            if scenario.kind == kind and scenario.api == api and (target is None or scenario.target in (None, target))
        )
        return min(1.0, sum(found))

    def _slowness(self, api: Api, minute: int, *, target: str | None = None) -> float:
        """How many times longer than usual the origin takes."""
        return 1 + 4 * self.strength("origin_latency", api.slug, 60 * minute, 60 * minute + 60, target=target)

    def _flow(self, slug: str, minute: int) -> Flow:
        api = self.world.api(slug)
        if api is None:
            raise LookupError(f"the original of {slug!r} is not in this world")
        requests = self._requests(api, minute)
        hit_rate = api.distribution.hit_rate + 0.02 * wander(self.seed, f"{slug} hits", minute, step=30)
        hit_rate *= 1 - self.strength("cache_collapse", slug, 60 * minute, 60 * minute + 60)
        origin_requests = requests - round(requests * min(max(hit_rate, 0.0), 1.0))
        busy = requests / api.requests_per_minute
        inner = self._balanced if api.target_groups else self._invoked
        flow = inner(api, minute, requests, origin_requests, busy)
        blocked = min(self._blocked(api, minute, requests), requests - origin_requests)
        return replace(flow, errors_4xx=flow.errors_4xx + blocked, blocked=blocked)

    def _requests(self, api: Api, minute: int) -> int:
        drift = 1 + 0.06 * wander(self.seed, f"{api.slug} drift", minute)
        jitter = 1 + 0.05 * (self._draw(api, "jitter", minute) - 0.5)
        left = 1 - self.strength("traffic_drop", api.slug, 60 * minute, 60 * minute + 60)
        return round(api.requests_per_minute * tide(minute) * drift * jitter * left)

    def _blocked(self, api: Api, minute: int, requests: int) -> int:
        """What the distribution's web ACL turns away: little, and in many minutes nothing."""
        if api.waf is None or all(rule.action == "Count" for rule in api.waf.rules):
            return 0
        return whole(requests * BLOCKED_RATE, self._draw(api, "blocked", minute))

    def _invoked(self, api: Api, minute: int, requests: int, origin_requests: int, busy: float) -> Flow:
        """API Gateway in front of a function."""
        gateway = api.gateway
        cache_hit_rate = gateway.cache_hit_rate if gateway is not None and gateway.cache else 0.0
        cache_hit_rate *= 1 - self.strength(STAGE_FLUSHED, api.slug, 60 * minute, 60 * minute + 60)
        cache_hits = round(origin_requests * cache_hit_rate)
        invocations = origin_requests - cache_hits
        timing_out = self.strength("gateway_504", api.slug, 60 * minute, 60 * minute + 60)
        timeouts = min(invocations, whole(invocations * timing_out, self._draw(api, "timeouts", minute)))
        function = self._function(api, minute, invocations, timeouts, busy)
        errors_4xx = min(
            invocations - timeouts - function.errors,
            whole(invocations * CLIENT_ERROR_RATE, self._draw(api, "4xx", minute)),
        )
        stage = _stage(function, timeouts=timeouts, cache_hits=cache_hits, errors_4xx=errors_4xx)
        return Flow(
            minute=minute,
            requests=requests,
            origin_requests=origin_requests,
            bytes_downloaded=self._bytes(api, minute, requests),
            errors_4xx=errors_4xx,
            errors_5xx=stage.errors_5xx,
            origin_latency=((origin_requests, stage.latency.plus(11)),),
            stage=stage,
            function=function,
            groups=(),
        )

    def _function(self, api: Api, minute: int, invocations: int, timeouts: int, busy: float) -> FunctionFlow:
        """The function itself: an invocation the gateway gave up on works on, and is no error of its own."""
        failing = self.strength("lambda_errors", api.slug, 60 * minute, 60 * minute + 60)
        slowness = self._slowness(api, minute)
        left = invocations - timeouts
        errors = whole(left * max(LAMBDA_ERROR_RATE, failing), self._draw(api, "errors", minute))
        duration = Spread(
            median=38 * (0.85 + 0.15 * busy) * self._pace(api, minute) * (1 + 2 * failing) * slowness,
            sigma=FUNCTION_SIGMA,
            offset=4,
            slow_share=timeouts / invocations if invocations else 0.0,
            slow=GATEWAY_TIMEOUT_MS + 700,
        )
        late = timeouts + int(left * LATE_SHARE * (slowness - 1))
        return FunctionFlow(invocations, min(errors, left), duration, late=late)

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
        unhealthy = math.ceil(round(group.targets * failing, 6))
        sick = unhealthy / group.targets if group.targets else 0.0
        # With no healthy target left the load balancer fails open and sends to the sick ones.
        refused = 0.55 * sick if unhealthy == group.targets else 0.12 * sick
        late = self.strength("gateway_504", api.slug, *span)
        slowness = self._slowness(api, minute, target=group.name)
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
                median=0.052 * (0.85 + 0.15 * busy) * self._pace(api, minute) * (1 + 3 * sick) * slowness,
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


def _stage(function: FunctionFlow, *, timeouts: int, cache_hits: int, errors_4xx: int) -> StageFlow:
    """The stage in front of a function: it answers some requests from its cache and gives up after 29 s."""
    count = function.invocations + cache_hits
    fast_share = cache_hits / count if count else 0.0
    slow_share = function.duration.slow_share
    median = function.duration.median
    integration = Spread(median, FUNCTION_SIGMA, 10, slow_share=slow_share, slow=GATEWAY_TIMEOUT_MS)
    latency = Spread(
        median,
        FUNCTION_SIGMA,
        16,
        fast_share=fast_share,
        fast=5,
        slow_share=slow_share * (1 - fast_share),
        slow=GATEWAY_TIMEOUT_MS + 6,
    )
    return StageFlow(
        count=count,
        errors_4xx=errors_4xx,
        errors_5xx=function.errors + timeouts,
        timeouts=timeouts,
        cache_hits=cache_hits,
        cache_misses=function.invocations,
        latency=latency,
        integration_latency=integration,
    )
