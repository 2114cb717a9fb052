"""The simulated edge: what a viewer of a distribution gets, cached until its TTL or an invalidation ends."""

import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

from edgeops.localaws import invalidation
from edgeops.localaws.origin import Answer, Origin
from edgeops.localaws.simulation import Simulation
from edgeops.localaws.wire.messages import HttpRequest, HttpResponse
from edgeops.localaws.world import Api

POP = "DUB56-P1"
LARGEST_CACHE = 20_000
REFUSED = b"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>
<H1>403 ERROR</H1><H2>The request could not be satisfied.</H2>Bad request.
</BODY></HTML>
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One cached object; `stored_at` is epoch seconds."""

    answer: Answer
    stored_at: float


type Key = tuple[str, str]
"""Distribution id, and path with its query string."""


class Edge:
    """One point of presence with one cache, in memory: a restart begins cold, and so never stale."""

    def __init__(self, simulation: Simulation, origin: Origin) -> None:
        self._simulation = simulation
        self._origin = origin
        self._cache: OrderedDict[Key, Entry] = OrderedDict()
        self._invalidated_until = simulation.clock()
        self._lock = threading.Lock()
        self._requests = count(1)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a viewer; the distribution is told by the Host header."""
        host = request.headers.get("host", "").partition(":")[0]
        api = self._simulation.world.host(host)
        if api is None or request.method not in ("GET", "HEAD"):
            headers = {"Content-Type": "text/html"}
            return HttpResponse(403, REFUSED, {**headers, **self._marks(host, "Error from cloudfront")})
        now = self._simulation.clock()
        with self._lock:
            self._drop_invalidated(now)
            x_cache, entry = self._look_up(api, request, now)
        headers = {
            "Content-Type": "application/json",
            **({"ETag": entry.answer.etag} if entry.answer.etag else {}),
            **self._freshness(api, entry, x_cache, now),
            **self._marks(api.distribution.domain, x_cache),
        }
        return HttpResponse(entry.answer.status, entry.answer.body, headers)

    def report(self) -> dict[str, object]:
        """What the cache holds: the number of objects of each distribution."""
        with self._lock:
            self._drop_invalidated(self._simulation.clock())
            counts = Counter(distribution_id for distribution_id, _ in self._cache)
        return {"edge_cache_entries": dict(counts)}

    def _look_up(self, api: Api, request: HttpRequest, now: float) -> tuple[str, Entry]:
        """From the cache while it is fresh, else from the origin; X-Cache says which."""
        key = (api.distribution.id, request.path + (f"?{request.query}" if request.query else ""))
        known = self._cache.get(key)
        if known is not None and now - known.stored_at < api.distribution.ttl_seconds:
            return "Hit from cloudfront", known
        fetched = Entry(self._origin.get(api, request.path, request.query), now)
        if fetched.answer.status >= 400:
            return "Error from cloudfront", fetched
        if fetched.answer.is_cacheable:
            self._cache[key] = fetched
            self._cache.move_to_end(key)
            if len(self._cache) > LARGEST_CACHE:
                self._cache.popitem(last=False)
        if known is not None and known.answer.etag == fetched.answer.etag:
            return "RefreshHit from cloudfront", fetched
        return "Miss from cloudfront", fetched

    def _drop_invalidated(self, now: float) -> None:
        """Let go of everything the invalidations completed since the last look have named."""
        completed = [
            known
            for known in self._simulation.store.state.invalidations
            if self._invalidated_until < known.completes_at <= now
        ]
        for known in completed:
            gone = [
                key
                for key in self._cache
                if key[0] == known.distribution_id and any(invalidation.matches(path, key[1]) for path in known.paths)
            ]
            for key in gone:
                del self._cache[key]
        self._invalidated_until = max(now, self._invalidated_until)

    def _freshness(self, api: Api, entry: Entry, x_cache: str, now: float) -> dict[str, str]:
        """Cache-Control always; Age only on an answer from the cache, as CloudFront does."""
        if not entry.answer.is_cacheable:
            return {"Cache-Control": "no-store"}
        headers = {"Cache-Control": f"public, max-age={api.distribution.ttl_seconds}"}
        if x_cache.startswith("Hit"):
            headers["Age"] = str(int(now - entry.stored_at))
        return headers

    def _marks(self, host: str, x_cache: str) -> dict[str, str]:
        number = next(self._requests)
        digest = sha256(f"{self._simulation.settings.seed} {self._invalidated_until} {number}".encode()).hexdigest()
        return {
            "X-Cache": x_cache,
            "Via": f"1.1 {sha256(host.encode()).hexdigest()[:32]}.cloudfront.net (CloudFront)",
            "X-Amz-Cf-Pop": POP,
            "X-Amz-Cf-Id": f"{digest[:54]}==",
        }
