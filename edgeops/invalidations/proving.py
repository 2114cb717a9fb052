"""Proving a completed batch at the edge: one probe a step, then the verdict of all of them."""

from datetime import datetime, timedelta

from django.db import transaction

from edgeops.invalidations import concluding, known, verification
from edgeops.invalidations.models import Batch, Policy, Probe
from edgeops.invalidations.verification import Observation


def prove(batch: Batch, look: verification.Look, *, now: datetime) -> None:
    """Probe the next URL; after the last one, say what all of them prove."""
    path = _next(batch, now)
    if path is None:
        concluding.conclude(batch, now)
        return
    seen = look(batch.distribution, path)
    with transaction.atomic():
        if batch.finish(next_at=now):
            _store(batch, path, seen, now + timedelta(seconds=seen.took_seconds))


def _next(batch: Batch, now: datetime) -> str | None:
    """A path of the sample that was not probed yet; what is known of wildcards may change on the way."""
    limit = Policy.of(batch.distribution).probes
    done = set(batch.probes.values_list("url", flat=True))
    if len(done) >= limit:
        return None
    wide = [one.path for one in known.named_by(batch.distribution, batch.items, now=now)[:limit]]
    sample = verification.sample(batch.items, wide, limit=limit)
    return next((path for path in sample if batch.distribution.viewer_url + path not in done), None)


def _store(batch: Batch, path: str, seen: Observation, now: datetime) -> None:
    sent = batch.submitted_at or batch.created_at
    judged = verification.judge(seen, submitted_at=sent, completed_at=batch.completed_at or now, now=now)
    Probe.objects.create(
        batch=batch,
        at=now,
        url=seen.url,
        pop=seen.pop[:40],
        status=seen.status,
        x_cache=seen.x_cache[:60],
        age_seconds=seen.age_seconds,
        etag=seen.etag[:200],
        origin_etag=seen.origin_etag[:200],
        verdict=judged.verdict,
        reason=judged.reason[:300],
    )
    if seen.was_served:
        known.meet(batch.distribution, path, seen.tags, now=now)
