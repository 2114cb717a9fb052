"""The base of every task: log what ran, stamp that work is being done, and never swallow a failure."""

import logging
import time
from typing import Any

from celery import Task
from django.utils import timezone

from edgeops.pulse.models import Stamp

log = logging.getLogger("edgeops.task")

# The queues of what reads AWS; a worker of their own takes them, so that it keeps no action waiting.
READING = ("poll", "slow")


class HouseTask(Task):  # type: ignore[type-arg]
    """One log line per run; a stamp, so that /healthz/ready can tell a working worker or poller from a deaf one."""

    # A tick of every half second is worth neither a line nor a write while all goes well.
    is_silent = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task; an exception is logged with its task and ids, and raised again."""
        began = time.monotonic()
        try:
            result = super().__call__(*args, **kwargs)
        except Exception:
            log.exception("task failed", extra=self._fields(args, began))
            raise
        if not self.is_silent:
            log.info("task done", extra=self._fields(args, began))
            Stamp.put(self._stage(), timezone.now())
        return result

    def _stage(self) -> str:
        """Whose work it is: `read` of a poller, `task` of a worker."""
        queue = self.app.amqp.router.route({}, self.name)["queue"]
        return "read" if queue.name in READING else "task"

    def _fields(self, args: tuple[Any, ...], began: float) -> dict[str, Any]:
        return {"task": self.name, "ids": list(args), "duration_ms": round((time.monotonic() - began) * 1000, 1)}
