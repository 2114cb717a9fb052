"""The one guarded way out over HTTP: addresses checked and pinned, sizes and seconds bounded, no redirects, no proxies.

A name is resolved once, every address it has is checked, and the connection goes to the address that was checked, so a
name that changes its mind in between gains nothing. Addresses that are not globally reachable are refused unless
`EDGEOPS_OUTBOUND_ALLOW` holds them. Redirects come back as the answer they are.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.response import BaseHTTPResponse

type Address = IPv4Address | IPv6Address

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 15.0
RESPONSE_BYTES = 64 * 1024
PORTS = {"http": 80, "https": 443}
NAT64 = IPv6Network("64:ff9b::/96")
# Ways to smuggle an IPv4 address inside an IPv6 one (6to4, Teredo, local NAT64); Python calls some of them global.
TUNNELS = [IPv6Network("2002::/16"), IPv6Network("2001::/32"), IPv6Network("64:ff9b:1::/48")]
# For protocols, never a web server; Python before 3.12.4 calls some of it global.
# https://www.iana.org/assignments/iana-ipv4-special-registry/
PROTOCOL_ASSIGNMENTS = IPv4Network("192.0.0.0/24")
HOST_HEADER = re.compile(r"[A-Za-z0-9.\-]{1,253}(:\d{1,5})?")


@dataclass(frozen=True)
class Response:
    """What came back. Header names are case-insensitive; `body` is at most 64 KiB; `address` is where it came from."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    address: str
    is_truncated: bool = False


