"""Narrowing the event log of deliveries: by endpoint, verdict, text and days."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from dashboards.narrowing import Narrowing, number
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery


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

    def apply(self, deliveries: QuerySet[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
        """Those that fit."""
        return deliveries.filter(*self._conditions(), *self.days("received_at"))

    def _conditions(self) -> Iterator[Q]:
        if (endpoint := number(self.endpoint)) is not None:
            yield Q(endpoint=endpoint)
        if self.verdict in DeliveryVerdict:
            yield Q(state=self.verdict)
        if self.text:
            yield Q(message_id__icontains=self.text) | Q(event_type__icontains=self.text)
