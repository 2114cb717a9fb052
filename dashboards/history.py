"""Narrowing the history of invalidations: by who, why, source, distribution, tenant, path, state and days."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from dashboards.narrowing import Narrowing, number
from edgeops.invalidations.models import Item, Request, RequestState, Source

STATES = {
    "waiting": ("Not sent yet", (RequestState.REQUESTED, RequestState.AWAITING_APPROVAL, RequestState.HELD,
                                 RequestState.QUEUED)),
    "under_way": ("Under way", (RequestState.COALESCED, RequestState.RETRY_WAIT, RequestState.SUBMITTED,
                                RequestState.IN_PROGRESS, RequestState.STUCK)),
}  # fmt: skip


@dataclass(frozen=True)
class HistoryNarrowing(Narrowing):
    """What the history is narrowed to."""

    who: str = ""
    why: str = ""
    source: str = ""
    distribution: str = ""
    tenant: str = ""
    path: str = ""
    state: str = ""

    @property
    def problems(self) -> list[str]:
        """Which values cannot be read."""
        wrong_state = self.state and not self._states
        return [*super().problems, *([f"There is no state “{self.state}”."] if wrong_state else [])]

    @property
    def _states(self) -> tuple[RequestState, ...]:
        if self.state in STATES:
            return STATES[self.state][1]
        return (RequestState(self.state),) if self.state in RequestState else ()

    def apply(self, requests: QuerySet[Request]) -> QuerySet[Request]:
        """Those that fit."""
        return requests.filter(*self.choices, *self.texts)

    @property
    def choices(self) -> list[Q]:
        """What an index finds."""
        return [*self._choices(), *self.days("requested_at")]

    @property
    def texts(self) -> list[Q]:
        """What has to be looked for."""
        return list(self._texts())

    def _texts(self) -> Iterator[Q]:
        if self.who:
            yield Q(requested_by__icontains=self.who) | Q(approved_by__icontains=self.who)
        if self.why:
            yield Q(reason__icontains=self.why) | Q(ticket__icontains=self.why) | Q(rule__icontains=self.why)
        if self.tenant:
            yield Q(tenant__name__icontains=self.tenant)
        if self.path:
            named = Q(sent_form__icontains=self.path) | Q(raw__icontains=self.path)
            yield Q(Exists(Item.objects.filter(named, request=OuterRef("pk"))))

    def _choices(self) -> Iterator[Q]:
        if self.source in Source:
            yield Q(source=self.source)
        if (distribution := number(self.distribution)) is not None:
            yield Q(distribution=distribution)
        if self._states:
            yield Q(state__in=self._states)
