"""From receipt to CreateInvalidation, alone and in a storm: real processes against local AWS with its quotas on.

And what is lost or billed twice when workers are killed at every step.
"""

import itertools
import random
import statistics
import tempfile
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from edgeops.access.audit import Actor
from edgeops.estate.models import Distribution
from edgeops.invalidations import asking
from edgeops.invalidations.models import BatchAttempt, Item, Request, Source
from edgeops.metrics.models import PollBatch
from edgeops.webhooks.running import BREATH_SECONDS, WRITE_SECONDS
from tests.fixtures import killing, localaws
from tests.fixtures.processes import House, living_in

SINGLES, SPACING_SECONDS = 12, 4.0
EVENTS, STORM_SECONDS, PATHS = 10_000, 60.0, 500
BY_HAND_EVERY_SECONDS = 4.0
SHOP, OTTO = Actor("webhook", "storm"), Actor("user", "otto")
ACCEPTED = "accepted"
KILL_SECONDS = 900


def measure() -> dict[str, float]:
    """Every figure by name."""
    with tempfile.TemporaryDirectory(prefix="edgeops-bench-") as directory, living_in(Path(directory)) as house:
        house.start("actor", "poller", "beat")
        site = Distribution.objects.get(name="products")
        _ask(site, "/products/warm-up")
        house.until(lambda: _unsent() == 0, "the worker to be at work")
        return {**_alone(house, site), **_storm(house, site), **_killed(Path(directory))}


def _alone(house: House, site: Distribution) -> dict[str, float]:
    """Single events, each when the tokens of the one before are worked off."""
    made = {}
    for number in range(SINGLES):
        at = time.time()
        made[_ask(site, f"/products/alone-{number}")] = at
        time.sleep(SPACING_SECONDS + random.random())
    house.until(lambda: _unsent() == 0, "single events to be sent")
    waits = _waits(house, made)
    print("  alone:", " ".join(f"{wait:.1f}" for wait in waits))
    return {"receipt_p95_s": _p95(waits)}


def _storm(house: House, site: Distribution) -> dict[str, float]:
    """One source gone wild, and a person who invalidates by hand meanwhile."""
    billed, refused = _billed(house), BatchAttempt.objects.exclude(outcome=ACCEPTED).count()
    house.until(lambda: not PollBatch.objects.exclude(next_at=None).exists(), "a calm house", seconds=300)
    began = time.time()
    with ThreadPoolExecutor(2) as pool:
        machines, person = pool.submit(_pour, site, began), pool.submit(_by_hand, site, began)
        storm, by_hand = machines.result(), person.result()
    print(f"  {EVENTS:,} events over {PATHS} paths in {time.time() - began:.1f} s")
    house.until(lambda: _unsent() == 0, "the storm to be sent", seconds=120)
    return {
        "storm_p95_s": _p95(_waits(house, storm)),
        "storm_by_hand_p95_s": _p95(_waits(house, by_hand)),
        "storm_billed_items": _billed(house) - billed - len(by_hand),
        "storm_lost": len(storm) - len(_waits(house, storm)),
        "storm_refused": BatchAttempt.objects.exclude(outcome=ACCEPTED).count() - refused,
    }


def _pour(site: Distribution, began: float) -> dict[Request, float]:
    """Ask for each event once it is due, as the worker runs deliveries: some together, in short transactions."""
    paths = [f"/products/storm-{number % PATHS}" for number in range(EVENTS)]
    random.shuffle(paths)
    due = deque((began + number * STORM_SECONDS / EVENTS, path) for number, path in enumerate(paths))
    made = {}
    while due:
        if (pause := due[0][0] - time.time()) > 0:
            time.sleep(pause)
        until = time.perf_counter() + WRITE_SECONDS
        with transaction.atomic():
            while due and due[0][0] <= time.time() and time.perf_counter() < until:
                at, path = due.popleft()
                made[_ask(site, path, Source.WEBHOOK, SHOP)] = at
        time.sleep(BREATH_SECONDS)
    connection.close()
    return made


def _by_hand(site: Distribution, began: float) -> dict[Request, float]:
    """A person who goes on with their work."""
    made = {}
    while time.time() < began + STORM_SECONDS:
        time.sleep(BY_HAND_EVERY_SECONDS)
        at = time.time()
        made[_ask(site, f"/products/by-hand-{len(made)}")] = at
    connection.close()
    return made


def _killed(directory: Path) -> dict[str, float]:
    database = directory / "killed.sqlite3"
    with localaws.running(directory / "killed.json", "--invalidation-seconds", "0.05") as local_aws:
        environment = {"DATABASE_URL": f"sqlite:///{database}", "EDGEOPS_STATE_DIR": str(directory)}
        killing.migrate(environment)
        found = killing.report(local_aws, environment, timeout=KILL_SECONDS)
    print(f"  killed at {found['killed']} steps")
    return {
        "kill_lost": found["requests"] - found["states"].get("verified", 0) + found["uncovered"],
        "kill_double_billed": found["paths_sent_twice"] + abs(found["billed_by_aws"] - found["billed_by_ledger"]),
    }


_keys = itertools.count()


def _ask(site: Distribution, path: str, source: Source = Source.UI, actor: Actor = OTTO) -> Request:
    return asking.ask(
        distribution=site,
        items=[path],
        actor=actor,
        source=source,
        reason="bench",
        idempotency_key=f"bench {next(_keys)}",
        now=timezone.now(),
        may_invalidate_everything=False,
    )


def _unsent() -> int:
    return Item.objects.filter(batch__submitted_at=None).count()


def _waits(house: House, received: dict[Request, float]) -> list[float]:
    """Seconds from receipt until CloudFront made the invalidation that covers it, by CloudFront's own clock."""
    made = {one["id"]: one["created_at"] for one in house.created_invalidations()}
    covered = Item.objects.filter(request__in=received).values_list("request_id", "batch__aws_id")
    at = {request.pk: moment for request, moment in received.items()}
    waits = [made[aws_id] - at[request] for request, aws_id in covered if aws_id in made]
    if min(waits, default=0) < 0:
        raise RuntimeError("an invalidation covers what was asked for after it")
    return waits


def _billed(house: House) -> int:
    return int(house.local_aws.control("state")["billed_paths"])


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]
