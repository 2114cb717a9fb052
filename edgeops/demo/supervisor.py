"""Keeping the demo's processes alive, saying what happens to them, and ending them all."""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from edgeops.demo import process
from edgeops.demo.process import Program

type Say = Callable[[str, str], None]

LOOK_SECONDS = 0.1
# A child that lived this long was well; its next death starts the back-off anew.
WELL_SECONDS = 60.0
BACKOFF_CAP_SECONDS = 30.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Child:
    """A program and its present life."""

    program: Program
    process: subprocess.Popen[bytes]
    started_at: float
    deaths: int = 0
    restart_at: float | None = None


class Supervisor:
    """Starts children in order, restarts the dead with growing pauses, ends all in the opposite order."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._children: list[Child] = []
        self._signals = 0

    @property
    def is_stopping(self) -> bool:
        """Whether somebody asked us to end."""
        return self._signals > 0

    def listen_to_signals(self) -> None:
        """Take Ctrl-C, SIGTERM and a closed terminal as the wish to end; a second one means at once.

        Under nohup a closed terminal means nothing, as its user wished.
        """
        for number in STOP_SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._note_signal)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def start(self, program: Program) -> None:
        """Start a child that is to stay."""
        self._children.append(Child(program, process.start(program), time.monotonic()))
        self._say(program.name, f"started {program.where}".rstrip())

    def run(self, program: Program) -> int | None:
        """Run a child to its end, tending the others meanwhile; its exit code, or None when we are to stop."""
        running = process.start(program)
        while running.poll() is None:
            if self.is_stopping:
                process.end(running, seconds=program.stop_seconds)
                return None
            self.tend()
        return running.returncode

    def tend(self) -> None:
        """One look at every child: note the dead, restart those whose pause is over; then a short rest."""
        now = time.monotonic()
        for child in self._children:
            if child.restart_at is not None:
                if now >= child.restart_at:
                    self._restart(child, now)
            elif child.process.poll() is not None:
                self._mourn(child, now)
        time.sleep(LOOK_SECONDS)

    def _mourn(self, child: Child, now: float) -> None:
        process.kill_group(child.process)  # what it started must not hold its port
        child.deaths = 1 if now - child.started_at > WELL_SECONDS else child.deaths + 1
        pause = 0.0 if child.deaths == 1 else min(BACKOFF_CAP_SECONDS, 2.0 ** (child.deaths - 2))
        child.restart_at = now + pause
        code = child.process.returncode
        cause = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        when = f"in {pause:.0f} s" if pause else "now"
        self._say(child.program.name, f"{cause}; restarting {when}. Its log: {child.program.log}")

    def _restart(self, child: Child, now: float) -> None:
        child.process, child.started_at, child.restart_at = process.start(child.program), now, None
        self._say(child.program.name, f"restarted {child.program.where}".rstrip())

    def end_all(self) -> None:
        """End every child, last started first: nobody loses the ground it stands on before it has ended itself."""
        for child in reversed(self._children):
            willing = process.end(child.process, seconds=child.program.stop_seconds, in_hurry=lambda: self._signals > 1)
            self._say(child.program.name, "ended" if willing else "killed")
        self._children.clear()
