"""Narrowing the history of invalidations: by who, why, source, distribution, path, state and days, from an address.

A value that cannot be read narrows nothing, and the page says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from edgeops.invalidations.models import Item, Request, RequestState, Source

LONGEST = 200
STATES = {
    "waiting": ("Not sent yet", (RequestState.REQUESTED, RequestState.AWAITING_APPROVAL, RequestState.HELD,
                                 RequestState.QUEUED)),
    "under_way": ("Under way", (RequestState.COALESCED, RequestState.RETRY_WAIT, RequestState.SUBMITTED,
                                RequestState.IN_PROGRESS, RequestState.STUCK)),
}  # fmt: skip


@dataclass(frozen=True)
class Narrowing:
    """What the history is narrowed to, as it was typed."""

    who: str = ""
    why: str = ""
    source: str = ""
    distribution: str = ""
    path: str = ""
    state: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Narrowing":
        """From the parameters of an address."""
        return cls(**{one.name: asked.get(one.name, "").strip()[:LONGEST] for one in fields(cls)})

    @property
    def query(self) -> str:
        """As an address has it; empty for everything."""
        return urlencode({one.name: value for one in fields(self) if (value := getattr(self, one.name))})

    @property
    def problems(self) -> list[str]:
        """Which values cannot be read."""
        wrong = [text for text in (self.since, self.until) if text and day(text) is None]
        days = [f"“{text}” is no day; write it like 2026-11-26." for text in wrong]
        return [*days, *([f"There is no state “{self.state}”."] if self.state and not self._states else [])]

    @property
    def _states(self) -> tuple[RequestState, ...]:
        if self.state in STATES:
            return STATES[self.state][1]
        return (RequestState(self.state),) if self.state in RequestState else ()

    def apply(self, requests: QuerySet[Request]) -> QuerySet[Request]:
        """Those that fit."""
        return requests.filter(*self._texts(), *self._choices(), *self._days())

    def _texts(self) -> Iterator[Q]:
        if self.who:
            yield Q(requested_by__icontains=self.who) | Q(approved_by__icontains=self.who)
        if self.why:
            yield Q(reason__icontains=self.why) | Q(ticket__icontains=self.why) | Q(rule__icontains=self.why)
        if self.path:
            named = Q(sent_form__icontains=self.path) | Q(raw__icontains=self.path)
            yield Q(pk__in=Item.objects.filter(named).values("request"))

    def _choices(self) -> Iterator[Q]:
        if self.source in Source:
            yield Q(source=self.source)
        if self.distribution.isascii() and self.distribution.isdigit() and len(self.distribution) < 10:
            yield Q(distribution=int(self.distribution))
        if self._states:
            yield Q(state__in=self._states)

    def _days(self) -> Iterator[Q]:
        if since := day(self.since):
            yield Q(requested_at__gte=since)
        if until := day(self.until):
            yield Q(requested_at__lt=until + timedelta(days=1))


def day(text: str) -> datetime | None:
    """The day as typed; None for what is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
