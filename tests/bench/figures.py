"""What is measured, and what must hold."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.test import Client
from django.utils import timezone

from edgeops.access.models import User
from tests.bench import hooks, invalidating, polling, reading, spending, viewers

ROUNDS = 15
HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    unit: str
    limit: float

    @property
    def holds(self) -> bool:
        return self.value <= self.limit

    def as_json(self) -> dict[str, object]:
        return {"value": round(self.value, 4), "unit": self.unit, "limit": self.limit, "holds": self.holds}

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "DOES NOT HOLD"
        return f"{self.name:24} {self.value:10.4f} {self.unit:6} limit {self.limit:g}  {verdict}"


def measure() -> list[Figure]:
    """Every figure; the polls come last, since they need an estate of their own."""
    client = Client()
    client.force_login(User.objects.get(username="viewer"))
    pages = [
        Figure("overview_s", median(lambda: get(client, "/")), "s", 1.0),
        Figure("api_page_s", median(lambda: get(client, "/apis/catalog/?range=24h")), "s", 1.0),
        Figure("refresh_304_ratio", refresh_ratio(client, "/apis/catalog/?range=24h"), "ratio", 0.25),
    ]
    read = reading.measure()
    cost = spending.measure()
    viewers_ratio = viewers.measure()
    webhook = hooks.measure()
    invalidation = invalidating.measure()
    poll = polling.measure()
    return [
        *pages,
        Figure("read_24h_ratio", read["read_24h_ratio"], "ratio", 3.0),
        Figure("read_30d_ratio", read["read_30d_ratio"], "ratio", 3.0),
        Figure("read_growth", read["read_growth"], "ratio", 1.5),
        Figure("cost_idle_month", cost["cost_idle_month"], "$", 1.05),
        Figure("cost_watched_hour", cost["cost_watched_hour"], "$", 0.022),
        Figure("viewers_calls_ratio", viewers_ratio, "ratio", 1.0),
        Figure("webhook_p95_ms", webhook["webhook_p95_ms"], "ms", 100.0),
        Figure("webhook_p99_ms", webhook["webhook_p99_ms"], "ms", 500.0),
        Figure("receipt_p95_s", invalidation["receipt_p95_s"], "s", 3.0),
        Figure("storm_p95_s", invalidation["storm_p95_s"], "s", 11.0),
        Figure("storm_by_hand_p95_s", invalidation["storm_by_hand_p95_s"], "s", 4.0),
        Figure("storm_billed_items", invalidation["storm_billed_items"], "items", 3_500),
        Figure("storm_lost", invalidation["storm_lost"], "events", 0),
        Figure("storm_refused", invalidation["storm_refused"], "calls", 0),
        Figure("kill_lost", invalidation["kill_lost"], "events", 0),
        Figure("kill_double_billed", invalidation["kill_double_billed"], "items", 0),
        Figure("poll_calls", poll["poll_calls"], "calls", poll["poll_calls_minimum"]),
        Figure("poll_wall_ratio", poll["poll_wall_ratio"], "ratio", 1.0),
        Figure("poll_cpu_ratio", poll["poll_cpu_ratio"], "ratio", 1.0),
    ]


def median(act: Callable[[], object]) -> float:
    """Seconds; the first, cold round does not count."""
    act()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def get(client: Client, url: str, *, status: int = 200, **headers: str) -> str:
    response = client.get(url, headers=headers)
    if response.status_code != status:
        raise RuntimeError(f"{url} answered {response.status_code}, not {status}")
    return response.headers.get("ETag", "")


def refresh_ratio(client: Client, url: str) -> float:
    """An unchanged refresh against one that has to be rendered."""
    if (second := timezone.now().second) > 45:
        time.sleep(60 - second)  # tags change with the minute; stay within one
    unchanged = {**HTMX, "If-None-Match": get(client, url, **HTMX)}
    rendered = median(lambda: get(client, url, **HTMX))
    return median(lambda: get(client, url, status=304, **unchanged)) / rendered
