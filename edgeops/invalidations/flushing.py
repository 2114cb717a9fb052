"""Flushing the cache of an API Gateway stage on its own, where the path goes through one with caching on.

Empty it before the edge: CloudFront would otherwise fill itself again with what the stage still holds.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from django.db import IntegrityError, transaction

from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.aws import stage_cache
from edgeops.aws.errors import AwsError, DeniedError
from edgeops.aws.stage_cache import FLUSHING, StageCaches
from edgeops.estate.models import Account, AwsUsage, Distribution, Hop, HopKind
from edgeops.invalidations import failing
from edgeops.invalidations.models import FlushState, StageFlush
from edgeops.invalidations.refusals import AskingError
from edgeops.timeline.models import Event
from edgeops.waiting import backoff_seconds

LEASE_SECONDS = 60
LOOK_AFTER = timedelta(seconds=5)
MAX_AGE = timedelta(hours=1)
FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 2, 300


class FlushError(AskingError):
    """It cannot be flushed; the text says why."""


class Caches(Protocol):
    """The side of API Gateway that holds stage caches."""

    def flush(self, api_id: str, stage: str) -> None:
        """Empty one."""

    def status(self, api_id: str, stage: str) -> str:
        """AWS's own word for what it does."""


type Connect = Callable[[Account, str, datetime], Caches]


def connect(account: Account, region: str, now: datetime) -> StageCaches:
    """The stage caches of an account's region, every call counted."""
    return StageCaches(region, AwsUsage.meter(account, region, now), account.access)


def cached_stages(distribution: Distribution) -> list[Hop]:
    """The stages behind a distribution that discovery has found with caching on."""
    hops = Hop.objects.filter(api__distribution=distribution, kind=HopKind.REST_API).select_related("api", "account")
    return [hop for hop in hops.on_path() if hop.details.get("cache_size_gb") and hop.aws_id and stage_of(hop)]


def stage_of(hop: Hop) -> str:
    """The stage's name; empty where it is not known."""
    return str(hop.details.get("stage") or hop.dimensions.get("Stage") or "")


def needs(hop: Hop) -> tuple[str, str]:
    """The IAM action that a flush needs, and the resource it must be allowed on."""
    return stage_cache.ACTION, stage_cache.resource(hop.region, hop.aws_id, stage_of(hop))


def ask(hop: Hop, *, actor: Actor, reason: str, now: datetime) -> StageFlush:
    """Store a flush for a worker; while one runs it is that one. FlushError where there is nothing to flush."""
    if hop.kind != HopKind.REST_API or not hop.aws_id or not stage_of(hop):
        raise FlushError(f"{hop.name} has no stage cache that is known here; have its request path discovered.")
    if not reason.strip():
        raise FlushError("Say why: the reason is kept with the flush and in the audit log.")
    same = StageFlush.objects.filter(
        account=hop.account, region=hop.region, api_id=hop.aws_id, stage=stage_of(hop),
        state__in=[FlushState.REQUESTED, FlushState.IN_PROGRESS],
    )  # fmt: skip
    if (running := same.first()) is not None:
        return running
    flush = StageFlush(
        account=hop.account,
        region=hop.region,
        api_id=hop.aws_id,
        stage=stage_of(hop),
        name=hop.name,
        api_slug=hop.api.slug,
        requested_by=actor.name,
        reason=reason.strip()[:500],
        requested_at=now,
        next_at=now,
    )
    try:
        with transaction.atomic():
            flush.save(force_insert=True)
            _record(flush, actor, now)
    except IntegrityError:  # clicked twice at once
        return same.get()
    return flush


def advance(pk: str, *, now: datetime, connect: Connect = connect) -> StageFlush | None:
    """Take one step: flush, or look whether it is over; None when it is not due, or somebody else is at it."""
    row = StageFlush.claim(pk, now=now, lease_seconds=LEASE_SECONDS)
    if row is None:
        return None
    caches = connect(row.account, row.region, now)
    try:
        if row.state == FlushState.REQUESTED:
            caches.flush(row.api_id, row.stage)
            row.finish(next_at=now + LOOK_AFTER, state=FlushState.IN_PROGRESS, flushed_at=now, last_error="")
        elif caches.status(row.api_id, row.stage) == FLUSHING:
            row.finish(next_at=now + LOOK_AFTER)
        else:
            _complete(row, now)
    except AwsError as error:
        _note(row, error, now)
    return row


def _complete(row: StageFlush, now: datetime, *, doubt: str = "") -> None:
    with transaction.atomic():
        if row.finish(next_at=None, state=FlushState.COMPLETED, completed_at=now, last_error=doubt):
            _mark(row, "completed", f"Stage cache flushed: {row.name} {row.stage} ({row.reason})", now)


def _note(row: StageFlush, error: AwsError, now: datetime) -> None:
    """A flush can be repeated without harm; what is not allowed names the action and the resource."""
    words = str(error)
    if isinstance(error, DeniedError):
        words += f" The resource is {stage_cache.resource(row.region, row.api_id, row.stage)}."
    if error.retryable and now - row.requested_at < MAX_AGE:
        wait = backoff_seconds(row.attempts, first=FIRST_BACKOFF_SECONDS, cap=MAX_BACKOFF_SECONDS)
        row.finish(next_at=now + timedelta(seconds=wait), last_error=words)
    elif row.flushed_at is not None:
        _complete(row, now, doubt=f"It was flushed; whether that is over cannot be read. {words}")
    else:
        _fail(row, words, now)


def _fail(row: StageFlush, words: str, now: datetime) -> None:
    with transaction.atomic():
        if row.finish(next_at=None, state=FlushState.FAILED, last_error=words):
            _mark(row, "failed", f"Stage cache not flushed: {row.name} {row.stage}", now)
            failing.note_flush(row, now)


def _record(flush: StageFlush, actor: Actor, now: datetime) -> None:
    audit.record(
        actor,
        "stage_cache.flush_requested",
        subject=("stage_flush", flush.uuid),
        summary=f"Flush of the whole cache of {flush.name}, stage {flush.stage}",
        reason=flush.reason,
        now=now,
    )


def _mark(row: StageFlush, step: str, title: str, now: datetime) -> None:
    Event.put(
        f"stage_cache.{step}", subject=("stage_flush", row.uuid), api_slug=row.api_slug, title=title[:300], at=now
    )
