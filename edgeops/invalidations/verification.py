"""Whether the edge serves what was invalidated: which URLs to ask for, and what their answers say.

X-Cache and Age as CloudFront sends them:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from edgeops import outbound
from edgeops.invalidations.models import DistributionConfig, Place, Tenant, Verdict
from edgeops.outbound import OutboundError

FIRST_ERROR_STATUS, FORBIDDEN_STATUS = 400, 403
# The cache key of most policies holds the normalised encoding; ask as a browser does.
HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, br", "User-Agent": "EdgeOps-probe"}
MAX_AGE_SECONDS = 2**31 - 1
# The invalidation did its work; whether the object is the newest is another question.
ORIGIN_MOVED_ON = " The origin has another ETag now: it changed since, or names each answer anew."
MAX_TAGS = 50  # CloudFront reads no more of an object


@dataclass(frozen=True)
class Observation:
    """What one URL answered through the distribution, and the ETag its origin gave; None where nothing was said."""

    url: str
    status: int | None = None
    x_cache: str = ""
    age_seconds: int | None = None
    etag: str = ""
    pop: str = ""
    origin_etag: str = ""
    tags: tuple[str, ...] = ()
    took_seconds: float = 0
    error: str = ""

    @property
    def was_served(self) -> bool:
        """Whether a viewer got the object, or was sent on."""
        return self.status is not None and self.status < FIRST_ERROR_STATUS


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reason."""

    verdict: Verdict
    reason: str


type Look = Callable[[Place, str], Observation]


def sample(items: Sequence[str], known: Sequence[str], *, limit: int) -> list[str]:
    """Paths to probe: of those named exactly, and of those known under wildcards and tags, at least half each."""
    exact = [item for item in items if item.startswith("/") and not item.endswith("*")]
    wide = min(len(known), max(limit - len(exact), limit // 2))
    return [*exact[: limit - wide], *known[:wide]]


def judge(seen: Observation, *, submitted_at: datetime, completed_at: datetime, now: datetime) -> Judgement:
    """Decide whether one answer was cached after the invalidation. Pure; the order of the rules is their rank."""
    if seen.error:
        return Judgement(Verdict.UNKNOWN, f"No answer: {seen.error}")
    if not seen.was_served:
        return Judgement(Verdict.UNKNOWN, _unserved(seen))
    word = seen.x_cache.partition(" ")[0].lower()
    if word == "miss":
        return Judgement(Verdict.FRESH, "A miss: fetched from the origin just now.")
    if word == "refreshhit":
        return _judge_refreshed(seen)
    if word == "hit":
        return _judge_hit(seen, submitted_at, completed_at, now)
    return Judgement(Verdict.UNKNOWN, f"X-Cache says {seen.x_cache!r}." if word else "No X-Cache header came back.")


def _unserved(seen: Observation) -> str:
    words = f"The edge answered {seen.status}, which says nothing about what it holds."
    if seen.status == FORBIDDEN_STATUS:
        words += " A WAF rule may block the probe; its User-Agent is EdgeOps-probe."
    return words


def _judge_refreshed(seen: Observation) -> Judgement:
    if not seen.etag or not seen.origin_etag:
        return Judgement(Verdict.UNKNOWN, "Revalidated with the origin, but there are no two ETags to compare.")
    if same_etag(seen.etag, seen.origin_etag):
        return Judgement(Verdict.FRESH, "Revalidated, and the ETag is the origin's.")
    return Judgement(Verdict.STALE, "Revalidated, yet the ETag is not the origin's.")


def _judge_hit(seen: Observation, submitted_at: datetime, completed_at: datetime, now: datetime) -> Judgement:
    if same_etag(seen.etag, seen.origin_etag):
        return Judgement(Verdict.FRESH, "A hit with the origin's ETag.")
    if seen.age_seconds is None:
        return Judgement(Verdict.UNKNOWN, "A hit without an Age header: it cannot be told when it was cached.")
    if now < submitted_at:
        return Judgement(Verdict.UNKNOWN, "A hit, but the clock was set back meanwhile: its age says nothing.")
    since_submitted = int((now - submitted_at).total_seconds())
    if seen.age_seconds <= since_submitted:
        step = "completed" if seen.age_seconds <= (now - completed_at).total_seconds() else "was sent"
        words = f"A hit cached {seen.age_seconds} s ago, after the invalidation {step}."
        return Judgement(Verdict.FRESH, words + (ORIGIN_MOVED_ON if seen.etag and seen.origin_etag else ""))
    return Judgement(
        Verdict.STALE, f"A hit cached {seen.age_seconds} s ago; the invalidation was sent {since_submitted} s ago."
    )


def same_etag(one: str, other: str) -> bool:
    """Whether two ETags name the same content; compression at the edge turns a strong one into a weak one."""
    return bool(one) and one.removeprefix("W/") == other.removeprefix("W/")


def look(place: Place, path: str) -> Observation:
    """Ask for one path through the distribution, and its origin where that is known. Failing is an observation too."""
    url = place.viewer_url + path
    began = time.monotonic()
    try:
        answer = outbound.request("GET", url, headers=HEADERS, host=place.viewer_host or None)
    except OutboundError as error:
        return Observation(url=url, error=str(error))
    took = time.monotonic() - began
    return Observation(
        url=url,
        took_seconds=took,
        status=answer.status,
        x_cache=answer.headers.get("X-Cache", ""),
        age_seconds=_age(answer.headers),
        etag=answer.headers.get("ETag", ""),
        pop=answer.headers.get("X-Amz-Cf-Pop", ""),
        origin_etag=_origin_etag(place, path),
        tags=_tags(place, answer.headers),
    )


def _tags(place: Place, headers: Mapping[str, str]) -> tuple[str, ...]:
    """The cache tags of the answer, where the distribution knows them, and does not take the header away."""
    distribution = place.distribution_id if isinstance(place, Tenant) else place.pk
    known = DistributionConfig.objects.filter(distribution=distribution).first()
    told = headers.get(known.cache_tag_header, "") if known is not None and known.cache_tag_header else ""
    return tuple(f"#{tag.strip().lower()}" for tag in told.split(",") if tag.strip())[:MAX_TAGS]


def _origin_etag(place: Place, path: str) -> str:
    """Of a tenant it is not asked for: its origin may be its own, or answer by host."""
    if isinstance(place, Tenant) or not place.origin_probe_url:
        return ""
    try:
        answer = outbound.request("GET", place.origin_probe_url.rstrip("/") + path, headers=HEADERS)
    except OutboundError:  # the ETag is then not compared; the edge's answer stands by itself
        return ""
    return answer.headers.get("ETag", "") if answer.status < FIRST_ERROR_STATUS else ""


def _age(headers: Mapping[str, str]) -> int | None:
    age = headers.get("Age", "")
    return min(int(age), MAX_AGE_SECONDS) if age.isascii() and age.isdigit() and len(age) < 20 else None
