"""A simulation inside the test, with a clock the test holds."""

import http.client
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from edgeops.localaws.callers import Caller
from edgeops.localaws.control import Control
from edgeops.localaws.edge import Edge
from edgeops.localaws.endpoint import Endpoint
from edgeops.localaws.gate import Gate
from edgeops.localaws.origin import Origin
from edgeops.localaws.scenarios import Scenario
from edgeops.localaws.serving import Server
from edgeops.localaws.simulation import Context, Settings, Simulation
from edgeops.localaws.state import State, Store
from edgeops.localaws.worldfile import load
from tests.fixtures.localaws import fetch_json

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
    called_by = account or simulation.world.account
    return Context(simulation.clock(), region, Caller(called_by, "arn:aws:iam::123456789012:user/test", "AIDA:test"))


@dataclass
class View:
    """What a viewer got."""

    status: int
    headers: Message
    body: bytes


@dataclass
class Served:
    """The simulation behind a real port, for unmodified clients and the test's clock together."""

    simulation: Simulation
    server: Server
    edge: Server

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.port}"

    def client(self, service, region="eu-west-1", *, parameter_validation=True, **credentials):
        """A boto3 client that retries nothing; without credentials it is of the first account."""
        own = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=parameter_validation)
        more = {"region_name": region, "endpoint_url": self.url, "config": config}
        return boto3.client(service, **more, **(credentials or own))

    def assumed(self, account="345678901234", seconds=3600):
        """Credentials of a role of another account, as client() takes them."""
        role = f"arn:aws:iam::{account}:role/edgeops-reader"
        self.control("trust", {"role_arn": role, "external_id": "secret of two"})
        asked = {"RoleSessionName": "edgeops", "ExternalId": "secret of two", "DurationSeconds": seconds}
        given = self.client("sts").assume_role(RoleArn=role, **asked)["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def view(self, target, host="products.example.test", method="GET", **headers):
        """What a viewer of the edge gets: status, headers, body; redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.edge.port, timeout=10)
        try:
            sent = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
            connection.request(method, target, headers=sent)
            answer = connection.getresponse()
            return View(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def x_cache(self, target, **more):
        """The first word of X-Cache: Hit, Miss, RefreshHit or Error."""
        return self.view(target, **more).headers["X-Cache"].partition(" ")[0]

    def change(self, slug, number, **change):
        """Change a product behind the edge's back."""
        return fetch_json(f"{self.url}/_origin/{slug}/{slug}/{number}", change, method="PUT")

    def invalidate(self, *items, distribution="E1PRODUCTSDEMO"):
        """Create an invalidation and wait until it has completed."""
        batch = {"Paths": {"Quantity": len(items), "Items": list(items)}, "CallerReference": uuid.uuid4().hex}
        self.client("cloudfront").create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
        self.simulation.clock.pass_seconds(self.simulation.settings.invalidation_seconds)

    def control(self, path, body=None, *, method=None):
        return fetch_json(f"{self.url}/_control/{path}", body, method=method)


@contextmanager
def serving(simulation):
    """The simulation on a port of its own for the length of a block."""
    origin = Origin(simulation)
    edge = Edge(simulation, origin)
    gate = Gate(Endpoint(simulation), Control(simulation, edge.report), origin)
    servers = [Server(0, gate.answer), Server(0, edge.answer)]
    for server in servers:
        server.start()
    try:
        yield Served(simulation, *servers)
    finally:
        for server in servers:
            server.stop()


@pytest.fixture
def served(simulation):
    with serving(simulation) as running:
        yield running


def code_of(call):
    """The error code and status of a call that AWS refuses."""
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]


def trouble(kind, api, *, minutes_ago=60, minutes=30, intensity=0.5, target=None):
    """A scenario on the test's clock."""
    started = (NOW - timedelta(minutes=minutes_ago)).timestamp()
    ended = None if minutes is None else started + 60 * minutes
    return Scenario(f"{kind}-1", kind, api, started, ended, intensity, target)
