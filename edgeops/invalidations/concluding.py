"""What all probes of a batch prove together, and what follows: done, one more try, or warming."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from edgeops.invalidations import repeating, warming
from edgeops.invalidations.models import Batch, BatchState, Policy, Probe, Verdict
from edgeops.invalidations.moves import move

NOT_ASKED = "Not probed: the distribution's policy asks for no probes. CloudFront says it is completed."
UNVERIFIABLE = (
    "Unverifiable: a wildcard or a tag names no URL by itself, and none is known that lies under it. "
    "CloudFront says it is completed."
)


def conclude(batch: Batch, now: datetime) -> None:
    """End a batch as this round of probes says; in the first, a stale answer earns one new request.

    Later rounds answer a person, who decides what follows: asking must not invalidate what only others may.
    """
    probes = _last_of_each(batch.probes.filter(round=batch.round).order_by("pk"))
    is_first = batch.round == 1
    verdicts = {probe.verdict for probe in probes}
    policy = Policy.of(batch.distribution)
    with transaction.atomic():
        if Verdict.STALE in verdicts:
            words = summed_up(batch, probes)[:500]
            failed = move(batch, BatchState.VERIFY_FAILED, next_at=None, now=now, mark="verify_failed", outcome=words)
            if failed and is_first:
                repeating.try_once_more(batch, now)
        elif _end_well(batch, probes, policy, now) and is_first:
            warming.plan(batch, policy, now)


def _end_well(batch: Batch, probes: Sequence[Probe], policy: Policy, now: datetime) -> bool:
    if not probes:
        words = UNVERIFIABLE if policy.probes else NOT_ASKED
        return move(batch, BatchState.COMPLETED, next_at=None, now=now, outcome=words)
    words = summed_up(batch, probes)
    if any(probe.verdict != Verdict.FRESH for probe in probes):
        return move(batch, BatchState.COMPLETED, next_at=None, now=now, outcome=f"Not verified. {words}"[:500])
    return move(
        batch, BatchState.VERIFIED, next_at=None, now=now, mark="verified", verified_at=now, outcome=words[:500]
    )


def summed_up(batch: Batch, probes: Sequence[Probe]) -> str:
    """How many URLs were probed with what result, where, and how much of the batch they stand for."""
    probes = _last_of_each(probes)
    counts = [
        f"{sum(probe.verdict == verdict for probe in probes)} {verdict.label.lower()}"
        for verdict in Verdict
        if any(probe.verdict == verdict for probe in probes)
    ]
    pops = sorted({probe.pop for probe in probes if probe.pop})
    where = f" at {', '.join(pops)}; one edge location is not the world" if pops else ""
    base = batch.place.viewer_url
    exact = {base + item for item in batch.items if item.startswith("/") and not item.endswith("*")}
    named = sum(probe.url in exact for probe in probes)
    found = len(probes) - named
    of = [f"{named} of {len(exact)} paths"] if exact else []
    if (wide := len(batch.items) - len(exact)) or found:
        of.append(f"{found} known URLs under {wide} wildcards or tags")
    return f"{' and '.join(of)} probed: {', '.join(counts)}{where}."


def _last_of_each(probes: Iterable[Probe]) -> list[Probe]:
    """The last word on each URL: one that got no answer may have been asked again."""
    return list({probe.url: probe for probe in probes}.values())
