"""The control of the simulation: start and end scenarios and faults, and read what happened. JSON in, JSON out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from edgeops.localaws import quotas, scenarios, sts, switches
from edgeops.localaws.faults import Fault, FaultError
from edgeops.localaws.quotas import QuotaError, Quotas
from edgeops.localaws.scenarios import Scenario, ScenarioError
from edgeops.localaws.simulation import Simulation
from edgeops.localaws.state import State, with_switches
from edgeops.localaws.switches import SwitchError, Switches
from edgeops.localaws.wire.messages import HttpRequest, HttpResponse, Params
from edgeops.localaws.world import Incident

PREFIX = "/_control/"


class ControlError(Exception):
    """A control request that cannot be met; status and message are the answer."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """Answers `/_control/...`; `report` adds what other parts know to the state."""

    def __init__(self, simulation: Simulation, report: Callable[[], Mapping[str, object]] = dict) -> None:
        self._simulation = simulation
        self._report = report
        self._posts: Mapping[str, Callable[[Params], object]] = {
            "scenarios": self._start,
            "faults": self._break,
            "trust": self._trust,
            "quotas": self._ration,
            "edge": self._switch,
        }
        self._deletes: Mapping[str, Callable[[str], object]] = {
            "scenarios": self._end,
            "faults": self._mend,
            "quotas": lambda _: self._ration(asdict(Quotas())),
            "edge": lambda slug: self._switch(asdict(Switches(slug))),
        }

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; what cannot be met is a 4xx with `{"error": ...}`."""
        try:
            return as_json(200, self._answer(request))
        except ControlError as error:
            return as_json(error.status, {"error": str(error)})
        except (ScenarioError, FaultError, QuotaError, SwitchError) as error:
            return as_json(400, {"error": str(error)})

    def _answer(self, request: HttpRequest) -> object:
        kind, _, entry_id = request.path.removeprefix(PREFIX).partition("/")
        match request.method, entry_id:
            case "GET" | "HEAD", "" if kind == "state":
                return self._state()
            case "POST", "" if kind in self._posts:
                return self._posts[kind](_body(request))
            case "DELETE", _ if kind in self._deletes:
                return self._deletes[kind](entry_id)
        raise ControlError(f"there is no {request.method} {request.path}", status=404)

    def _state(self) -> dict[str, object]:
        now = self._simulation.clock()
        state = self._simulation.store.state
        return {
            "now": now,
            "anchor": state.anchor,
            "scenarios": [_scenario(scenario, now) for scenario in state.scenarios],
            "faults": [asdict(fault) for fault in state.faults if not fault.is_spent(now)],
            "invalidations": [{**asdict(entry), "status": entry.status(now)} for entry in state.invalidations],
            "billed": _billed(state),
            "billed_paths": state.billed_paths,
            "quotas": asdict(state.quotas),
            "edge": {one.api: asdict(one) for one in state.switches},
            "trusts": dict(state.trusts),
            "monitoring": dict(state.monitoring),
            **self._simulation.meter.report(),
            **self._report(),
        }

    def _start(self, body: Params) -> object:
        _only(body, "scenario", "api", "target", "minutes", "intensity", "started_minutes_ago")
        incident = Incident(
            scenario=_text(body, "scenario"),
            api=_text(body, "api"),
            started_minutes_ago=_number(body, "started_minutes_ago") or 0.0,
            minutes=_number(body, "minutes"),
            intensity=1.0 if body.get("intensity") is None else float(_number(body, "intensity") or 0.0),
            target=None if body.get("target") is None else _text(body, "target"),
        )
        now = self._simulation.clock()
        scenario_id = f"scenario-{self._simulation.store.next_serial()}"
        started = scenarios.plan(incident, self._simulation.world, scenario_id=scenario_id, now=now)
        self._simulation.store.change(lambda state: replace(state, scenarios=(*state.scenarios, started)))
        return _scenario(started, now)

    def _end(self, scenario_id: str) -> object:
        """End a scenario now; what it did so far stays in the metrics, as it would in AWS."""
        now = self._simulation.clock()
        found = next((s for s in self._simulation.store.state.scenarios if s.id == scenario_id), None)
        if found is None:
            raise ControlError(f"there is no scenario {scenario_id!r}", status=404)
        if not found.is_active(now):
            return _scenario(found, now)
        ended = replace(found, ended_at=now)
        self._simulation.store.change(
            lambda state: replace(state, scenarios=tuple(ended if s.id == scenario_id else s for s in state.scenarios))
        )
        return _scenario(ended, now)

    def _break(self, body: Params) -> object:
        _only(body, "kind", "service", "operation", "calls", "seconds", "delay_seconds", "match")
        calls, seconds = _number(body, "calls"), _number(body, "seconds")
        fault = Fault(
            id=f"fault-{self._simulation.store.next_serial()}",
            kind=_text(body, "kind"),
            service=_text(body, "service"),
            operation=None if body.get("operation") is None else _text(body, "operation"),
            calls=None if calls is None else int(calls),
            until=None if seconds is None else self._simulation.clock() + seconds,
            delay_seconds=_number(body, "delay_seconds") or 0.0,
            match=None if body.get("match") is None else _text(body, "match"),
        )
        self._simulation.store.change(lambda state: replace(state, faults=(*state.faults, fault)))
        return asdict(fault)

    def _mend(self, fault_id: str) -> object:
        """Remove one fault, or all of them when none is named."""
        known = {fault.id for fault in self._simulation.store.state.faults}
        if fault_id and fault_id not in known:
            raise ControlError(f"there is no fault {fault_id!r}; it may have run out", status=404)
        gone = {fault_id} if fault_id else known
        self._simulation.store.change(
            lambda state: replace(state, faults=tuple(f for f in state.faults if f.id not in gone))
        )
        return {"removed": sorted(gone)}

    def _ration(self, body: Params) -> object:
        """Change some of the quotas on invalidating; null switches one off."""
        return asdict(self._simulation.store.change(lambda s: replace(s, quotas=quotas.changed(s.quotas, body))).quotas)

    def _switch(self, body: Params) -> object:
        """Change some of the switches of one API; null leaves one as the world has it."""
        slug = _text(body, "api")
        if self._simulation.world.api(slug) is None:
            raise ControlError(f"no API {slug!r} in this world", status=404)
        switched = switches.changed(self._simulation.switches(slug), body)
        self._simulation.store.change(lambda state: with_switches(state, switched))
        return asdict(switched)

    def _trust(self, body: Params) -> object:
        """Let a role be assumed by whoever names its ExternalId; without one it is trusted to nobody any more."""
        _only(body, "role_arn", "external_id")
        role_arn = _text(body, "role_arn")
        external_id = None if body.get("external_id") is None else _text(body, "external_id")
        role = sts.ROLE_ARN.fullmatch(role_arn)
        if role is None or self._simulation.world.account_of(role["account"]) is None:
            known = ", ".join(account.id for account in self._simulation.world.accounts)
            raise ControlError(f"{role_arn!r} is not the ARN of a role of an account of this world; known are {known}")

        def edit(state: State) -> State:
            others = {role: demanded for role, demanded in state.trusts if role != role_arn}
            after = others if external_id is None else {**others, role_arn: external_id}
            return replace(state, trusts=tuple(after.items()))

        self._simulation.store.change(edit)
        return {"role_arn": role_arn, "external_id": external_id}


