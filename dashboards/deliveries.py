"""Narrowing the event log of deliveries: by endpoint, verdict, text and days, from an address."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from dashboards.narrowing import LONGEST, day
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery


@dataclass(frozen=True)
class LogNarrowing:
    """What the log is narrowed to, as it was typed."""

    endpoint: str = ""
    verdict: str = ""
    text: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "LogNarrowing":
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
        return [f"“{text}” is no day; write it like 2026-11-26." for text in wrong]

    def apply(self, deliveries: QuerySet[WebhookDelivery]) -> QuerySet[WebhookDelivery]:
        """Those that fit."""
        return deliveries.filter(*self._conditions())

    def _conditions(self) -> Iterator[Q]:
        if self.endpoint.isascii() and self.endpoint.isdigit() and len(self.endpoint) < 10:
            yield Q(endpoint=int(self.endpoint))
        if self.verdict in DeliveryVerdict:
            yield Q(state=self.verdict)
        if self.text:
            yield Q(message_id__icontains=self.text) | Q(event_type__icontains=self.text)
        if since := day(self.since):
            yield Q(received_at__gte=since)
        if until := day(self.until):
            yield Q(received_at__lt=until + timedelta(days=1))
