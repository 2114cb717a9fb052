"""Run local AWS: `python -m edgeops.localaws --world edgeops/demo/estate.yaml`.

`--copies 40` adds forty copies of every API, to measure at thousands of series; their names are told in
`edgeops.localaws.copies`.
"""

import argparse
import signal
import sys
import threading
import time
from pathlib import Path

from edgeops.localaws.control import Control
from edgeops.localaws.copies import with_copies
from edgeops.localaws.edge import Edge
from edgeops.localaws.endpoint import Endpoint
from edgeops.localaws.gate import Gate
from edgeops.localaws.origin import Origin
from edgeops.localaws.scenarios import ScenarioError
from edgeops.localaws.serving import Server
from edgeops.localaws.simulation import Settings, Simulation, first_state
from edgeops.localaws.state import StateError, Store
from edgeops.localaws.worldfile import WorldError, load, with_bare_distributions


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 2 when it cannot start, with one line on stderr that says why."""
    options = _options(argv)
    try:
        world = with_copies(with_bare_distributions(load(options.world), options.distributions), options.copies)
        store = Store.open(options.state, first=lambda: first_state(world, time.time()))
    except (WorldError, StateError, ScenarioError) as error:
        return _refuse(str(error))
    settings = Settings(options.seed, options.delay_seconds, options.invalidation_seconds)
    simulation = Simulation(world, store, settings)
    try:
        servers = _listen(simulation, options.port, options.edge_port)
    except OSError as error:
        return _refuse(str(error))
    _serve(servers)
    return 0


def _listen(simulation: Simulation, port: int, edge_port: int) -> list[Server]:
    """Open both ports; raises OSError naming the one that is taken."""
    origin = Origin(simulation)
    edge = Edge(simulation, origin)
    gate = Gate(Endpoint(simulation), Control(simulation, edge.report), origin)
    servers: list[Server] = []
    for wanted, answer in ((port, gate.answer), (edge_port, edge.answer)):
        try:
            servers.append(Server(wanted, answer))
        except OSError as error:
            message = f"cannot listen on 127.0.0.1:{wanted}: {error.strerror}; another process may have the port"
            raise OSError(message) from error
    return servers


def _serve(servers: list[Server]) -> None:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    for server in servers:
        server.start()
    ports = ", ".join(f"http://127.0.0.1:{server.port}" for server in servers)
    sys.stdout.write(f"local AWS listens on {ports}\n")
    sys.stdout.flush()
    stopping.wait()
    for server in servers:
        server.stop()


def _refuse(reason: str) -> int:
    sys.stderr.write(f"local AWS cannot start: {reason}\n")
    return 2


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m edgeops.localaws", description=__doc__)
    parser.add_argument("--world", type=Path, required=True, help="the YAML file of the estate")
    parser.add_argument("--distributions", type=int, default=None, help="so many bare ones more, to be listed")
    parser.add_argument("--copies", type=int, default=0, help="of every API, with traffic and names of their own")
    parser.add_argument("--port", type=int, default=4566, help="of the AWS endpoint")
    parser.add_argument("--edge-port", type=int, default=9000, help="of the simulated CloudFront's viewers")
    parser.add_argument("--state", type=Path, default=None, help="the file that survives a restart")
    parser.add_argument("--delay-seconds", type=float, default=120.0, help="until a minute's metrics settle")
    parser.add_argument("--invalidation-seconds", type=float, default=8.0, help="until one completes")
    parser.add_argument("--seed", type=int, default=7, help="of all noise")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
