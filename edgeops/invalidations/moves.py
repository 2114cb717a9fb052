"""Moving a batch and the requests it carries from one state to the next, in one transaction and under the lease."""

from datetime import datetime
from typing import Any

from django.db import transaction

from edgeops.invalidations import marks
from edgeops.invalidations.models import Batch, BatchState


def move(
    batch: Batch, state: BatchState, *, next_at: datetime | None, now: datetime, mark: str = "", **changes: Any
) -> bool:
    """Finish this worker's turn with a new state, and mark it on the timeline; False when the lease was lost."""
    with transaction.atomic():
        if not batch.finish(next_at=next_at, state=state, **changes):
            return False
        batch.requests.update(state=state)
        if mark:
            for request in batch.requests.select_related("distribution"):
                marks.put(mark, request, now)
    return True
