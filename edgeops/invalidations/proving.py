"""Proving a completed batch at the edge: one probe a step, then the verdict of all of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from edgeops.access.audit import SYSTEM
from edgeops.invalidations import asking, verification
from edgeops.invalidations.models import Batch, BatchState, Probe, Source, Verdict
from edgeops.invalidations.moves import move
from edgeops.invalidations.verification import Observation

UNVERIFIABLE = "Unverifiable: a wildcard names no URL, so nothing was probed. CloudFront says it is completed."


def prove(batch: Batch, look: verification.Look, *, now: datetime) -> None:
    """Probe the next URL; after the last one, say what all of them prove."""
    sample = verification.sample(batch.items)
    done = set(batch.probes.values_list("url", flat=True))
    left = [path for path in sample if batch.distribution.viewer_url + path not in done]
    if not left:
        _conclude(batch, now)
        return
    seen = look(batch.distribution, left[0])
    with transaction.atomic():
        if batch.finish(next_at=now):
            _store(batch, seen, now + timedelta(seconds=seen.took_seconds))


def _store(batch: Batch, seen: Observation, now: datetime) -> None:
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


def _conclude(batch: Batch, now: datetime) -> None:
    probes = list(batch.probes.order_by("pk"))
    verdicts = {probe.verdict for probe in probes}
    outcome = _summed_up(batch, probes)[:500]
    if not probes:
        move(batch, BatchState.COMPLETED, next_at=None, now=now, outcome=UNVERIFIABLE)
    elif Verdict.STALE in verdicts:
        _try_once_more(batch, outcome, now)
    elif verdicts == {Verdict.FRESH}:
        move(batch, BatchState.VERIFIED, next_at=None, now=now, mark="verified", verified_at=now, outcome=outcome)
    else:
        move(batch, BatchState.COMPLETED, next_at=None, now=now, outcome=f"Not verified. {outcome}")


def _try_once_more(batch: Batch, outcome: str, now: datetime) -> None:
    """A stale answer earns one new request; a second one would not end the cause, which a person must find."""
    with transaction.atomic():
        if not move(batch, BatchState.VERIFY_FAILED, next_at=None, now=now, mark="verify_failed", outcome=outcome):
            return
        first_tries = batch.requests.exclude(source=Source.VERIFY_RETRY)
        request = first_tries.order_by("requested_at", "uuid").first()
        if request is None:
            return
        asking.ask(
            distribution=batch.distribution,
            items=batch.items,
            actor=SYSTEM,
            source=Source.VERIFY_RETRY,
            reason=f"Still stale after an invalidation that completed: {request.reason}",
            idempotency_key=str(batch.uuid),
            now=now,
            may_invalidate_everything=True,
            cause=("request", request.uuid),
        )


def _summed_up(batch: Batch, probes: Sequence[Probe]) -> str:
    counts = [
        f"{sum(probe.verdict == verdict for probe in probes)} {verdict.label.lower()}"
        for verdict in Verdict
        if any(probe.verdict == verdict for probe in probes)
    ]
    pops = sorted({probe.pop for probe in probes if probe.pop})
    where = f" at {', '.join(pops)}; one edge location is not the world" if pops else ""
    exact = sum(not item.endswith("*") for item in batch.items)
    wildcards = len(batch.items) - exact
    rest = f" Wildcards name no URL and were not probed: {wildcards}." if wildcards else ""
    return f"{len(probes)} of {exact} paths probed: {', '.join(counts)}{where}.{rest}"
