"""`python -m edgeops.demo`: EdgeOps on a simulated AWS, in one terminal. Ctrl-C ends all."""

import fcntl
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeops.demo import environment, keys, ports, process
from edgeops.demo.environment import Options
from edgeops.demo.house import House
from edgeops.demo.supervisor import Supervisor

READY_SECONDS = 60


class AlreadyRunningError(Exception):
    """Another demo runs on the same state directory."""


def main() -> int:
    """Run until a signal: 0 when asked to end, 1 when it could not start, with the reason on stderr."""
    given = environment.inherited()
    try:
        options = environment.read(given)
        options.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with only_one(options.state_dir):
            ports.refuse_taken(options.wanted_ports)
            kept = keys.load_or_make(options.state_dir / "demo.json")
            return run(House(options, kept, given), Supervisor(say))
    except (ports.PortError, keys.KeysError, AlreadyRunningError) as error:
        sys.stderr.write(f"The demo cannot start. {error}\n")
        return 1


def run(house: House, supervisor: Supervisor) -> int:
    """Bring the house up, keep it up, and leave no process behind."""
    supervisor.listen_to_signals()
    try:
        for program in house.ground():
            supervisor.start(program)
        if not prepared(house, supervisor):
            return 0 if supervisor.is_stopping else 1
        for program in house.upper_floors():
            supervisor.start(program)
        await_pages(house, supervisor)
        while not supervisor.is_stopping:
            supervisor.tend()
    finally:
        supervisor.end_all()
    say("demo", f"ended; its state stays in {house.options.state_dir}")
    return 0


def prepared(house: House, supervisor: Supervisor) -> bool:
    """Whether the database is migrated and seeded; says why not."""
    program = house.preparation()
    code = supervisor.run(program)
    if code:
        sys.stderr.write(f"The demo cannot start: preparing its database failed.\n{process.tail(program.log)}\n")
    return code == 0


def await_pages(house: House, supervisor: Supervisor) -> None:
    """Tell the URL as soon as the pages answer; point at the log when they do not."""
    deadline = time.monotonic() + READY_SECONDS
    while not supervisor.is_stopping:
        if answers(house.options):
            tell(house.welcome())
            return
        if time.monotonic() > deadline:
            say("web", f"does not answer yet; look into {house.logs / 'web.log'}")
            return
        supervisor.tend()


def answers(options: Options) -> bool:
    """Whether the web process answers at all."""
    try:
        # The address is our own loopback port.
        with urllib.request.urlopen(f"http://127.0.0.1:{options.web_port}/healthz/live", timeout=2):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False


@contextmanager
def only_one(state_dir: Path) -> Iterator[None]:
    """Hold the state directory's lock; raises AlreadyRunningError when another demo does."""
    with (state_dir / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunningError(
                f"Another demo already uses {state_dir}. End it (Ctrl-C in its terminal), "
                "or give this one its own: EDGEOPS_STATE_DIR=/tmp/edgeops make demo (and other ports)."
            ) from error
        yield


def say(name: str, what: str) -> None:
    """One line in the terminal."""
    tell(f"{time.strftime('%H:%M:%S')}  {name:<10} {what}\n")


def tell(text: str) -> None:
    """Write to the terminal; one that was closed must not stop us from ending the others."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (for the rest of the process)


if __name__ == "__main__":
    sys.exit(main())
