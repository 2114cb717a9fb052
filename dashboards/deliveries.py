"""Narrowing the event log of deliveries: by endpoint, verdict, text and days."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from dashboards.narrowing import Narrowing, number
from edgeops.webhooks.models import DeliveryVerdict


@dataclass(frozen=True)
class LogNarrowing(Narrowing):
    """What the log is narrowed to."""

    endpoint: str = ""
    verdict: str = ""
    text: str = ""

    @property
    def problems(self) -> list[str]:
        """Which values cannot be read."""
        wrong_verdict = self.verdict and self.verdict not in DeliveryVerdict
        return [*super().problems, *([f"There is no verdict “{self.verdict}”."] if wrong_verdict else [])]

    @property
    def choices(self) -> list[Q]:
        """What an index finds."""
        return [*self._choices(), *self.days("received_at")]

    @property
    def texts(self) -> list[Q]:
        """What has to be looked for."""
        return [Q(message_id__icontains=self.text) | Q(event_type__icontains=self.text)] if self.text else []

    def _choices(self) -> Iterator[Q]:
        if (endpoint := number(self.endpoint)) is not None:
            yield Q(endpoint=endpoint)
        if self.verdict in DeliveryVerdict:
            yield Q(state=self.verdict)
