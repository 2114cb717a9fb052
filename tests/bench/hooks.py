"""Webhooks against a real gunicorn with Redis, a worker and beat beside it: how long a sender waits for its answer.

Posts leave by the clock and not by the answer to the one before, and each is timed from the moment it was due: a
server that stalls cannot hide the posts that would have come meanwhile.
"""

import http.client
import json
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.db import connections
from django.utils import timezone

from edgeops.demo import watching
from edgeops.metrics.models import PollBatch
from edgeops.pulse.models import Stamp
from edgeops.traces.models import TraceWindow
from edgeops.webhooks.models import DeliveryVerdict, WebhookDelivery
from tests.fixtures.processes import House, living_in
from tests.fixtures.webhooks import SECRET, signed_headers

PER_SECOND, SECONDS, WARM_UP = 50, 20, 50
SENDERS = 16
PRODUCTS = 500
LOOKED_UP_EVERY = 25
PATIENCE_SECONDS = 120


def measure() -> dict[str, float]:
    """webhook_p95_ms and webhook_p99_ms of signed posts at a steady rate; each stored before it was answered."""
    endpoint = watching.endpoint(timezone.now(), secret=SECRET)
    with tempfile.TemporaryDirectory(prefix="edgeops-bench-") as directory, living_in(Path(directory)) as house:
        house.start("worker", "beat", "web")
        house.await_web()
        path = f"/hooks/v1/{endpoint.key}"
        house.until(_is_calm, "what a start brings to be over", PATIENCE_SECONDS)
        _posts(house, path, WARM_UP, "warm")
        waits = _posts(house, path, PER_SECOND * SECONDS, "msg")
        house.until(_all_ran, "the worker to run every delivery", PATIENCE_SECONDS)
    cuts = statistics.quantiles(waits, n=100)
    print(f"  {len(waits):,} posts at {PER_SECOND}/s: half within {cuts[49]:.1f} ms, the longest {max(waits):.1f} ms")
    return {"webhook_p95_ms": cuts[94], "webhook_p99_ms": cuts[98]}


def _posts(house: House, path: str, count: int, name: str) -> list[float]:
    """Milliseconds from when each post was due until its answer was read."""
    began = time.perf_counter() + 0.2
    with ThreadPoolExecutor(SENDERS) as senders:
        due = [(f"{name}_{number}", began + number / PER_SECOND) for number in range(count)]
        found = list(senders.map(lambda one: _post(house, path, *one), due))
    stored = WebhookDelivery.objects.filter(message_id__startswith=f"{name}_").count()
    if stored != count:
        raise RuntimeError(f"{count} posts were accepted, {stored} are stored")
    return found


def _post(house: House, path: str, message_id: str, due: float) -> float:
    time.sleep(max(0.0, due - time.perf_counter()))
    number = int(message_id.rpartition("_")[2])
    body = json.dumps({"type": watching.EVENT, "data": {"id": str(number % PRODUCTS)}}).encode()
    headers = {"Content-Type": "application/json", **signed_headers(body, timezone.now(), message_id=message_id)}
    sender = http.client.HTTPConnection("127.0.0.1", house.web_port, timeout=20)
    try:
        sender.request("POST", path, body, headers)
        answer = sender.getresponse()
        answer.read()
    finally:
        sender.close()
    waited = (time.perf_counter() - due) * 1000
    if answer.status != 202:
        raise RuntimeError(f"{message_id} was answered {answer.status}")
    if number % LOOKED_UP_EVERY == 0:
        _look_up(message_id)
    return waited


def _look_up(message_id: str) -> None:
    """What was answered 202 is stored already, as another connection sees it."""
    try:
        if not WebhookDelivery.objects.filter(message_id=message_id).exists():
            raise RuntimeError(f"{message_id} was accepted before it was stored")
    finally:
        connections.close_all()


def _is_calm() -> bool:
    now = timezone.now()
    due = (PollBatch.objects.due(now), TraceWindow.objects.due(now))
    return Stamp.objects.filter(stage="sweep").exists() and not any(rows.exists() for rows in due)


def _all_ran() -> bool:
    return not WebhookDelivery.objects.exclude(state=DeliveryVerdict.PROCESSED).exists()
