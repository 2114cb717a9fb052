"""Whether a request may be made by whom it is made: free, with a second person's approval, or not at all. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edgeops.invalidations import covering
from edgeops.invalidations.items import Parsed
from edgeops.invalidations.models import Policy
from edgeops.invalidations.paths import EVERYTHING

MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class Scope:
    """What about a request is out of the ordinary, in words, and who may still make it."""

    reasons: tuple[str, ...] = ()
    needs_approval: bool = False
    is_refused: bool = False

    @property
    def words(self) -> str:
        """All reasons as one text."""
        return " ".join(self.reasons)


def judge(parsed: Parsed, policy: Policy, *, is_admin: bool) -> Scope:
    """Where the policy asks for approval, a second person decides, whoever asks; elsewhere an admin may, others not."""
    reasons = tuple(_reasons(parsed, policy))
    return Scope(
        reasons,
        needs_approval=bool(reasons) and policy.asks_approval,
        is_refused=bool(reasons) and not policy.asks_approval and not is_admin,
    )


def _reasons(parsed: Parsed, policy: Policy) -> Iterator[str]:
    forms = parsed.sent_forms
    if parsed.is_everything:
        yield "/* empties the whole cache: every viewer's next request goes to the origin."
    wide = [form for form in forms if form != EVERYTHING and covering.is_wildcard(form)]
    if policy.ceilings and (beyond := [one for one in wide if not _within(one, policy.ceilings)]):
        yield f"{_some(beyond)}: wider than the distribution's policy allows ({', '.join(policy.ceilings)})."
    if hit := [form for form in forms if form != EVERYTHING and _reaches(form, policy.protected)]:
        yield f"{_some(hit)}: reaches what the policy protects ({', '.join(policy.protected)})."
    if policy.max_items is not None and len(forms) > policy.max_items:
        yield f"{len(forms):,} items are more than the {policy.max_items:,} the policy allows in one request."


def _within(form: str, ceilings: Iterable[str]) -> bool:
    return any(covering.covers(ceiling, form) for ceiling in ceilings)


def _reaches(form: str, protected: Iterable[str]) -> bool:
    return any(covering.touches(form, pattern) for pattern in protected)


def _some(forms: list[str]) -> str:
    more = len(forms) - MAX_NAMED
    return ", ".join(forms[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