class OutboundError(Exception):
    """No answer was had. `kind`: dns, connect, tls, timeout, protocol or refused; `retryable`: may it work later."""

    def __init__(self, kind: str, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.kind = kind
        self.retryable = retryable


class RefusedAddressError(OutboundError):
    """EdgeOps does not call this address; only a change of the URL or of EDGEOPS_OUTBOUND_ALLOW helps."""

    def __init__(self, message: str) -> None:
        super().__init__("refused", message, retryable=False)


@dataclass(frozen=True)
class Target:
    """A URL taken apart and found well-formed."""

    scheme: str
    host: str
    port: int
    path: str


def parse(url: str) -> Target:
    """Take a URL apart; raises RefusedAddressError, in words for the person who typed it.

    Looks nothing up, so it may be used where no network call may happen; an address written out is checked already.
    """
    if not url.isascii() or not url.isprintable() or any(c in url for c in ' \\"<>^`{|}'):
        raise RefusedAddressError("The URL holds spaces, backslashes or characters that must be percent-encoded.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedAddressError(f"The URL cannot be read: {error}.") from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise RefusedAddressError("The URL must start with https:// or http:// and name a host.")
    if "@" in parts.netloc or "%" in parts.netloc or "#" in url:
        raise RefusedAddressError("The URL may not hold a user name, a zone or a fragment.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.scheme, parts.hostname, port if port is not None else PORTS[parts.scheme], path)
    if (literal := _literal(target.host)) is not None:
        _check(literal, target.port)
    return target


def request(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, host: str | None = None
) -> Response:
    """Make one request and return its answer, whatever its status; `host` replaces the Host header.

    Raises RefusedAddressError for what EdgeOps does not call and OutboundError when no answer came within 15 s.
    """
    target = parse(url)
    if host is not None and not HOST_HEADER.fullmatch(host):
        raise RefusedAddressError(f"{host!r} is not a host name.")
    deadline = time.monotonic() + TOTAL_SECONDS
    addresses = [_check(address, target.port) for address in _resolve(target, deadline)]
    sock, address = _connect(addresses, target.port, deadline)
    sent = {"User-Agent": "EdgeOps", **headers, **({"Host": host} if host else {})}
    with _ending_at(deadline, sock) as ended, _named_failures(target, ended):
        answer, content = _exchange(_connection(target, sock), method, target.path, sent, body)
    kept = content[:RESPONSE_BYTES]
    return Response(answer.status, answer.headers, kept, address, is_truncated=len(content) > len(kept))


def is_reachable(address: Address) -> bool:
    """Whether an address is on the public internet, also when it carries another inside; knows no allow-list."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_reachable(IPv4Address(int(address) & 0xFFFFFFFF))
        if address.is_site_local or any(address in tunnel for tunnel in TUNNELS):
            return False
    elif address in PROTOCOL_ASSIGNMENTS:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _check(address: Address, port: int) -> Address:
    """The address to connect to, unwrapped; raises RefusedAddressError."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    plain = mapped or address
    if any(plain in network for network in settings.OUTBOUND_ALLOW):
        return plain
    if not is_reachable(plain):
        raise RefusedAddressError(
            f"{address} is not a public address, so EdgeOps does not call it. "
            "An admin can allow it with EDGEOPS_OUTBOUND_ALLOW."
        )
    if port not in PORTS.values():
        raise RefusedAddressError(f"EdgeOps calls ports 80 and 443 of public addresses, not {port}.")
    return plain


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _resolve(target: Target, deadline: float) -> list[Address]:
    """Every address of the host; the resolver has no time-out of its own, so it works in a thread we can leave."""
    found: list[Address] = []
    failed: list[Exception] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            found.extend(ip_address(row[4][0]) for row in rows)
        except (OSError, UnicodeError, ValueError) as error:
            failed.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - time.monotonic()))
    if not found:
        reason = failed[0] if failed else "no answer in time"
        raise OutboundError("dns", f"The name {target.host} could not be resolved: {reason}.")
    return list(dict.fromkeys(found))


def _connect(addresses: list[Address], port: int, deadline: float) -> tuple[socket.socket, str]:
    """A connection to the first address that takes one."""
    failure: OSError | None = None
    for address in addresses:
        seconds = min(CONNECT_SECONDS, deadline - time.monotonic())
        if seconds <= 0:
            break
        try:
            sock = socket.create_connection((str(address), port), timeout=seconds)
        except OSError as error:
            failure = error
            continue
        sock.settimeout(READ_SECONDS)
        return sock, str(address)
    raise OutboundError("connect", f"No connection to port {port}: {failure or 'out of time'}.")


@contextmanager
def _ending_at(deadline: float, sock: socket.socket) -> Iterator[threading.Event]:
    """Cut the connection at the deadline; a time-out per read alone would let an answer drip for ever."""
    ended = threading.Event()
    # A duplicate: TLS takes the original over, and shutting down either ends the connection.
    with sock.dup() as handle:

        def cut() -> None:
            ended.set()
            try:
                handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it had ended by itself

        timer = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
        timer.daemon = True
        timer.start()
        try:
            yield ended
        finally:
            timer.cancel()
            timer.join()


@contextmanager
def _named_failures(target: Target, ended: threading.Event) -> Iterator[None]:
    late = OutboundError("timeout", f"{target.host} did not finish within {TOTAL_SECONDS:g} s.")
    try:
        yield
        if ended.is_set():  # a body without a length looks complete when it is cut
            raise late
    except (HTTPError, HTTPException, OSError) as error:
        if ended.is_set():
            raise late from error
        if isinstance(error, TimeoutError) or "timed out" in str(error):
            raise OutboundError("timeout", f"{target.host} sent nothing for {READ_SECONDS:g} s.") from error
        if isinstance(error, SSLError | ssl.SSLError):
            raise OutboundError("tls", f"TLS with {target.host} failed: {error}.") from error
        raise OutboundError("protocol", f"{target.host} broke off or did not speak HTTP: {error}.") from error


class _Pinned(HTTPConnection):
    """Speaks over a connection that already exists."""

    pinned: socket.socket

    def _new_conn(self) -> socket.socket:
        return self.pinned


class _PinnedTls(HTTPSConnection):
    """The same under TLS; name and certificate are those of the host in the URL."""

    pinned: socket.socket

    def _new_conn(self) -> socket.socket:
        return self.pinned


def _connection(target: Target, sock: socket.socket) -> _Pinned | _PinnedTls:
    connection: _Pinned | _PinnedTls
    if target.scheme == "https":
        connection = _PinnedTls(target.host, target.port, timeout=READ_SECONDS, ssl_context=_tls())
    else:
        connection = _Pinned(target.host, target.port, timeout=READ_SECONDS)
    connection.pinned = sock
    return connection


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _exchange(
    connection: _Pinned | _PinnedTls, method: str, path: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[BaseHTTPResponse, bytes]:
    try:
        connection.request(method, path, body=body, headers=headers, preload_content=False, decode_content=False)
        answer = connection.getresponse()
        return answer, _read(answer)
    finally:
        connection.close()


def _read(answer: BaseHTTPResponse) -> bytes:
    """One byte more than is kept, so that cutting is noticed."""
    content = b""
    while len(content) <= RESPONSE_BYTES and (piece := answer.read(RESPONSE_BYTES + 1 - len(content))):
        content += piece
    return content
