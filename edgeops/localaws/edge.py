"""The simulated edge: what a viewer of a distribution gets, cached until its TTL or an invalidation ends.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
"""

import gzip
import threading
from dataclasses import replace
from hashlib import sha256
from itertools import count

from edgeops.localaws.edge_cache import Cache, Entry, Key
from edgeops.localaws.origin import TAG_HEADER, Answer, Origin
from edgeops.localaws.simulation import Simulation
from edgeops.localaws.switches import POPS
from edgeops.localaws.wire.messages import HttpRequest, HttpResponse
from edgeops.localaws.world import Api, Site

ERROR = "Error from cloudfront"
ERROR_SECONDS = 10
CACHED_ERRORS = (404, 405, 414, 500, 501, 502, 503, 504)
SMALLEST_COMPRESSED = 1000
MOST_TAGS = 50
REFUSED = b"""<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>
<H1>403 ERROR</H1><H2>The request could not be satisfied.</H2>%s
</BODY></HTML>
"""


class Edge:
    """The points of presence of every distribution; viewers reach one of them at a time."""

    def __init__(self, simulation: Simulation, origin: Origin) -> None:
        self._simulation = simulation
        self._origin = origin
        self._cache = Cache(lambda: simulation.store.state.invalidations, simulation.clock())
        self._lock = threading.Lock()
        self._requests = count(1)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a viewer; the distribution is told by the Host header."""
        host = request.headers.get("host", "").partition(":")[0]
        site = self._simulation.world.host(host)
        if site is None or request.method not in ("GET", "HEAD"):
            return self._refuse(b"Bad request.", host, POPS[0])
        switches = self._simulation.switches(site.api.slug)
        pop = switches.pop or POPS[0]
        if switches.turns_away(request.headers.get("user-agent", "")):
            return self._refuse(b"Request blocked.", host, pop)
        now = self._simulation.clock()
        api = switches.switched(site.api)
        with self._lock:
            x_cache, answer, age = self._look_up(Site(api, site.holder), pop, request, now)
        headers = {
            **answer.headers,
            "Cache-Control": f"public, max-age={api.distribution.ttl_seconds}" if answer.is_cacheable else "no-store",
            **({} if age is None else {"Age": str(age)}),
            **self._marks(api.distribution.domain, pop, x_cache),
        }
        return HttpResponse(answer.status, answer.body, headers)

    def report(self) -> dict[str, object]:
        """What the cache holds: the number of objects of each distribution."""
        with self._lock:
            return {"edge_cache_entries": self._cache.counts(self._simulation.clock())}

    def _look_up(self, site: Site, pop: str, request: HttpRequest, now: float) -> tuple[str, Answer, int | None]:
        """X-Cache, the answer, and its age where it is from the cache; what is not fresh comes from the origin."""
        api, key = site.api, _key(site, pop, request)
        known = self._cache.get(key, now)
        if known is not None and known.is_fresh(now):
            x_cache = "Hit from cloudfront" if known.answer.status < 400 else ERROR
            return x_cache, known.answer, int(now - known.stored_at)
        answer = self._origin.get(api, request.path, request.query)
        if key.encoding == "gzip" and answer.status == 200 and len(answer.body) >= SMALLEST_COMPRESSED:
            answer = _compressed(answer)
        if ttl := _ttl(api, answer):
            self._cache.put(key, Entry(answer, now, ttl, _tags(api, answer)))
        if answer.status >= 400:
            return ERROR, answer, None
        if known is not None and answer.etag and known.answer.etag == answer.etag:
            return "RefreshHit from cloudfront", answer, None
        return "Miss from cloudfront", answer, None

    def _refuse(self, reason: bytes, host: str, pop: str) -> HttpResponse:
        return HttpResponse(403, REFUSED % reason, {"Content-Type": "text/html", **self._marks(host, pop, ERROR)})

    def _marks(self, host: str, pop: str, x_cache: str) -> dict[str, str]:
        mark = f"{self._simulation.settings.seed} {self._cache.started_at} {next(self._requests)}"
        return {
            "X-Cache": x_cache,
            "Via": f"1.1 {sha256(f'{host} {pop}'.encode()).hexdigest()[:32]}.cloudfront.net (CloudFront)",
            "X-Amz-Cf-Pop": pop,
            "X-Amz-Cf-Id": f"{sha256(mark.encode()).hexdigest()[:54]}==",
        }


def _key(site: Site, pop: str, request: HttpRequest) -> Key:
    """The cache key as the cache policy makes it: query strings all or none, and how the answer may be encoded."""
    query = request.query if site.api.distribution.query_strings == "all" else ""
    encoding = "gzip" if "gzip" in request.headers.get("accept-encoding", "") else "identity"
    return Key(site.holder, pop, request.path + (f"?{query}" if query else ""), encoding)


def _ttl(api: Api, answer: Answer) -> float:
    """How long an answer is kept; some errors are for a moment, to spare an origin that fails."""
    if answer.status >= 400:
        return ERROR_SECONDS if answer.status in CACHED_ERRORS else 0
    return api.distribution.ttl_seconds if answer.is_cacheable else 0


def _tags(api: Api, answer: Answer) -> frozenset[str]:
    """The cache tags in the header that CacheTagConfig names; of more than fifty the first ones."""
    if api.distribution.cache_tag_header.lower() != TAG_HEADER.lower():
        return frozenset()
    named = (tag.strip().lower() for tag in answer.headers.get(TAG_HEADER, "").split(","))
    return frozenset([tag for tag in named if tag][:MOST_TAGS])


def _compressed(answer: Answer) -> Answer:
    """The answer in gzip; its ETag becomes a weak one, for the bytes are no longer the origin's."""
    more = {**answer.more, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(answer, body=gzip.compress(answer.body, mtime=0), etag=f"W/{answer.etag}", more=more)
