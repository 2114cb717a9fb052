"""The batches that carry a request to CloudFront, those it refused as a whole before, and what the edge answered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from uuid import UUID

from django.db.models import Count, Q

from dashboards import wording
from edgeops.invalidations import concluding
from edgeops.invalidations.models import Batch, BatchAttempt, BatchState, Item, Probe, Request

# A request that tokens were short for, or that CloudFront has disliked much of, is in dozens of them.
BATCHES_SHOWN, PROBES_SHOWN = 100, 200
PACE_OF = 10


@dataclass(frozen=True)
class Carrier:
    """One batch as the page of one request names it."""

    number: int
    batch: Batch
    mine: int
    """How many items of the request are in it, or were before it was split."""
    parent: int | None = None
    """The number of the batch it was split from."""

    @property
    def tries(self) -> Sequence[BatchAttempt]:
        """Every call to CloudFront, the first one first."""
        return sorted(self.batch.tries.all(), key=lambda one: one.pk)

    @property
    def words(self) -> str:
        """What became of it, or what is in its way."""
        return self.batch.outcome or self.batch.last_error

    @property
    def is_given_up(self) -> bool:
        """Whether nobody sends it any more, and CloudFront is not known to have it."""
        return self.batch.submitted_at is None and self.batch.state in (
            BatchState.SPLIT, BatchState.FAILED, BatchState.CANCELLED,
        )  # fmt: skip

    @property
    def billed(self) -> str:
        """What CloudFront bills of it: a call without an answer may have been taken."""
        if self.batch.submitted_at is not None:
            return f"{self.batch.billed_items:,} billed"
        if self.batch.state == BatchState.FAILED:
            return "none known to be billed"
        return "not billed" if self.is_given_up else "not billed yet"

    @property
    def is_split(self) -> bool:
        """Whether two others stand in its place."""
        return self.batch.state == BatchState.SPLIT


@dataclass(frozen=True)
class Round:
    """Probes of one batch that were asked for together, and what they say."""

    number: int
    carrier: Carrier
    words: str
    probes: Sequence[Probe]


def of(request: Request) -> list[Carrier]:
    """Every batch that items of a request are in or were in, in the order in which they were made."""
    placed = Item.objects.filter(request=request).exclude(batch=None).order_by()
    mine = dict(placed.values_list("batch").annotate(Count("pk")))
    if not mine and request.batch_id is not None:
        mine = {request.batch_id: request.items_count}
    batches = list(
        Batch.objects.filter(pk__in=mine)
        .annotate(requests_count=Count("covered__request", distinct=True))
        .select_related("distribution", "tenant__distribution", "warm_up")
        .prefetch_related("tries", "probes")
    )
    splits = _splits(batches)
    if splits:
        forms = [cover or form for cover, form in placed.values_list("covered_by", "sent_form")]
        mine |= {split.pk: len(_within(forms, split)) for split in splits}
        batches += [split for split in splits if mine[split.pk]]
    batches.sort(key=lambda batch: (batch.created_at, batch.root is not None, batch.items[:1]))
    return _numbered(batches, mine)


def pace(distribution_id: int) -> str:
    """How long the newest that have completed took at CloudFront, so that somebody knows what to wait for."""
    over = Batch.objects.filter(distribution=distribution_id, submitted_at__isnull=False, completed_at__isnull=False)
    newest = over.order_by("-created_at").values_list("submitted_at", "completed_at")[:PACE_OF]
    took = sorted(
        ceil((completed - submitted).total_seconds()) for submitted, completed in newest if submitted and completed
    )
    if not took:
        return ""
    span = " to ".join(dict.fromkeys(wording.duration(seconds) for seconds in (took[0], took[-1])))
    return f"The last {len(took)} on this distribution took {span}."


def rounds(carriers: Sequence[Carrier]) -> list[Round]:
    """The newest first: they are what somebody waits for."""
    found = [one for carrier in carriers for one in _rounds(carrier)]
    return sorted(found, key=lambda one: (-one.number, one.carrier.number))


def _rounds(carrier: Carrier) -> Iterator[Round]:
    probes = sorted(carrier.batch.probes.all(), key=lambda probe: (probe.round, probe.pk))
    for number, asked in groupby(probes, key=lambda probe: probe.round):
        together = list(asked)
        yield Round(number, carrier, concluding.summed_up(carrier.batch, together), together)


def _splits(halves: Sequence[Batch]) -> list[Batch]:
    """What CloudFront has refused of the families of these."""
    roots = {half.root for half in halves if half.root is not None}
    if not roots:
        return []
    family = Batch.objects.filter(Q(pk__in=roots) | Q(root__in=roots), state=BatchState.SPLIT)
    return list(
        family.select_related("distribution", "tenant__distribution", "warm_up").prefetch_related("tries", "probes")
    )


def _within(forms: Sequence[str], batch: Batch) -> list[str]:
    sent = set(batch.items)
    return [form for form in forms if form in sent]


def _numbered(batches: Sequence[Batch], mine: dict[UUID, int]) -> list[Carrier]:
    numbers: dict[UUID | None, int] = {batch.pk: number for number, batch in enumerate(batches, 1)}
    splits = [(set(batch.items), batch) for batch in batches if batch.state == BatchState.SPLIT]
    return [Carrier(numbers[batch.pk], batch, mine[batch.pk], numbers.get(_parent(batch, splits))) for batch in batches]


def _parent(half: Batch, splits: Sequence[tuple[set[str], Batch]]) -> UUID | None:
    """The smallest that held its first item and more: halves are runs of their parent's sorted items."""
    if half.root is None:
        return None
    held = [
        (len(items), split.pk)
        for items, split in splits
        if half.root in (split.root, split.pk) and len(items) > len(half.items) and half.items[0] in items
    ]
    return min(held)[1] if held else None
