"""What people did to the simulation, kept in one JSON file that is whole at every moment."""

import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

from edgeops.localaws.faults import Fault
from edgeops.localaws.quotas import Quotas
from edgeops.localaws.scenarios import Scenario
from edgeops.localaws.switches import Switches
from edgeops.localaws.wire.messages import Params


class StateError(Exception):
    """The state file cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Invalidation:
    """One invalidation as CloudFront holds it; times are epoch seconds."""

    id: str
    distribution_id: str
    caller_reference: str
    paths: tuple[str, ...]
    created_at: float
    completes_at: float
    tenant_id: str = ""

    @property
    def holder(self) -> str:
        """Whose objects it is of: a tenant's, or those of the distribution itself."""
        return self.tenant_id or self.distribution_id

    def status(self, now: float) -> str:
        """CloudFront's own word for where it is."""
        return "Completed" if now >= self.completes_at else "InProgress"


@dataclass(frozen=True, slots=True)
class Billed:
    """The items AWS bills an account for in one month of UTC (`2026-11`), by distribution."""

    account_id: str
    month: str
    distribution_id: str
    items: int


@dataclass(frozen=True, slots=True)
class State:
    """All that survives a restart; `anchor` is the moment of the very first start, epoch seconds."""

    anchor: float
    serial: int = 0
    scenarios: tuple[Scenario, ...] = ()
    faults: tuple[Fault, ...] = ()
    invalidations: tuple[Invalidation, ...] = ()
    billed: tuple[Billed, ...] = ()
    quotas: Quotas = field(default_factory=Quotas)
    products: tuple[tuple[str, str, Params], ...] = ()
    """(API slug, path, body) of every product someone changed at the origin."""
    held: tuple[tuple[str, str, Params], ...] = ()
    """The same of those changed while their origin was frozen, not shown yet."""
    switches: tuple[Switches, ...] = ()
    trusts: tuple[tuple[str, str], ...] = ()
    """(role ARN, ExternalId its trust demands) of every role that can be assumed."""
    monitoring: tuple[tuple[str, str], ...] = ()
    """(distribution id, status of its monitoring subscription) where someone switched it; empty is none."""

    @property
    def billed_paths(self) -> int:
        """The items billed so far, all accounts and months together."""
        return sum(one.items for one in self.billed)


def with_billed(state: State, account_id: str, month: str, distribution_id: str, items: int) -> State:
    """The state after AWS billed an account for so many items more."""
    place = (account_id, month, distribution_id)
    counts = {(one.account_id, one.month, one.distribution_id): one.items for one in state.billed}
    counts[place] = counts.get(place, 0) + items
    return replace(state, billed=tuple(Billed(*place, count) for place, count in counts.items()))


def with_product(state: State, product: tuple[str, str, Params], *, is_held: bool) -> State:
    """The state after someone changed a product: shown, or held back by a frozen origin."""
    known = state.held if is_held else state.products
    after = (*(entry for entry in known if entry[:2] != product[:2]), product)
    return replace(state, held=after) if is_held else replace(state, products=after)


def with_switches(state: State, switches: Switches) -> State:
    """The state after the switches of one API were changed; an origin that thaws shows what it held back."""
    others = tuple(one for one in state.switches if one.api != switches.api)
    after = replace(state, switches=(*others, switches))
    if switches.origin_frozen:
        return after
    thawed = [product for product in after.held if product[0] == switches.api]
    for product in thawed:
        after = with_product(after, product, is_held=False)
    return replace(after, held=tuple(product for product in after.held if product not in thawed))


class Store:
    """Holds the state and writes it at each change: to a temporary file, to the disk, then renamed."""

    def __init__(self, state: State, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self.state = state

    @classmethod
    def open(cls, path: Path | None, *, first: Callable[[], State]) -> "Store":
        """Continue the state of a file, or begin with `first` and write it."""
        if path is not None and path.exists():
            return cls(_read(path), path)
        store = cls(first(), path)
        store._write()
        return store

    def change(self, edit: Callable[[State], State]) -> State:
        """Replace the state by what `edit` makes of it, and write it before anyone is told."""
        with self._lock:
            self.state = edit(self.state)
            self._write()
            return self.state

    def next_serial(self) -> int:
        """A number no earlier run has used."""
        return self.change(lambda state: replace(state, serial=state.serial + 1)).serial

    def _write(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        with temporary.open("w", encoding="utf-8") as file:
            file.write(_text(self.state))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)


def _text(state: State) -> str:
    """The state as JSON. Invalidations are many and never change, so that each is put into words once."""
    rest = asdict(replace(state, invalidations=()))
    del rest["invalidations"]
    invalidations = ", ".join(map(_worded, state.invalidations))
    return f'{{"invalidations": [{invalidations}], {json.dumps(rest).removeprefix("{")}'


@cache
def _worded(invalidation: Invalidation) -> str:
    return json.dumps(asdict(invalidation))


def _read(path: Path) -> State:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return State(
            anchor=float(raw["anchor"]),
            serial=int(raw["serial"]),
            scenarios=tuple(Scenario(**entry) for entry in raw["scenarios"]),
            faults=tuple(Fault(**entry) for entry in raw["faults"]),
            invalidations=tuple(
                Invalidation(**{**entry, "paths": tuple(entry["paths"])}) for entry in raw["invalidations"]
            ),
            billed=tuple(Billed(**entry) for entry in raw.get("billed", ())),
            quotas=Quotas(**raw.get("quotas", {})),
            products=tuple((slug, product, body) for slug, product, body in raw["products"]),
            held=tuple((slug, product, body) for slug, product, body in raw.get("held", ())),
            switches=tuple(Switches(**entry) for entry in raw.get("switches", ())),
            trusts=tuple((role, external_id) for role, external_id in raw.get("trusts", ())),
            monitoring=tuple((distribution, status) for distribution, status in raw.get("monitoring", ())),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"the state file {path} cannot be read ({error!r}); delete it to begin anew") from error
