"""What an account's access allows, as a page shows it: grouped by the answer, what is denied first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

TITLES = {"denied": "Denied", "unknown": "Unknown", "granted": "Granted"}


@dataclass(frozen=True)
class Group:
    """The checks of one answer; `is_open` where they ask for something to be done."""

    state: str
    title: str
    checks: Sequence[Mapping[str, str]]
    is_open: bool


def groups(checks: Iterable[Mapping[str, str]]) -> list[Group]:
    """Denied, unknown and granted, each that there is. Unknown is shown at once only while nothing is denied."""
    by_state: dict[str, list[Mapping[str, str]]] = {}
    for check in checks:
        by_state.setdefault(check["state"], []).append(check)
    first = next((state for state in TITLES if state in by_state), "")
    return [
        Group(state, title, by_state[state], is_open=state == first and state != "granted")
        for state, title in TITLES.items()
        if state in by_state
    ]
