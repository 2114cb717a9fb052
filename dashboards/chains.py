"""The chain of an invalidation as its page shows it: asked, sent, completed, proven, each with its state in words."""

from dataclasses import dataclass
from datetime import datetime

from edgeops.invalidations.models import Batch, BatchState, Request, RequestState

UNDER_WAY = {BatchState.SUBMITTED, BatchState.IN_PROGRESS}


@dataclass(frozen=True)
class Step:
    """One link of the chain; `state` is a word of `.steps` in the style sheet."""

    key: str
    title: str
    state: str
    at: datetime | None
    text: str = ""


def steps(request: Request, batch: Batch | None) -> list[Step]:
    """The four links, whatever became of the request and its batch."""
    asked = Step("asked", "Asked for", "done", request.requested_at)
    if batch is None:
        return [asked, _waiting(request), Step("completed", "Completed", "todo", None), _unproven()]
    return [asked, _sent(batch), _completed(batch), _proven(batch)]


def _waiting(request: Request) -> Step:
    """What comes before a batch is made of it."""
    match request.state:
        case RequestState.AWAITING_APPROVAL:
            return Step("sent", "Waiting for a second person's approval", "current", None, request.waits_for)
        case RequestState.HELD:
            return Step("sent", "Held", "current", None, request.waits_for)
        case RequestState.REQUESTED:
            return Step("sent", "Waiting for its time", "current", request.not_before)
        case RequestState.QUEUED:
            return Step("sent", "Waiting to be sent", "current", None, "Stored; sent with others asked for just now.")
    return Step("sent", f"Not sent: {request.get_state_display().lower()}", "todo", None, request.outcome)


def _unproven() -> Step:
    return Step("proven", "Verified at the edge", "todo", None)


def _sent(batch: Batch) -> Step:
    title = "Sent to CloudFront"
    if batch.submitted_at is not None:
        return Step("sent", title, "done", batch.submitted_at)
    match batch.state:
        case BatchState.FAILED:
            return Step("sent", "Not sent: failed", "failed", None)
        case BatchState.CANCELLED:
            return Step("sent", "Not sent: cancelled", "todo", None, batch.outcome)
        case BatchState.RETRY_WAIT:
            return Step("sent", "Trying again to send it", "current", None, batch.last_error)
    return Step("sent", "Waiting to be sent", "current", None, "Stored; a worker sends it within seconds.")


def _completed(batch: Batch) -> Step:
    if batch.completed_at is not None:
        return Step("completed", "Completed, says CloudFront", "done", batch.completed_at)
    if batch.state == BatchState.STUCK:
        return Step("completed", "No end in sight", "stuck", None, batch.last_error)
    if batch.state in UNDER_WAY:
        return Step("completed", "In progress at CloudFront", "current", None, batch.last_error)
    return Step("completed", "Completed", "todo", None)


def _proven(batch: Batch) -> Step:
    match batch.state:
        case BatchState.VERIFIED:
            return Step("proven", "Verified at the edge", "done", batch.verified_at, batch.outcome)
        case BatchState.VERIFY_FAILED:
            return Step("proven", "Still stale at the edge", "verify_failed", None, batch.outcome)
        case BatchState.COMPLETED if batch.next_at is None:
            return Step("proven", "Not verified", "todo", None, batch.outcome)
        case BatchState.COMPLETED:
            return Step("proven", "Asking the edge", "current", None, "Requesting the paths through the distribution.")
    return Step("proven", "Verified at the edge", "todo", None)
