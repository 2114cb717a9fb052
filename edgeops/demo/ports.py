"""The ports of the demo: which they are, and whether they are free before anything starts."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass


class PortError(Exception):
    """A port cannot be used; the message names it and the variable that changes it."""


@dataclass(frozen=True)
class Port:
    """One port: what it is for, and the environment variable that moves it."""

    variable: str
    default: int
    purpose: str


WEB = Port("EDGEOPS_PORT", 8000, "EdgeOps itself")
LOCAL_AWS = Port("EDGEOPS_LOCALAWS_PORT", 4566, "local AWS")
EDGE = Port("EDGEOPS_EDGE_PORT", 9000, "the simulated CloudFront edge")
SMTP = Port("EDGEOPS_SMTP_PORT", 8025, "the inbox's mail receiver")
INBOX = Port("EDGEOPS_INBOX_PORT", 8026, "the inbox's webhook receiver")


def read(port: Port, environment: Mapping[str, str]) -> int:
    """The number in force; raises PortError when the variable holds none."""
    text = environment.get(port.variable, "").strip() or str(port.default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise PortError(f"{port.variable} is {text!r}. Set it to a number from 1 to 65535, or unset it.")
    return int(text)


def refuse_taken(wanted: Mapping[Port, int]) -> None:
    """Raise PortError for the first port that two parts share or that somebody already listens on."""
    seen: dict[int, Port] = {}
    for port, number in wanted.items():
        if number in seen:
            raise PortError(
                f"Port {number} is wanted twice: for {seen[number].purpose} ({seen[number].variable}) "
                f"and for {port.purpose} ({port.variable}). Give one of them another number."
            )
        seen[number] = port
        if not is_free(number):
            raise PortError(
                f"Port {number}, wanted for {port.purpose}, is in use. "
                f"Stop what listens there, or choose another: {port.variable}={number + 1} make demo"
            )


def is_free(number: int) -> bool:
    """Whether loopback's `number` can be listened on now; a connection closed a moment ago does not count as use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port of loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
