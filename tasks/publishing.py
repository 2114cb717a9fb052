"""Handing a task to the broker; the one function through which everything is enqueued."""

import logging
from typing import Any

from celery import Task
from django.db import transaction
from kombu import Connection
from kombu.exceptions import OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError

log = logging.getLogger("edgeops.publish")

# Shorter than a worker's: a page must not hang on a broker that is half open. Every step below fits into 5 s together.
PUBLISHER_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 1,
    "socket_keepalive": True,
    "max_retries": 0,
}
# The sweep repeats the message of a row that still waits, so an old one is only a double in a long queue.
REPEATED_AFTER_SECONDS = 60


def publish(task: Task, *args: Any) -> None:  # type: ignore[type-arg]
    """Ask a worker to run `task` soon, after the current transaction commits.

    A broker that is down is logged and survived, within 5 s: the row the message speaks of is durable, and the sweep
    takes it up. Arguments are ids; never a secret, never a payload.
    """
    transaction.on_commit(lambda: _send(task, args), robust=True)


def _send(task: Task, args: tuple[Any, ...]) -> None:  # type: ignore[type-arg]
    message = tuple(a if isinstance(a, int | str) else str(a) for a in args)
    connection = Connection(task.app.conf.broker_url, transport_options=PUBLISHER_OPTIONS)
    try:
        # Pools are keyed by the connection's parameters, so this reuses an open connection of this process.
        with producers[connection].acquire(block=True, timeout=2) as producer:
            task.apply_async(args=message, producer=producer, retry=False, expires=REPEATED_AFTER_SECONDS)
    except (OperationalError, RedisError, OSError) as error:
        log.warning("broker unreachable; the sweep will take this up", extra={"task": task.name, "error": str(error)})
