"""One minute of each kind of hop: what was asked of it, what failed, how long it took."""

from dataclasses import dataclass, replace

from edgeops.localaws.spread import Spread


@dataclass(frozen=True, slots=True)
class FunctionFlow:
    """One minute of a Lambda function; `duration` in ms, `late` are the invocations so long that they report late."""

    invocations: int
    errors: int
    duration: Spread
    late: int = 0

    def without_late(self) -> "FunctionFlow":
        """What is known while the long invocations still run."""
        if not self.late:
            return self
        count = self.invocations - self.late
        return FunctionFlow(count, min(self.errors, count), replace(self.duration, slow_share=0.0))


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

    def without_late_invocations(self) -> "Flow":
        """What is known of the function while its long invocations still run."""
        if self.function is None or not self.function.late:
            return self
        return replace(self, function=self.function.without_late())
