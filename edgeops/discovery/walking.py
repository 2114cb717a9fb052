"""How the rows of one request path become the wanted one: which stay, which leave, which come back, which are new."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from edgeops.estate import comparing, snapshot
from edgeops.estate.comparing import Difference, What
from edgeops.estate.document import ApiDoc, HopDoc
from edgeops.estate.models import EdgeApi, Hop
from edgeops.metrics import paths, registry

STOPPED = "It is not read any more; what was read of it stays."
HELD = "{count} of its metrics are still read, because alarms watch them; what was read of it stays."
ANEW = "Its metrics are read anew under its new dimensions; what was read under the old ones stays."
ANEW_HELD = "{count} of the old ones are still read, because alarms watch them: those alarms do not move by themselves."
BACK = "It was on this path before: what was read of it then is its history again."


@dataclass(slots=True)
class Step:
    """What one hop `was` and what it `becomes`; `row` is the row it will be, None for a new one."""

    was: Hop | None
    becomes: HopDoc | None
    row: Hop | None
    difference: Difference | None = None

    @property
    def leaving(self) -> Hop | None:
        """The row that leaves the path by this step."""
        return None if self.was is self.row else self.was

    def note(self, *notes: str) -> None:
        """Tell what else follows."""
        if self.difference is not None:
            self.difference = replace(self.difference, notes=(*self.difference.notes, *notes))


@dataclass(slots=True)
class Walk:
    """All steps from an API as it is, if it is, to the wanted one."""

    row: EdgeApi | None
    before: ApiDoc | None
    wanted: ApiDoc
    own: list[Difference]
    steps: list[Step] = field(default_factory=list)

    @property
    def differences(self) -> list[Difference]:
        """Everything that changes, in words: of the API itself, then of its path."""
        return [*self.own, *self.path_differences]

    @property
    def path_differences(self) -> list[Difference]:
        """What changes on the path; nothing of a new API, whose path is told with it."""
        return [step.difference for step in self.steps if step.difference is not None]


def plan(rows: Iterable[EdgeApi], wanted: Sequence[ApiDoc]) -> list[Walk]:
    """The walk of each wanted API; the rows come with account, distribution and every hop, retired ones too."""
    by_slug = {row.slug: row for row in rows}
    walks = [_walk(by_slug.get(one.slug), one) for one in wanted]
    steps = [step for walk in walks for step in walk.steps if step.leaving is not None]
    held = paths.held(step.leaving for step in steps if step.leaving)
    for step in steps:
        count = held.get(step.leaving.pk, 0) if step.leaving else 0
        if step.becomes is None:
            step.note(HELD.format(count=count) if count else STOPPED)
        elif count:
            step.note(ANEW_HELD.format(count=count))
    return walks


def go(walk: Walk, api: EdgeApi, *, now: datetime) -> None:
    """Write the path of `api`, which says what the API itself has become."""
    for step in walk.steps:
        if step.leaving is not None:
            paths.leave(step.leaving, now=now)
    # Two hops may swap their names: while they are off the path, no name is taken.
    Hop.objects.filter(pk__in=[step.row.pk for step in walk.steps if step.row and step.difference]).update(
        retired_at=now
    )
    for step in walk.steps:
        if step.becomes is not None and (step.row is None or step.difference is not None):
            _put(step, step.becomes, api)


def _put(step: Step, doc: HopDoc, api: EdgeApi) -> None:
    values = {
        "account": api.account,
        "region": doc.region,
        "kind": doc.kind,
        "position": doc.position,
        "name": doc.name,
        "dimensions": dict(doc.dimensions),
        "aws_id": doc.aws_id,
        "details": dict(doc.details),
    }
    if step.row is None:
        hop = Hop.objects.create(api=api, **values)
        registry.ensure_series(hop)
        if step.was is not None:
            paths.succeed(step.was, hop)
        return
    for name, value in ({"api": api} | values).items():
        setattr(step.row, name, value)
    step.row.save(update_fields=list(values))
    paths.rejoin(step.row)


def _walk(row: EdgeApi | None, wanted: ApiDoc) -> Walk:
    if row is None:
        steps = [Step(None, hop, None) for hop in wanted.hops]
        return Walk(None, None, wanted, comparing.compare_api(None, wanted), steps)
    path = [hop for hop in row.hops.all() if hop.retired_at is None]
    left = [(hop.retired_at, hop.pk, hop) for hop in row.hops.all() if hop.retired_at is not None]
    retired = [hop for *_, hop in sorted(left, reverse=True) if hop.account.name == wanted.account]
    before = snapshot.api_doc(row, path)
    own = [one for one in comparing.compare_api(before, wanted) if one.what == What.API]
    steps = []
    for old, new in comparing.pairs(before, wanted):
        was = None if old is None else path[old]
        steps.append(_step(was, None if new is None else wanted.hops[new], retired, wanted))
    return Walk(row, before, wanted, own, steps)


def _step(was: Hop | None, becomes: HopDoc | None, retired: list[Hop], wanted: ApiDoc) -> Step:
    doc = None if was is None else snapshot.hop_doc(was)
    step = Step(was, becomes, None, comparing.compare_hop(wanted, doc, becomes))
    if becomes is None:
        return step
    if doc is not None and comparing.is_same_resource(doc, becomes):
        step.row = was
        return step
    step.row = _back(becomes, retired)
    if step.row is not None:
        retired.remove(step.row)
        step.note(BACK)
    elif was is not None and becomes.dimensions:
        step.note(ANEW)
    return step


def _back(wanted: HopDoc, retired: Iterable[Hop]) -> Hop | None:
    """The row that was on this path as the same resource, the last to leave."""
    for hop in retired:
        was = snapshot.hop_doc(hop)
        is_known = was.dimensions or was.name == wanted.name or (was.aws_id and was.aws_id == wanted.aws_id)
        if comparing.is_same_resource(was, wanted) and is_known:
            return hop
    return None
