"""Rates AWS allows an account: API Gateway's management calls share one, and its GetResources has one of its own.

https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

import threading
from dataclasses import dataclass, field

from edgeops.localaws import refusals

GATEWAY_A_SECOND, GATEWAY_BURST = 10.0, 40
RESOURCES_A_SECOND, RESOURCES_BURST = 2.5, 5


@dataclass(slots=True)
class Bucket:
    """Tokens that grow with time up to a burst."""

    rate: float
    burst: int
    tokens: float
    since: float

    def take(self, now: float) -> bool:
        """Take one token; False when there is none."""
        self.tokens = min(self.burst, self.tokens + self.rate * max(0.0, now - self.since))
        self.since = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(slots=True)
class Limits:
    """The buckets of every account, full at first."""

    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, service: str, operation: str, *, account_id: str, now: float) -> None:
        """Count one call; raises TooManyRequestsException beyond the account's rate."""
        if service not in refusals.GATEWAYS:
            return
        with self._lock:
            fits = self._take(account_id, "all", GATEWAY_A_SECOND, GATEWAY_BURST, now)
            if fits and operation == "GetResources":
                fits = self._take(account_id, operation, RESOURCES_A_SECOND, RESOURCES_BURST, now)
        if not fits:
            raise refusals.throttled(service)

    def _take(self, account_id: str, name: str, rate: float, burst: int, now: float) -> bool:
        known = self._buckets.setdefault((account_id, name), Bucket(rate, burst, float(burst), now))
        return known.take(now)
