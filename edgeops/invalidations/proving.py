"""Proving a completed batch at the edge: one probe a step, then the verdict of all; again when a person asks."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.invalidations import concluding, items, known, marks, moves, verification
from edgeops.invalidations.models import Batch, BatchState, Policy, Probe
from edgeops.invalidations.models.batches import DONE
from edgeops.invalidations.refusals import CannotProbeError
from edgeops.invalidations.verification import Observation

# No answer is a moment's trouble as likely as a blocked edge: so many in a round before none is asked for again.
UNANSWERED, NEXT_TRY = 3, timedelta(seconds=5)


def prove(batch: Batch, look: verification.Look, *, now: datetime) -> None:
    """Probe the next URL; after the last one, say what all of them prove."""
    path = _next(batch, now)
    if path is None:
        concluding.conclude(batch, now)
        return
    seen = look(batch.place, path)
    with transaction.atomic():
        if batch.finish(next_at=now + NEXT_TRY if seen.status is None else now):
            _store(batch, path, seen, now + timedelta(seconds=seen.took_seconds))


def probe_again(batch: Batch, *, actor: Actor, now: datetime) -> bool:
    """Have a batch that is over probed in one more round; False when somebody has asked for that round already.

    Raises CannotProbeError. Asking is all it does: whatever the edge answers, nothing is invalidated or warmed by it.
    """
    _check(batch, now)
    with transaction.atomic():
        over = Batch.objects.filter(pk=batch.pk, round=batch.round, state__in=DONE, next_at=None)
        if not over.update(state=BatchState.COMPLETED, next_at=now, round=F("round") + 1, verified_at=None, outcome=""):
            return False
        batch.refresh_from_db()
        moves.take_along(batch, is_over=False)
        _record(batch, actor, now)
    return True


def _check(batch: Batch, now: datetime) -> None:
    if batch.state not in DONE:
        raise CannotProbeError(
            f"This batch is “{batch.get_state_display()}”. Only what CloudFront has completed can be looked for at the "
            "edge."
        )
    if not Policy.of(batch.distribution).probes:
        raise CannotProbeError(
            f"The policy of {batch.distribution} asks for no probes. Raise its number of probes first; an admin may."
        )
    if not _sample(batch, now):
        raise CannotProbeError(
            "A wildcard or a tag names no URL by itself, and none is known that lies under those of this batch. URLs "
            "become known from traces, and from invalidations that name them."
        )


def _record(batch: Batch, actor: Actor, now: datetime) -> None:
    first = marks.first_request(batch)
    audit.record(
        actor,
        "invalidation.probed_again",
        subject=("batch", batch.pk) if first is None else marks.subject(first),
        summary=f"The edge of {batch.place} is asked again about {items.named(batch.items)}",
        detail={"batch": str(batch.pk), "cloudfront_id": batch.aws_id, "round": batch.round},
        now=now,
    )


def _next(batch: Batch, now: datetime) -> str | None:
    """A path of the sample that has no answer in this round; what is known of wildcards may change on the way."""
    asked = list(batch.probes.filter(round=batch.round).values_list("url", "status"))
    gives_up = sum(status is None for _, status in asked) >= UNANSWERED
    done = {url for url, status in asked if status is not None or gives_up}
    if len(done) >= Policy.of(batch.distribution).probes:
        return None
    return next((path for path in _sample(batch, now) if batch.place.viewer_url + path not in done), None)


def _sample(batch: Batch, now: datetime) -> list[str]:
    limit = Policy.of(batch.distribution).probes
    wide = [one.path for one in known.named_by(batch.place, batch.items, now=now)[:limit]]
    return verification.sample(batch.items, wide, limit=limit)


def _store(batch: Batch, path: str, seen: Observation, now: datetime) -> None:
    sent = batch.submitted_at or batch.created_at
    judged = verification.judge(seen, submitted_at=sent, completed_at=batch.completed_at or now, now=now)
    Probe.objects.create(
        batch=batch,
        round=batch.round,
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
        known.meet(batch.place, path, seen.tags, now=now)
