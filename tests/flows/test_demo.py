"""`make demo` as a newcomer meets it: started, hurt, ended, started again."""

import os
import signal
import sqlite3
import sys
import time
from contextlib import closing

import psutil
import pytest

from edgeops.demo import commands, environment, ports, process
from edgeops.demo.process import Program
from tests.fixtures.localaws import free_port
from tests.fixtures.processes import fetch

VARIABLES = [port.variable for port in (ports.WEB, ports.LOCAL_AWS, ports.EDGE, ports.SMTP, ports.INBOX)]
CHILDREN = {"redis", "local-aws", "receivers", "worker", "poller", "beat", "web"}


class Terminal:
    """One terminal in which the demo is run, as often as a test likes."""

    def __init__(self, place):
        self.place, self.runs = place, 0
        self.chosen = {variable: str(free_port()) for variable in VARIABLES}
        self.process = None

    def run(self, **more):
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.runs += 1
        self.log = self.place / f"terminal-{self.runs}.log"
        given = {**kept, **self.chosen, "EDGEOPS_STATE_DIR": str(self.place / "state"), **more}
        command = (sys.executable, "-m", "edgeops.demo")
        self.process = process.start(Program("demo", command, given, environment.ROOT, self.log))
        return self

    @property
    def said(self):
        return self.log.read_text()

    def await_words(self, words):
        deadline = time.monotonic() + 60
        while words not in self.said:
            assert self.process.poll() is None, f"it ended:\n{self.said}"
            assert time.monotonic() < deadline, f"it did not say {words!r}:\n{self.said}"
            time.sleep(0.1)

    def everybody(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def value(self, query):
        with closing(sqlite3.connect(self.place / "state" / "edgeops.sqlite3")) as database:
            return database.execute(query).fetchone()


@pytest.fixture
def terminal(tmp_path):
    terminal = Terminal(tmp_path)
    yield terminal
    if terminal.process is not None:
        process.end(terminal.process, seconds=40)


def is_alive(found):
    return found.is_running() and found.status() != psutil.STATUS_ZOMBIE


def password(said):
    return said.split("password")[1].split()[0]


def test_it_comes_up_heals_itself_ends_whole_and_keeps_its_state(terminal):
    terminal.run().await_words("is ready")
    assert fetch(f"http://127.0.0.1:{terminal.chosen['EDGEOPS_PORT']}/healthz/live").status == 200
    assert all(f"{name:<10} started" in terminal.said for name in CHILDREN)
    first_password = password(terminal.said)

    worker = next(found for found in terminal.everybody() if commands.ACTING in found.cmdline())
    worker.kill()
    terminal.await_words("worker     restarted")
    assert "worker     was killed by SIGKILL; restarting now" in terminal.said

    everybody = terminal.everybody()
    assert len(everybody) >= len(CHILDREN)
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(timeout=40) == 0
    assert not [found for found in everybody if is_alive(found)]
    people = terminal.value("select count(*), min(date_joined) from access_user")

    terminal.run().await_words("is ready")
    assert password(terminal.said) == first_password
    assert terminal.value("select count(*), min(date_joined) from access_user") == people
    # Nobody is there to say goodbye to when the supervisor itself is killed; still nobody stays.
    everybody = terminal.everybody()
    process.kill_group(terminal.process)
    deadline = time.monotonic() + 10
    while any(is_alive(found) for found in everybody) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [found.cmdline() for found in everybody if is_alive(found)]


def test_what_keeps_it_from_starting_is_one_clear_line(terminal):
    ran = terminal.run(EDGEOPS_EDGE_PORT=terminal.chosen["EDGEOPS_PORT"])
    assert ran.process.wait(timeout=20) == 1
    assert "EDGEOPS_EDGE_PORT" in ran.said
    assert len(ran.said.splitlines()) == 1
