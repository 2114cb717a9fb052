"""Which items go into one batch, and which of them cover the others. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from edgeops.invalidations import covering
from edgeops.invalidations.items import kind_of
from edgeops.invalidations.models import ItemKind, Policy
from edgeops.invalidations.quota import Room


@dataclass(slots=True)
class Choice:
    """The forms of one batch, and what each queued item is covered by."""

    forms: list[str] = field(default_factory=list)
    covered_by: dict[str, str] = field(default_factory=dict)
    """Form of a queued item to the form of the batch that covers it: itself, or a wildcard."""

    @property
    def wildcards(self) -> int:
        """How many of the forms are wildcards."""
        return sum(map(covering.is_wildcard, self.forms))

    @property
    def paths(self) -> int:
        """How many are exact paths or tags."""
        return len(self.forms) - self.wildcards


def choose(queued: Iterable[str], room: Room, policy: Policy, *, alone: Collection[str] = ()) -> Choice:
    """Take forms in their order while there is room; what does not fit stays queued, what is covered needs no room.

    Those that stand `alone` make no wildcard of their directory, however many they are.
    """
    taken = _taken(queued, room)
    folded = covering.collapsed(
        (form for form in taken if form not in alone),
        threshold=policy.collapse_threshold,
        ceilings=policy.ceilings,
        protected=policy.protected,
    )
    more = _affordable(set(folded.values()), sum(map(covering.is_wildcard, taken)), room)
    kept = {form: folded[form] for form in taken if folded.get(form) in more}
    forms = dict.fromkeys([form for form in taken if form not in kept] + sorted(more))
    absorbed = covering.absorbed(forms)
    covered_by = {**{form: form for form in forms}, **{form: kept.get(form, form) for form in taken}}
    return Choice(
        forms=sorted(form for form in forms if form not in absorbed),
        covered_by={form: absorbed.get(cover, cover) for form, cover in covered_by.items()},
    )


def _taken(queued: Iterable[str], room: Room) -> dict[str, None]:
    """Distinct forms, in order; a path under a wildcard that is taken already is taken for nothing."""
    taken: dict[str, None] = {}
    wildcards: list[str] = []
    paths = 0
    for form in queued:
        if form in taken:
            continue
        if covering.cover_of(form, wildcards):
            taken[form] = None
        elif kind_of(form) == ItemKind.WILDCARD:
            if len(wildcards) < room.wildcards:
                wildcards.append(form)
                taken[form] = None
        elif paths < room.paths:
            paths += 1
            taken[form] = None
    return taken


def _affordable(wanted: set[str], taken: int, room: Room) -> set[str]:
    """The wildcards to fold into for which there is room."""
    return set(sorted(wanted)[: max(0, room.wildcards - taken)])
