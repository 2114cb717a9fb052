"""Handing a task to the broker; the one function through which everything is enqueued."""

import logging
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = logging.getLogger("edgeops.publish")


def publish(task: Task, *args: Any) -> None:  # type: ignore[type-arg]
    """Ask a worker to run `task` soon, after the current transaction commits.

    A broker that is down is logged and survived, within 5 s: the row the message speaks of is durable, and the sweep
    takes it up. Arguments are ids; never a secret, never a payload.
    """
    transaction.on_commit(lambda: _send(task, args), robust=True)


def _send(task: Task, args: tuple[Any, ...]) -> None:  # type: ignore[type-arg]
    try:
        task.apply_async(args=tuple(a if isinstance(a, int | str) else str(a) for a in args), retry=False)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("broker unreachable; the sweep will take this up", extra={"task": task.name, "error": str(error)})
