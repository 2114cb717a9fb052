"""The breaker: a source that asks for too many different items is paused, until a person looks at it.

What it asked for is held, not lost. A person resumes the source, or invalidates one wildcard instead of thousands of
items: `/*` costs as much as one path.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from edgeops.access.audit import SYSTEM, Actor
from edgeops.estate.models import Distribution
from edgeops.invalidations import asking, covering, failing, freezing, marks, superseding, suspending
from edgeops.invalidations.models import Item, ItemKind, Policy, Request, RequestState, Source, Suspension
from edgeops.invalidations.models.requests import UNSENT
from edgeops.invalidations.refusals import AskingError
from edgeops.invalidations.suspending import SuspensionError
from edgeops.invalidations.windows import Window

SPAN = timedelta(minutes=1)
SUSPENSION = "suspension"


class ReplacementError(AskingError):
    """This item cannot stand for those that are held."""


def watch(windows: Iterable[Window], now: datetime) -> list[Window]:
    """The windows of sources that keep within their policy; the others are paused."""
    return [window for window in windows if not _trips(window, now)]


def _trips(window: Window, now: datetime) -> bool:
    """Only webhooks are watched: people have a form that counts for them."""
    if not window.lane.startswith(Source.WEBHOOK):
        return False
    distribution = Distribution.objects.get(pk=window.distribution_id)
    limit = Policy.of(distribution).breaker_per_minute
    if limit is None:
        return False
    recent = Request.objects.filter(distribution=distribution, lane=window.lane, requested_at__gt=now - SPAN)
    if (recent.aggregate(items=Sum("items_count"))["items"] or 0) <= limit:
        return False
    asked = Item.objects.filter(request__in=recent).order_by().values("sent_form").distinct().count()
    if asked <= limit or _was_resumed(window, now):
        return False
    _pause(distribution, window.lane, asked, limit, now)
    return True


def _was_resumed(window: Window, now: datetime) -> bool:
    """A person who has just resumed it wants what is queued to leave."""
    lifted = Suspension.objects.filter(distribution=window.distribution_id, lane=window.lane, lifted_at__gt=now - SPAN)
    return lifted.exists()


def _pause(distribution: Distribution, lane: str, asked: int, limit: int, now: datetime) -> None:
    reason = (
        f"{lane} asked for {asked:,} different items within a minute; the policy pauses a source above {limit:,}. "
        "Look at its sender, then resume it, or invalidate one wildcard instead."
    )
    with transaction.atomic():
        try:
            made = suspending.suspend(distribution, actor=SYSTEM, reason=reason, now=now, lane=lane)
        except SuspensionError:  # by another tick, a moment ago
            return
        failing.note_pause(made, now)
        newest = Request.objects.queued().filter(distribution=distribution, lane=lane).order_by("-queued_at").first()
        if newest is not None:
            marks.put("held", newest, [lane], now)


def replace(
    suspension: Suspension, wildcard: str, *, actor: Actor, reason: str, now: datetime, may_invalidate_everything: bool
) -> Request:
    """Ask for one wildcard instead of all it covers of what a paused source has asked for; the pause stays.

    Raises AskingError. Where the policy asks for approval the held ones wait for that, and stay held if it is refused.
    Of what is held for several tenants, as by endpoints that had one name one after the other, it is the first one's.
    Asked for twice at once it is one request; what is held after it has left needs another.
    """
    held = Request.objects.filter(
        distribution=suspension.distribution_id, lane=suspension.lane, state=RequestState.HELD, batch=None
    )
    first = held.select_related("tenant").order_by("requested_at").first()
    tenant = None if first is None else first.tenant
    of = "" if tenant is None else f" of {tenant.aws_id}"
    with transaction.atomic():
        made = asking.ask(
            distribution=suspension.distribution,
            tenant=tenant,
            items=[wildcard],
            actor=actor,
            source=Source.UI,
            reason=reason,
            idempotency_key=f"instead of {suspension.pk}{of} {_past(suspension)}: {freezing.digest([wildcard])}",
            now=now,
            may_invalidate_everything=may_invalidate_everything,
            cause=(SUSPENSION, suspension.pk),
        )
        form = made.items.get()
        if form.kind != ItemKind.WILDCARD:
            raise ReplacementError(f"{form.sent_form} is one item; name a wildcard that covers what is held.")
        others = Item.objects.filter(request__in=held.filter(tenant=tenant)).values_list("request_id", "sent_form")
        uncovered = {request for request, sent in others if not covering.covers(form.sent_form, sent)}
        superseding.supersede([request for request, _ in others if request not in uncovered], by=made)
    return made


def _past(suspension: Suspension) -> int:
    """How many were asked for before that cover nothing more; the others do not leave before this is stored."""
    mine = Request.objects.filter(cause_kind=SUSPENSION, cause_id=str(suspension.pk))
    waiting = mine.filter(state__in=UNSENT, batch=None).select_for_update()
    return mine.exclude(pk__in=list(waiting.values_list("pk", flat=True))).count()
