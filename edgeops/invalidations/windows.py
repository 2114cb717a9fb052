"""When a window closes, and whose turn it is. Pure.

Requests of one distribution or tenant, lane and priority gather in a window, so that what is asked for again and again
is sent once. Of the windows that have closed, the one whose turn has come is sent first: nobody waits for ever, since
the head start of a higher priority is a fixed time, and a lane that was just served goes behind one that was not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from edgeops.invalidations.models import Policy, Priority

FULL_ITEMS = 1_000
# So much later is the turn of a lower priority; a bulk request that has waited longer goes before a new urgent one.
HANDICAP = {Priority.URGENT: timedelta(0), Priority.NORMAL: timedelta(seconds=10), Priority.BULK: timedelta(seconds=60)}


type Key = tuple[int, int | None, str, str]
"""Distribution, tenant, lane and priority."""


@dataclass(frozen=True, slots=True)
class Window:
    """The queued requests of one distribution or one of its tenants, lane and priority."""

    distribution_id: int
    tenant_id: int | None
    account_id: int
    lane: str
    priority: str
    items: int
    oldest_at: datetime
    newest_at: datetime

    @property
    def key(self) -> Key:
        """What tells windows apart."""
        return self.distribution_id, self.tenant_id, self.lane, self.priority

    def closes_at(self, policy: Policy) -> datetime:
        """When it closes if nobody asks for more."""
        if self.priority == Priority.URGENT:
            return self.oldest_at
        quiet = self.newest_at + timedelta(seconds=policy.quiet_seconds)
        return min(quiet, self.oldest_at + timedelta(seconds=policy.window_seconds))

    def turn(self, served_at: datetime | None) -> datetime:
        """Its place in the queue: as long as it has waited, or as long as its lane was not served."""
        since = self.oldest_at if served_at is None else max(self.oldest_at, served_at)
        return since + HANDICAP[Priority(self.priority)]
