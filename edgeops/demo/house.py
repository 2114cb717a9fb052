"""Which processes make up the demo, in which order, and what it says when they stand."""

from collections.abc import Mapping
from pathlib import Path

from edgeops.demo import commands, environment, ports
from edgeops.demo.environment import Options
from edgeops.demo.keys import Keys
from edgeops.demo.process import Program

WELCOME = """
  EdgeOps is ready: {url}

    sign in as   admin, operator or viewer
    password     {password}

  Try this (data is simulated; {aws}):
    1. Overview: the Catalog API is in ALARM right now; the Products API was, two hours ago, and recovered.
    2. Open an API, change the time range, look at a trace that failed.
    3. Cache, "New invalidation": /products/1 with a reason; follow it until it is verified at the edge.
    4. Inbox: the notifications as really received, and webhooks of three senders to copy into a terminal.
    5. Break something: EDGEOPS_MODE=demo{port} .venv/bin/python manage.py simulate scenario lambda_errors products

  Logs and state: {state}   Ctrl-C ends everything.

"""


class House:
    """The demo's programs, made from its options, its keys and the environment it was given."""

    def __init__(self, options: Options, keys: Keys, given: Mapping[str, str]) -> None:
        self.options = options
        self.logs = options.state_dir / "logs"
        self._redis_port = 0 if options.redis_url else ports.any_free()
        redis_url = options.redis_url or f"redis://127.0.0.1:{self._redis_port}/0"
        self._environment = environment.for_children(options, keys, redis_url, given)

    def ground(self) -> list[Program]:
        """What the others stand on: Redis, local AWS, the inbox's receivers."""
        options, programs = self.options, []
        if self._redis_port:
            directory = options.state_dir / "redis"
            directory.mkdir(exist_ok=True)
            where = f"on 127.0.0.1:{self._redis_port}"
            programs.append(self._program("redis", commands.redis(self._redis_port, directory), where))
        if options.has_local_aws:
            state = options.state_dir / "localaws.json"
            command = commands.local_aws(options.local_aws_port, options.edge_port, state)
            where = f"on 127.0.0.1:{options.local_aws_port}, its edge on 127.0.0.1:{options.edge_port}"
            programs.append(self._program("local-aws", command, where))
        command = commands.receivers(options.smtp_port, options.inbox_port, options.state_dir / "inbox")
        where = f"on 127.0.0.1:{options.smtp_port} (mail) and 127.0.0.1:{options.inbox_port} (webhooks)"
        programs.append(self._program("receivers", command, where))
        return programs

    def preparation(self) -> Program:
        """Migrate and seed the database; runs to its end."""
        return self._program("prepare", commands.manage("seed_demo"))

    def upper_floors(self) -> list[Program]:
        """The product: a worker that acts, one that reads AWS, beat, web."""
        return [
            self._program("worker", commands.worker(queues=commands.ACTING), stop_seconds=15),
            self._program("poller", commands.worker(queues=commands.READING), stop_seconds=15),
            self._program("beat", commands.beat()),
            self._program("web", commands.web(self.options.web_port), f"on {self.options.base_url}"),
        ]

    def welcome(self) -> str:
        """The address, the people and what to try."""
        is_moved = self.options.local_aws_port != ports.LOCAL_AWS.default
        return WELCOME.format(
            url=self._environment["EDGEOPS_BASE_URL"],
            password=self._environment["EDGEOPS_DEMO_PASSWORD"],
            aws=f"AWS is {self._environment['AWS_ENDPOINT_URL']}",
            port=f" {ports.LOCAL_AWS.variable}={self.options.local_aws_port}" if is_moved else "",
            state=self.options.state_dir,
        )

    def _program(self, name: str, command: tuple[str, ...], where: str = "", *, stop_seconds: float = 8.0) -> Program:
        log: Path = self.logs / f"{name}.log"
        return Program(name, command, self._environment, environment.ROOT, log, where, stop_seconds)
