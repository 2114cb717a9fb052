"""The event lane beside charts: what happened to an API, each thing once, however many steps it took."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from dashboards import navigation
from dashboards.figures import Mark
from dashboards.ranges import TimeRange
from edgeops.estate.models import EdgeApi
from edgeops.timeline.models import Event

# A month of webhooks is tens of thousands of events, and each of twenty charts carries their marks. What is no
# invalidation is read by itself, so that no alarm of that month is buried under them.
READ, LISTED = 1_000, 30
# The edge is emptied from here on: this is what a change of the lines beside it is compared with.
TAKES_EFFECT = "invalidation.submitted"
STEPS = {
    "invalidation.requested": "asked for",
    "invalidation.held": "held",
    TAKES_EFFECT: "sent",
    "invalidation.completed": "completed",
    "invalidation.verified": "proven",
    "invalidation.verify_failed": "still stale",
    "invalidation.stuck": "does not end",
    "invalidation.failed": "failed",
}


class Step(NamedTuple):
    """One of several things that became of it, in a word or two."""

    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: an invalidation with all that became of it, an alarm that began."""

    number: int
    at: datetime
    """Where charts mark it."""
    newest_at: datetime
    title: str
    """How far it got."""
    href: str
    steps: Sequence[Step]
    """Empty for what is over at once."""


@dataclass(frozen=True)
class Lane:
    """What happened within a time range, oldest first."""

    happenings: Sequence[Happening]
    is_cut: bool
    """Whether there was more than can be read; what is missing is the oldest."""

    @property
    def marks(self) -> list[Mark]:
        """For the charts."""
        return [Mark(one.number, one.at, one.title) for one in self.happenings]

    @property
    def listed(self) -> Sequence[Happening]:
        """The newest, newest first."""
        return self.happenings[: -LISTED - 1 : -1]

    @property
    def unlisted(self) -> int:
        """How many of them only the charts number."""
        return max(0, len(self.happenings) - LISTED)


def of(api: EdgeApi, time_range: TimeRange) -> Lane:
    """What happened to an API in a time range."""
    newest = Event.objects.within(api.slug, time_range.start, time_range.end).reverse()
    of_invalidations = Q(kind__startswith="invalidation.")
    read = [list(newest.filter(some)[: READ + 1]) for some in (of_invalidations, ~of_invalidations)]
    events = [event for some in read for event in reversed(some[:READ])]
    return Lane(_happenings(events), is_cut=any(len(some) > READ for some in read))


def _happenings(events: Iterable[Event]) -> list[Happening]:
    by_subject: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        by_subject.setdefault((event.subject_kind, event.subject_id), []).append(event)
    placed = sorted(by_subject.values(), key=_placed_at)
    return [_happening(number, some) for number, some in enumerate(placed, start=1)]


def _placed_at(events: Sequence[Event]) -> datetime:
    return next((event.at for event in events if event.kind == TAKES_EFFECT), events[0].at)


def _happening(number: int, events: Sequence[Event]) -> Happening:
    newest = events[-1]
    steps = [Step(STEPS[event.kind], event.at) for event in events if event.kind in STEPS]
    return Happening(
        number=number,
        at=_placed_at(events),
        newest_at=newest.at,
        title=newest.title,
        href=navigation.address(newest.subject_kind, newest.subject_id),
        steps=steps if len(steps) > 1 else (),
    )
