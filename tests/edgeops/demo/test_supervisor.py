import os
import signal
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from edgeops.demo import process
from edgeops.demo.process import Program
from edgeops.demo.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[3]
SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (sys.executable, "-c", "import signal, time; signal.signal(15, lambda *_: None); time.sleep(60)")
# A child with a child of its own in the same group.
PARENT = ("sh", "-c", "sleep 60 & echo $! > grandchild; wait")


@pytest.fixture
def program(tmp_path):
    def build(name, command, **more):
        return Program(name, command, dict(os.environ), tmp_path, tmp_path / f"{name}.log", **more)

    return build


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(said):
    supervisor = Supervisor(lambda name, what: said.append(f"{name} {what}"))
    yield supervisor
    supervisor.end_all()


def until(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def pid_of(supervisor, position=0):
    return supervisor._children[position].process.pid


def test_a_child_that_dies_is_restarted_and_said_so(supervisor, program, said):
    supervisor.start(program("worker", SLEEP))
    first = pid_of(supervisor)
    os.kill(first, signal.SIGKILL)

    until(lambda: supervisor.tend() or pid_of(supervisor) != first)

    assert psutil.pid_exists(pid_of(supervisor))
    assert any("worker was killed by SIGKILL; restarting now" in line for line in said)


def test_a_child_that_keeps_dying_is_restarted_with_growing_pauses(supervisor, program, said):
    supervisor.start(program("web", ("sh", "-c", "exit 3")))

    until(lambda: supervisor.tend() or len([line for line in said if "exit code 3" in line]) == 3)

    pauses = [line.split("restarting ")[1].split(".")[0] for line in said if "exit code 3" in line]
    assert pauses == ["now", "in 1 s", "in 2 s"]


def test_what_a_dead_child_had_started_is_ended_too(supervisor, program, tmp_path):
    supervisor.start(program("web", PARENT))
    until(lambda: (tmp_path / "grandchild").exists() and (tmp_path / "grandchild").read_text().strip())
    grandchild = psutil.Process(int((tmp_path / "grandchild").read_text()))
    os.kill(pid_of(supervisor), signal.SIGKILL)

    until(lambda: supervisor.tend() or not is_alive(grandchild))


def test_ending_all_goes_backwards_and_leaves_nobody(supervisor, program, said):
    for name in ("redis", "worker", "web"):
        supervisor.start(program(name, SLEEP))
    pids = [pid_of(supervisor, position) for position in range(3)]

    supervisor.end_all()

    assert said[-3:] == ["web ended", "worker ended", "redis ended"]
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_child_that_will_not_end_is_killed(program):
    running = process.start(program("worker", STUBBORN))
    time.sleep(0.5)

    assert not process.end(running, seconds=0.3)
    assert not psutil.pid_exists(running.pid)


def test_a_program_run_to_its_end_answers_with_its_exit_code(supervisor, program):
    assert supervisor.run(program("prepare", ("sh", "-c", "exit 4"))) == 4


def test_its_output_is_in_its_log(supervisor, program, tmp_path):
    supervisor.run(program("prepare", ("sh", "-c", "echo out; echo err >&2")))

    assert process.tail(tmp_path / "prepare.log") == "out\nerr"


if sys.platform == "linux":  # the kernel's promise there; elsewhere there is none to test

    def test_kill_9_of_the_supervisor_leaves_no_child(tmp_path):
        script = tmp_path / "parent.py"
        script.write_text(
            textwrap.dedent(f"""
            import sys, time
            from pathlib import Path
            from edgeops.demo import process
            child = process.start(process.Program("c", {SLEEP!r}, {{}}, Path("."), Path({str(tmp_path / "c.log")!r})))
            print(child.pid, flush=True)
            time.sleep(60)
            """)
        )
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        log = tmp_path / "parent.log"
        parent = process.start(Program("parent", (sys.executable, str(script)), environment, tmp_path, log))
        until(lambda: log.read_text().strip().isdigit())
        child = psutil.Process(int(log.read_text()))

        parent.kill()
        parent.wait()

        until(lambda: not is_alive(child))


def is_alive(found):
    return found.is_running() and found.status() != psutil.STATUS_ZOMBIE
