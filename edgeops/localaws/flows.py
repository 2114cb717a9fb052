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
    def target_2xx(self) -> int:
        """What the targets answered well."""
        return self.requests - self.elb_5xx - self.errors_4xx - self.target_5xx

    @property
    def elb_5xx(self) -> int:
        """What the load balancer answered itself: 502 for a refused connection, 504 for a time-out."""
        return self.connection_errors + self.timeouts


@dataclass(frozen=True, slots=True)
class Flow:
    """One minute of an API, from the viewers inwards; `origin_latency` is (requests, spread in ms) by kind.

    `errors_4xx` and `errors_5xx` are what viewers saw; `blocked` of the former the web ACL turned away with a 403.
    """

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
    blocked: int = 0

    @property
    def bytes_uploaded(self) -> int:
        """Few requests of a read-mostly API carry a body."""
        return self.requests * 64

    @property
    def is_up(self) -> bool:
        """Whether a health check would pass: at least half of what reaches the origin is answered."""
        return 2 * self.errors_5xx <= max(self.origin_requests, 1)

    def errors_of(self, status: int) -> int:
        """The viewers' errors of one status; 400s, 500s and the like are in none of the six that CloudFront counts."""
        asked = self.errors_4xx - self.blocked
        timeouts = (self.stage.timeouts if self.stage else 0) + sum(group.timeouts for group in self.groups)
        broken = (self.function.errors if self.function else 0) + sum(group.connection_errors for group in self.groups)
        counts = {401: asked // 5, 403: asked // 10 + self.blocked, 404: asked - asked // 5 - asked // 10}
        return (counts | {502: broken, 504: timeouts}).get(status, 0)

    def without_late_invocations(self) -> "Flow":
        """What is known of the function while its long invocations still run."""
        if self.function is None or not self.function.late:
            return self
        return replace(self, function=self.function.without_late())
