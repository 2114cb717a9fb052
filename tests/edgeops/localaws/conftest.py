"""A simulation inside the test, with a clock the test holds."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edgeops.localaws.scenarios import Scenario
from edgeops.localaws.simulation import Context, Settings, Simulation
from edgeops.localaws.state import State, Store
from edgeops.localaws.world import load

WORLD = load(Path(__file__).resolve().parents[3] / "edgeops/demo/estate.yaml")
NOW = datetime(2026, 11, 18, 18, 30, tzinfo=UTC)  # a Wednesday evening


@dataclass
class Clock:
    """Time as the test wants it."""

    now: float = NOW.timestamp()

    def __call__(self):
        return self.now

    def pass_seconds(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def simulation(clock):
    return make_simulation(clock)


def make_simulation(clock, *, scenarios=(), **settings):
    store = Store(State(anchor=clock.now, scenarios=tuple(scenarios)))
    return Simulation(WORLD, store, replace(Settings(delay_seconds=0), **settings), clock)


def context(simulation, region="eu-west-1", account=None):
    return Context(simulation.clock(), region, account or simulation.world.account)


def trouble(kind, api, *, minutes_ago=60, minutes=30, intensity=0.5, target=None):
    """A scenario on the test's clock."""
    started = (NOW - timedelta(minutes=minutes_ago)).timestamp()
    ended = None if minutes is None else started + 60 * minutes
    return Scenario(f"{kind}-1", kind, api, started, ended, intensity, target)
