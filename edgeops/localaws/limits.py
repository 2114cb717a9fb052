"""Rates AWS allows an account: of API Gateway's management calls, and of CloudFront's invalidations.

API Gateway's calls share one rate, and GetResources has one of its own; how fast invalidations may come is told in
`edgeops.localaws.quotas`. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

import threading
from dataclasses import dataclass, field

from edgeops.localaws import invalidation, refusals
from edgeops.localaws.quotas import Quotas
from edgeops.localaws.wire.messages import Params


@dataclass(frozen=True, slots=True)
class Draw:
    """What one call takes of one rate: `count` tokens of those that grow by `rate` a second up to `burst`."""

    name: str
    rate: float
    burst: float
    count: int = 1


MANAGEMENT = Draw("management_calls", 10.0, 40)
RESOURCES = Draw("get_resources", 2.5, 5)


@dataclass(slots=True)
class Bucket:
    """Tokens that grow with time up to a burst."""

    rate: float
    burst: float
    tokens: float
    since: float

    def has(self, count: int, now: float) -> bool:
        """Whether so many can be taken; of many only half a burst must be there, and the rest is owed."""
        self.tokens = min(self.burst, self.tokens + self.rate * max(0.0, now - self.since))
        self.since = now
        return self.tokens >= min(count, max(1, self.burst / 2))


@dataclass(slots=True)
class Limits:
    """The buckets of every account, full at first, and again when their rate is changed."""

    _buckets: dict[tuple[str, str, float, float], Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def exceeded(
        self, service: str, operation: str, params: Params, quotas: Quotas, *, account_id: str, now: float
    ) -> str | None:
        """Count one call; None when it fits, else the name of the rate it exceeds, and nothing is taken."""
        draws = _draws(service, operation, params, quotas)
        with self._lock:
            drawn = [(draw, self._bucket(account_id, draw, now)) for draw in draws]
            for draw, bucket in drawn:
                if not bucket.has(draw.count, now):
                    return draw.name
            for draw, bucket in drawn:
                bucket.tokens -= draw.count
        return None

    def _bucket(self, account_id: str, draw: Draw, now: float) -> Bucket:
        key = (account_id, draw.name, draw.rate, draw.burst)
        return self._buckets.setdefault(key, Bucket(draw.rate, draw.burst, draw.burst, now))


def _draws(service: str, operation: str, params: Params, quotas: Quotas) -> list[Draw]:
    if service in refusals.GATEWAYS:
        return [MANAGEMENT, RESOURCES] if operation == "GetResources" else [MANAGEMENT]
    if service == "cloudfront" and operation in invalidation.CREATING:
        return _creating(invalidation.asked(params["InvalidationBatch"]), quotas)
    return []


def _creating(items: list[str], quotas: Quotas) -> list[Draw]:
    """What creating one invalidation takes; each item counts, a wildcard at its own rate as well."""
    wildcards = sum(map(invalidation.is_wildcard, items))
    return [
        Draw(name, rate, burst, count)
        for name, rate, burst, count in (
            ("calls_per_second", quotas.calls_per_second, quotas.calls_burst, 1),
            ("items_per_second", quotas.items_per_second, quotas.items_burst, len(items)),
            ("wildcards_per_second", quotas.wildcards_per_second, quotas.wildcards_burst, wildcards),
        )
        if rate is not None and count
    ]
