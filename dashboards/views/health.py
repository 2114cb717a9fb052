"""Health for load balancers and watchdogs: live says the process answers, ready says that work is being done."""

from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.models import Max
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from edgeops.keyring import reading
from edgeops.metrics.models import Series
from edgeops.pulse.models import Stamp

# Three intervals of the sweep are 15 s; a deploy may restart beat and workers, so allow it a little more.
WORK_STALE = timedelta(seconds=45)
# Beat has a worker sweep every 5 s and a poller plan every 10 s: either proves it.
TICKS = ("sweep", "plan")


@login_not_required
@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "live"})


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, Redis, beat, workers and pollers do their work and the keys fit; 503 with what does not."""
    checks = check(timezone.now())
    is_ready = all(check["ok"] for check in checks.values())
    return JsonResponse({"status": "ready" if is_ready else "not ready", **checks}, status=200 if is_ready else 503)


def check(now: datetime) -> dict[str, dict[str, Any]]:
    """Each check with `ok` and, where it has one, an age in seconds. Errors are named, never shown in full."""
    checks: dict[str, dict[str, Any]] = {"redis": _redis()}
    try:
        connection.ensure_connection()
        stamps = dict(Stamp.objects.values_list("stage", "last_ok_at"))
        newest = Series.objects.aggregate(newest=Max("data_until"))["newest"]
        keys = {"ok": reading.is_fit()}
    except DatabaseError as error:
        return {"database": {"ok": False, "error": type(error).__name__}, **checks}
    ticks = [stamps[stage] for stage in TICKS if stage in stamps]
    return {
        "database": {"ok": True},
        **checks,
        # A process with other keys than the rest refuses every webhook, and what it stores only it can read.
        "encryption_keys": keys,
        "beat": _age(max(ticks, default=None), now),
        # Any task at all proves who ran it.
        "workers": _age(stamps.get("task"), now),
        "pollers": _age(stamps.get("read"), now),
        # Information: an idle API or a denied account must not take the pages out of a load balancer.
        "newest_datapoint": {**_age(newest, now), "ok": True},
    }


def _redis() -> dict[str, Any]:
    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
        with client:
            client.ping()
    except redis.RedisError as error:
        return {"ok": False, "error": type(error).__name__}
    return {"ok": True}


def _age(at: datetime | None, now: datetime) -> dict[str, Any]:
    if at is None:
        return {"ok": False, "age_seconds": None}
    age = now - at
    return {"ok": age <= WORK_STALE, "age_seconds": round(age.total_seconds(), 1)}
