"""The simulation an operation works on: the world, its clock, its state, and what has been asked of it."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from edgeops.localaws import refusals, scenarios
from edgeops.localaws.callers import Caller
from edgeops.localaws.faults import Fault
from edgeops.localaws.scenarios import Scenario
from edgeops.localaws.state import State, Store
from edgeops.localaws.switches import Switches
from edgeops.localaws.traffic import Traffic
from edgeops.localaws.wire.messages import Params
from edgeops.localaws.world import Account, Api, Tenant, World


@dataclass(frozen=True, slots=True)
class Context:
    """What an operation knows of its call besides the parameters: when (epoch seconds), in which region, by whom.

    `faults` are those that neither refuse nor delay the call but spoil its answer.
    """

    now: float
    region: str
    caller: Caller
    faults: tuple[Fault, ...] = ()

    @property
    def account(self) -> Account:
        """The caller's account: a call sees no other."""
        return self.caller.account


type Operation = Callable[[Params, Context], Params]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the simulation behaves; durations in seconds."""

    seed: int = 7
    delay_seconds: float = 120.0
    invalidation_seconds: float = 8.0


class Meter:
    """Counts what is billed or throttled in AWS: calls per operation, metrics asked for, limits met, faults struck."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._limited: dict[str, Counter[str]] = {}
        self._faults: Counter[str] = Counter()
        self._metrics = 0

    def call(self, service: str, operation: str) -> None:
        """Count one call."""
        with self._lock:
            self._calls[f"{service}:{operation}"] += 1

    def metrics(self, count: int) -> None:
        """Count metrics asked for by GetMetricData."""
        with self._lock:
            self._metrics += count

    def limited(self, account_id: str, limit: str) -> None:
        """Count one call that was refused for exceeding a limit."""
        with self._lock:
            self._limited.setdefault(account_id, Counter())[limit] += 1

    def struck(self, kind: str) -> None:
        """Count one call that met a fault."""
        with self._lock:
            self._faults[kind] += 1

    def report(self) -> dict[str, object]:
        """The counts since the start of this process."""
        with self._lock:
            return {
                "calls": dict(self._calls),
                "metrics_requested": self._metrics,
                "limited": {account_id: dict(counts) for account_id, counts in self._limited.items()},
                "faults_struck": dict(self._faults),
            }


@dataclass(slots=True)
class Simulation:
    """Everything the operations share."""

    world: World
    store: Store
    settings: Settings = field(default_factory=Settings)
    clock: Callable[[], float] = time.time
    meter: Meter = field(default_factory=Meter)
    _traffic: Traffic | None = None

    @property
    def traffic(self) -> Traffic:
        """The traffic under the scenarios of this moment."""
        current = self.store.state.scenarios
        if self._traffic is None or self._traffic.scenarios != current:
            self._traffic = Traffic(self.world, self.settings.seed, current)
        return self._traffic

    def owned(self, distribution_id: str, context: Context) -> Api:
        """The API of a distribution of the caller's account; raises NoSuchDistribution."""
        api = self.world.distribution(distribution_id)
        if api is None or api.account_id != context.account.id:
            raise refusals.no_such_distribution()
        return self.switches(api.slug).switched(api)

    def tenant(self, tenant_id: str, context: Context) -> tuple[Api, Tenant]:
        """A distribution tenant of the caller's account; raises EntityNotFound."""
        for api, tenant in self.world.tenants_of(context.account):
            if tenant.id == tenant_id:
                return api, tenant
        raise refusals.no_such_entity()

    def switches(self, slug: str) -> Switches:
        """What people switched at the edge and the origin of an API."""
        return next((one for one in self.store.state.switches if one.api == slug), Switches(slug))

    def monitoring(self, api: Api) -> str:
        """Its monitoring subscription as the world began, or as it was switched since; empty for none."""
        first = "Enabled" if api.distribution.additional_metrics else ""
        return dict(self.store.state.monitoring).get(api.distribution.id, first)

    def has_additional_metrics(self, api: Api) -> bool:
        """Whether the distribution publishes its additional metrics now."""
        return self.monitoring(api) == "Enabled"


def first_state(world: World, now: float) -> State:
    """The state of the very first start: the world's incidents, placed on the clock."""
    planned: list[Scenario] = [
        scenarios.plan(incident, world, scenario_id=f"incident-{n}", now=now)
        for n, incident in enumerate(world.incidents, 1)
    ]
    return State(anchor=now, scenarios=tuple(planned))
