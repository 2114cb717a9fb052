"""Freezing a window: its items become a batch that never changes again, and its requests follow that."""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from edgeops.estate.models import Distribution
from edgeops.invalidations import choosing, covering, quota, superseding
from edgeops.invalidations.choosing import Choice
from edgeops.invalidations.models import (
    PEOPLE,
    Batch,
    BatchState,
    Item,
    Policy,
    Priority,
    QuotaProfile,
    Request,
    RequestState,
)
from edgeops.invalidations.models.requests import REPEATS
from edgeops.invalidations.windows import Window

# Rows read for one batch; the duplicates of a storm are many, and go along for nothing.
MAX_READ = 10_000

type Queued = tuple[int, UUID, str]
"""Item, its request, its form as sent."""


def freeze(window: Window, profile: QuotaProfile, now: datetime) -> Batch | None:
    """Make a batch of what fits, and spend its tokens; None when nothing fits. In the profile's transaction."""
    distribution = Distribution.objects.get(pk=window.distribution_id)
    room = quota.room(
        profile,
        here=Batch.objects.filter(distribution=distribution).in_flight(),
        everywhere=Batch.objects.filter(distribution__account=window.account_id).in_flight(),
        priority=window.priority,
        now=now,
    )
    if room.is_none:
        return None
    queued = _still_queued(_in_order(window))
    policy = Policy.of(distribution)
    alone = _alone(queued) if policy.ceilings else ()
    choice = choosing.choose((form for _, _, form in queued), room, policy, alone=alone)
    if not choice.forms:
        return None
    quota.spend(profile, items=len(choice.forms), wildcards=choice.wildcards, now=now)
    profile.save()
    batch = make(
        distribution, choice.forms, tenant=window.tenant_id, lane=window.lane, priority=window.priority, now=now
    )
    _cover(batch, choice, [*queued, *_still_queued(_elsewhere(window, choice))])
    return batch


def make(
    distribution: Distribution,
    forms: Iterable[str],
    *,
    tenant: int | None,
    lane: str,
    priority: str,
    now: datetime,
    state: BatchState = BatchState.COALESCED,
    root: UUID | None = None,
) -> Batch:
    """A batch whose items and caller reference never change again."""
    identity = uuid.uuid4()
    choice = Choice(forms=sorted(forms))
    return Batch.objects.create(
        uuid=identity,
        distribution=distribution,
        tenant_id=tenant,
        lane=lane,
        priority=priority,
        caller_reference=f"edgeops-{identity}",
        items=choice.forms,
        paths_count=choice.paths,
        wildcards_count=choice.wildcards,
        digest=digest(choice.forms),
        state=state,
        created_at=now,
        next_at=now,
        root=root,
    )


def digest(sent_forms: Sequence[str]) -> str:
    """SHA-256 of frozen items: what CloudFront was asked never changes under one reference."""
    return hashlib.sha256("\n".join(sent_forms).encode()).hexdigest()


def distinct(window: Window) -> int:
    """How many different items wait in a window."""
    return _waiting(window).filter(_of(window)).values("sent_form").distinct().count()


def _in_order(window: Window) -> list[Queued]:
    """The items of a window, oldest first. People ride along with any batch that leaves: they are few, and wait."""
    mine, waiting = _of(window), _waiting(window)
    if window.lane == PEOPLE:
        return _read(waiting.filter(mine))
    people = waiting.filter(request__lane=PEOPLE).exclude(request__priority=Priority.BULK)
    return [*_read(people), *_read(waiting.filter(mine))]


def _elsewhere(window: Window, choice: Choice) -> list[Queued]:
    """Queued items of other lanes that the batch names anyway."""
    others = _waiting(window).exclude(_of(window))
    if window.lane != PEOPLE:
        others = others.exclude(request__lane=PEOPLE)
    return _read(others.filter(sent_form__in=choice.forms))


def _of(window: Window) -> Q:
    return Q(request__lane=window.lane, request__priority=window.priority)


def _waiting(window: Window) -> QuerySet[Item]:
    """By one join: after a sudden heap of them PostgreSQL has no statistics yet by which to choose among more."""
    return Item.objects.filter(
        request__state=RequestState.QUEUED,
        request__distribution=window.distribution_id,
        request__tenant=window.tenant_id,
        batch=None,
        failure="",
    )


def _read(waiting: QuerySet[Item]) -> list[Queued]:
    rows = waiting.order_by("request__queued_at", "pk").values_list("pk", "request_id", "sent_form")
    return list(rows[:MAX_READ])


def _still_queued(queued: list[Queued]) -> list[Queued]:
    """Those nobody has cancelled or held meanwhile; from here on nobody can until the batch is stored."""
    wanted = {request for _, request, _ in queued}
    locked = Request.objects.queued().filter(pk__in=wanted).select_for_update().order_by("pk")
    alive = set(locked.values_list("pk", flat=True))
    return [row for row in queued if row[1] in alive]


def _alone(queued: Sequence[Queued]) -> set[str]:
    """Paths that make no wildcard of their directory: their rule lets nothing so wide out, or they are repeats."""
    wanted = {request for _, request, _ in queued}
    bounded = Request.objects.filter(pk__in=wanted).filter(~Q(ceiling="") | Q(source__in=REPEATS))
    ceilings = dict(bounded.values_list("pk", "ceiling"))
    return {
        form
        for _, request, form in queued
        if request in ceilings and not covering.covers(ceilings[request], covering.parent(form))
    }


def _cover(batch: Batch, choice: Choice, queued: Sequence[Queued]) -> None:
    """Write which item of which request the batch covers, and let the requests follow."""
    by_cover: dict[str, list[int]] = {}
    touched: set[UUID] = set()
    brought: dict[str, UUID] = {}
    folded: dict[str, UUID] = {}
    for item, request, form in queued:
        if (cover := choice.covered_by.get(form)) is None:
            continue
        is_exact = cover == form
        by_cover.setdefault("" if is_exact else cover, []).append(item)
        touched.add(request)
        (brought if is_exact else folded).setdefault(cover, request)
    for cover, items in by_cover.items():
        Item.objects.filter(pk__in=items).update(batch=batch, covered_by=cover)
    _follow(batch, touched, openers=set({**folded, **brought}.values()))


def _follow(batch: Batch, touched: set[UUID], *, openers: set[UUID]) -> None:
    """A request that brought something new is coalesced; one whose items others brought ends as they end."""
    requests = Request.objects.filter(pk__in=touched)
    before = set(requests.exclude(batch=None).values_list("pk", flat=True))
    requests.update(batch=batch)
    mine = Request.objects.filter(batch=batch)
    partly = set(mine.filter(items__batch=None, items__failure="").values_list("pk", flat=True))
    mine.filter(pk__in=partly | before).update(is_split=True)
    mine.filter(pk__in=openers - partly).update(state=RequestState.COALESCED)
    mine.exclude(pk__in=openers | partly).update(state=RequestState.SUPERSEDED)
    superseding.adopt(batch, touched - partly)
