"""One child process: started in a group of its own, ended with everything it started, gone when we are."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
# Loaded before any fork: the child may only make the call.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
LOG_LIMIT_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Program:
    """What to run, with which environment, where it writes, and how long it may take to end."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    directory: Path
    log: Path
    where: str = ""
    stop_seconds: float = 8.0


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start it, its output appended to its log; a terminal's Ctrl-C does not reach it, the end of this process does."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    if program.log.exists() and program.log.stat().st_size > LOG_LIMIT_BYTES:
        program.log.replace(program.log.with_suffix(".log.1"))
    with program.log.open("ab") as output:
        return subprocess.Popen(
            program.command,
            cwd=program.directory,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=_dies_with(os.getpid()),  # noqa: PLW1509  (the parent has one thread when it forks)
        )


def never() -> bool:
    """Nobody is in a hurry."""
    return False


def end(process: subprocess.Popen[bytes], *, seconds: float, in_hurry: Callable[[], bool] = never) -> bool:
    """Ask it to end, wait, then kill what is left of its group; True when it ended by itself."""
    if process.poll() is None:
        process.terminate()
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline and not in_hurry():
        time.sleep(0.02)
    willing = process.poll() is not None
    kill_group(process)
    return willing


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the process and everything it started; nothing when all are gone."""
    with suppress(ProcessLookupError, PermissionError):  # macOS answers the latter for a group of zombies
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def tail(log: Path, *, lines: int = 12) -> str:
    """The last lines of a log, for telling why a start failed."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _dies_with(parent: int) -> Callable[[], None]:
    """On Linux, have the kernel kill the child when `parent` dies, even of SIGKILL."""

    def ask_kernel() -> None:
        if LIBC is None:
            return
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask_kernel
