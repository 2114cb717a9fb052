"""Looking at the paths of operated APIs again and again: what AWS shows otherwise is told; only a person applies it.

Each API has its turn every six hours, the turns of all spread over that time. The newest look stands; a change that was
dismissed is not raised again while AWS shows the same.
"""

from datetime import datetime, timedelta

from django.db import transaction

from edgeops.access import audit
from edgeops.access.audit import SYSTEM, Actor
from edgeops.discovery import adopting, merging
from edgeops.discovery.models import Discovery, DiscoveryKind, Resolution
from edgeops.estate import comparing, plain, snapshot
from edgeops.estate.document import ApiDoc
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import EdgeApi
from edgeops.metrics import periods
from edgeops.timeline.models import Event

SLOT = timedelta(hours=6)
LATE = timedelta(minutes=30)
"""A turn this long past is left to the next: after an outage, or of many new APIs, not all are looked at at once."""
STRIDE_SECONDS = 7919
"""A prime: the turns of neighbouring ids are two hours apart, and no two of 21,600 APIs the same second."""

FOUND_CHANGED, LOST = "path.found_changed", "path.lost"
DECIDED = "Somebody has decided on this already, or a newer look has found something else. Nothing was changed."


class RediscoveryError(ValueError):
    """A look on which nothing is to be decided any more; the message says why."""


def plan(now: datetime) -> list[Discovery]:
    """Write a row for each API whose turn has come and is not planned yet; return those that wait for a worker."""
    due = [
        Discovery(
            account_id=account_id,
            kind=DiscoveryKind.PATH,
            subject=aws_id,
            api_id=pk,
            slot_at=turn,
            requested_by=SYSTEM.name,
            requested_at=now,
            next_at=now,
        )
        for pk, account_id, aws_id in EdgeApi.objects.values_list("pk", "account_id", "distribution__aws_id")
        if now - (turn := turn_of(pk, now)) < LATE
    ]
    Discovery.objects.bulk_create(due, ignore_conflicts=True)
    return list(Discovery.objects.filter(slot_at__gt=now - LATE, attempts=0, next_at__isnull=False))


def turn_of(api_id: int, now: datetime) -> datetime:
    """When the current turn of an API began."""
    offset = timedelta(seconds=api_id * STRIDE_SECONDS % int(SLOT.total_seconds()))
    return periods.floor(now - offset, int(SLOT.total_seconds())) + offset


def conclude(look: Discovery, api: EdgeApi, found: ApiDoc, *, now: datetime) -> None:
    """Compare what was found with the path that is operated, and tell a change that was not told before.

    Called in the transaction that ends the look. What could not be read never counts as gone.
    """
    if api.distribution.aws_id != look.subject:
        return  # it stands behind another distribution by now
    operated = snapshot.api_doc(api)
    shown = merging.as_operated(operated, found, is_partial=bool(look.problems))
    differences = [str(one) for one in comparing.compare_api(operated, shown)]
    EdgeApi.objects.filter(pk=api.pk).update(path_checked_at=now)
    others = Discovery.objects.looks().filter(api=api).exclude(pk=look.pk)
    told = next((one for one in others.defer("result") if one.differences == differences), None)
    Discovery.objects.undecided().filter(api=api).exclude(pk=look.pk).update(resolution=Resolution.SUPERSEDED)
    look.result = {
        **(look.result or {}),
        "api": plain.api_to_plain(shown),
        "compared_with": plain.fingerprint(operated),
    }
    look.differences = differences
    if told is not None and told.resolution == Resolution.DISMISSED:
        look.resolution, look.resolved_by, look.resolved_at = told.resolution, told.resolved_by, told.resolved_at
    look.save(update_fields=["result", "differences", "resolution", "resolved_by", "resolved_at"])
    if differences and (told is None or told.resolution == Resolution.APPLIED):
        title = f"AWS shows another request path, and nothing was changed: {' '.join(differences)}"
        Event.put(FOUND_CHANGED, subject=("discovery", look.pk), api_slug=api.slug, title=title, at=now)


def lose(look: Discovery, words: str, *, now: datetime) -> None:
    """Tell, once, that the distribution of an operated API is not there any more."""
    if look.api is not None:
        subject = ("distribution", look.subject)
        Event.put(LOST, subject=subject, api_slug=look.api.slug, title=f"The path cannot be found: {words}", at=now)


def apply(look: Discovery, *, actor: Actor, now: datetime) -> EdgeApi:
    """Make the operated path be the one that was found.

    Raises RediscoveryError when somebody has decided already, EstateError when the estate has moved on since the look;
    then nothing is changed.
    """
    with transaction.atomic():
        _decide(look, Resolution.APPLIED, actor, now)
        result = look.result or {}
        wanted = plain.api_from_plain(result["api"])
        return adopting.adopt_api(wanted, actor=actor, now=now, compared_with=result["compared_with"])


def dismiss(look: Discovery, *, actor: Actor, now: datetime) -> None:
    """Leave the operated path as it is, and hear no more of this change; raises RediscoveryError."""
    with transaction.atomic():
        _decide(look, Resolution.DISMISSED, actor, now)
        summary = f"Left as it is, although AWS shows otherwise: {' '.join(look.differences)}"
        audit.record(actor, "path.dismissed", subject=("api", look.api_id), summary=summary, now=now)


def _decide(look: Discovery, resolution: Resolution, actor: Actor, now: datetime) -> None:
    """Write what a person decided, if nobody did before."""
    undecided = Discovery.objects.filter(pk=look.pk, resolution=Resolution.OPEN, state=FetchState.DONE)
    decided = {"resolution": resolution, "resolved_by": actor.name, "resolved_at": now}
    if not undecided.exclude(differences=[]).filter(api__isnull=False).update(**decided):
        raise RediscoveryError(DECIDED)
    look.resolution, look.resolved_by, look.resolved_at = resolution, actor.name, now
