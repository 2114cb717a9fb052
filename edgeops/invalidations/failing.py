"""What of an invalidation a person must be told, since EdgeOps cannot mend it: as failures, in words that help."""

from datetime import datetime

from edgeops.estate.models import Distribution
from edgeops.invalidations import marks
from edgeops.invalidations.models import Batch, BatchState, StageFlush, Suspension
from edgeops.timeline.models import Failure

STILL_SERVED = "Viewers may still be served what it was to remove."
ASK_AGAIN = "EdgeOps does not try again: when that is mended, ask for it anew."
TITLES = {
    BatchState.FAILED: "An invalidation of {} failed",
    BatchState.STUCK: "An invalidation of {} does not end",
}


def note_batch(batch: Batch, now: datetime) -> None:
    """Note a batch that has failed or is stuck; a storm of them is one failure of their distribution."""
    title = TITLES[BatchState(batch.state)].format(batch.place)
    words = f"{STILL_SERVED} {batch.last_error}"
    if batch.state == BatchState.FAILED:
        title, words = f"{title} ({batch.last_error_code})", f"{words} {ASK_AGAIN}"
    first = marks.first_request(batch)
    page = _page_of(batch.distribution) if first is None else f"/cache/invalidations/{first.pk}/"
    subject = ("distribution", batch.distribution_id)
    Failure.put(f"invalidation.{batch.state}", subject=subject, title=title, advice=words, path=page, at=now)


def note_pause(suspension: Suspension, now: datetime) -> None:
    """Note that the breaker has paused a source. Each pause needs a person, so each is a failure of its own."""
    distribution = suspension.distribution
    Failure.put(
        "source.paused",
        subject=("suspension", suspension.pk),
        title=f"Invalidations of {distribution.name} by {suspension.lane} are paused",
        advice=f"{suspension.reason} Until then its requests are held, and viewers may be served what is outdated.",
        path=_page_of(distribution),
        at=now,
    )


def note_flush(flush: StageFlush, now: datetime) -> None:
    """Note a stage cache that could not be flushed."""
    distribution = Distribution.objects.filter(apis__slug=flush.api_slug).first()
    Failure.put(
        "stage_cache.failed",
        subject=("stage", f"{flush.account_id} {flush.region} {flush.api_id} {flush.stage}"),
        title=f"The cache of {flush.name}, stage {flush.stage}, was not flushed",
        advice=f"The stage may still answer with what is outdated. {flush.last_error} {ASK_AGAIN}",
        path="/cache/" if distribution is None else _page_of(distribution),
        at=now,
    )


def _page_of(distribution: Distribution) -> str:
    return f"/cache/distributions/{distribution.pk}/"