def as_json(status: int, value: object) -> HttpResponse:
    """A JSON answer."""
    return HttpResponse(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def _billed(state: State) -> dict[str, dict[str, dict[str, int]]]:
    """Items by account, month of UTC and distribution, as AWS will put them on the bill."""
    told: dict[str, dict[str, dict[str, int]]] = {}
    for one in state.billed:
        told.setdefault(one.account_id, {}).setdefault(one.month, {})[one.distribution_id] = one.items
    return told


def _scenario(scenario: Scenario, now: float) -> dict[str, object]:
    return {**asdict(scenario), "is_active": scenario.is_active(now)}


def _body(request: HttpRequest) -> Params:
    try:
        found = json.loads(request.body)
    except ValueError as error:
        raise ControlError(f"the body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ControlError("the body must be a JSON object")
    return found


def _only(body: Params, *known: str) -> None:
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise ControlError(f"unknown: {', '.join(unknown)}; known are {', '.join(known)}")


def _text(body: Params, key: str) -> str:
    found: Any = body.get(key)
    if not isinstance(found, str) or not found:
        raise ControlError(f"{key} must be a text")
    return found


def _number(body: Params, key: str) -> float | None:
    found: Any = body.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or abs(found) > 1e9:
        raise ControlError(f"{key} must be a number")
    return float(found)
