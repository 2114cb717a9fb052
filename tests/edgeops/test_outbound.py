"""The guard is tried against real sockets on loopback: it must hold against servers that mean harm."""

import socket
import threading
import time
from contextlib import contextmanager
from ipaddress import ip_address, ip_network

import pytest

from edgeops import outbound
from edgeops.outbound import OutboundError, RefusedAddressError

REFUSED_HOSTS = [
    "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::]", "[::1]", "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[2002:7f00:1::]", "100.64.0.1",
    "100.100.100.200", "169.254.169.254", "169.254.170.2", "[fd00:ec2::254]", "192.0.0.192", "224.0.0.1", "[ff02::1]",
    "[fec0::1]", "0.0.0.0", "255.255.255.255", "198.18.0.1", "10.0.0.1", "[2001:0:a9fe:a9fe::1]", "[64:ff9b:1::1]",
]  # fmt: skip
REFUSED_URLS = [
    "http://①②⑦.⓪.⓪.①/", "http://[fe80::1%eth0]/", "http://good@127.0.0.1/", "http://a:b@example.com/",
    "http://127.0.0.1#@good", "http:\\\\127.0.0.1\\", "http://exa\tmple.com/", "http://example.com/a b", "http://[foo]",
    "http://example:80.com/", "ftp://example.com/", "gopher://example.com/", "file:///etc/passwd", "dict://example.com/",
    "unix:///run/x", "//example.com/", "http:///path", "", "http://8.8.8.8:22/", "http://8.8.8.8:25/",
    "http://8.8.8.8:6379/", "http://example.com/\r\nHost: evil",
]  # fmt: skip


@pytest.fixture
def loopback_allowed(settings):
    settings.OUTBOUND_ALLOW = [ip_network("127.0.0.0/8")]


@contextmanager
def server(*pieces, pause=0.0):
    """Answers one connection with raw bytes; yields its port and what it was sent."""
    received = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)

        def serve():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                received.append(connection.recv(65536))
                try:
                    for piece in pieces:
                        connection.sendall(piece)
                        time.sleep(pause)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], received
        thread.join(5)


@pytest.mark.parametrize("host", REFUSED_HOSTS)
def test_hosts_inside_are_refused_however_they_are_spelt(host):
    with pytest.raises(RefusedAddressError) as refusal:
        outbound.request("GET", f"http://{host}/", headers={})
    assert not refusal.value.retryable


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_urls_that_mislead_are_refused_without_looking_them_up(url):
    with pytest.raises(RefusedAddressError):
        outbound.parse(url)


@pytest.mark.parametrize("address", ["8.8.8.8", "2600:9000::1", "64:ff9b::808:808"])
def test_public_addresses_pass(address):
    assert outbound.is_reachable(ip_address(address))


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch):
    rows = [(None, None, None, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: rows)
    with pytest.raises(RefusedAddressError, match=r"10\.0\.0\.1"):
        outbound.request("GET", "http://mixed.example/", headers={})


def test_a_name_is_looked_up_once_and_the_checked_address_is_the_one_called(monkeypatch, loopback_allowed):
    asked = []
    with server(b"HTTP/1.1 204 No Content\r\n\r\n") as (port, received):

        def look_up(host, *args, **kwargs):
            asked.append(host)
            return [(None, None, None, "", ("127.0.0.1" if len(asked) == 1 else "10.0.0.1", port))]

        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda host, *a, **k: real(host, *a, **k) if host == "127.0.0.1" else look_up(host)
        )
        answer = outbound.request("GET", f"http://rebinding.example:{port}/x?y=1", headers={})

    assert (answer.status, answer.address, asked) == (204, "127.0.0.1", ["rebinding.example"])
    assert received[0].startswith(b"GET /x?y=1 HTTP/1.1\r\nHost: rebinding.example")


def test_host_replaces_the_host_header_but_not_where_the_request_goes(loopback_allowed):
    with server(b"HTTP/1.1 200 OK\r\nX-Cache: Hit from cloudfront\r\nContent-Length: 2\r\n\r\nok") as (port, received):
        answer = outbound.request(
            "GET", f"http://127.0.0.1:{port}/", headers={"Accept": "*/*"}, host="products.example.test"
        )

    assert (answer.body, answer.headers["x-cache"]) == (b"ok", "Hit from cloudfront")
    assert received[0].lower().count(b"host:") == 1
    assert b"Host: products.example.test\r\n" in received[0]


def test_a_host_that_would_forge_headers_is_refused(loopback_allowed):
    with pytest.raises(RefusedAddressError):
        outbound.request("GET", "http://127.0.0.1:1/", headers={}, host="a\r\nX-Evil: 1")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(loopback_allowed, status):
    reply = f"HTTP/1.1 {status} Moved\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    with server(reply.encode()) as (port, _):
        assert outbound.request("GET", f"http://127.0.0.1:{port}/", headers={}).status == status


def test_no_more_than_64_kib_of_an_answer_is_read(loopback_allowed):
    with server(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 5_000_000) as (port, _):
        answer = outbound.request("GET", f"http://127.0.0.1:{port}/", headers={})
    assert (len(answer.body), answer.is_truncated) == (64 * 1024, True)


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_that_drips_is_cut_at_the_total_time(monkeypatch, loopback_allowed, beginning):
    monkeypatch.setattr(outbound, "TOTAL_SECONDS", 0.6)
    began = time.monotonic()
    with server(beginning, *[b"x"] * 30, pause=0.1) as (port, _):
        with pytest.raises(OutboundError) as failure:
            outbound.request("GET", f"http://127.0.0.1:{port}/", headers={})
        assert time.monotonic() - began < 2
    assert (failure.value.kind, failure.value.retryable) == ("timeout", True)


def test_an_endpoint_that_says_nothing_times_out(monkeypatch, loopback_allowed):
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.2)
    with server(b"", pause=1) as (port, _), pytest.raises(OutboundError) as failure:
        outbound.request("GET", f"http://127.0.0.1:{port}/", headers={})
    assert failure.value.kind == "timeout"


@pytest.mark.parametrize(
    ("reply", "scheme", "kind"),
    [(b"", "http", "protocol"), (b"SSH-2.0-OpenSSH\r\n", "http", "protocol"), (b"not tls at all", "https", "tls")],
)
def test_what_is_not_http_is_named_and_may_be_tried_again(loopback_allowed, reply, scheme, kind):
    with server(reply) as (port, _), pytest.raises(OutboundError) as failure:
        outbound.request("GET", f"{scheme}://127.0.0.1:{port}/", headers={})
    assert (failure.value.kind, failure.value.retryable) == (kind, True)


def test_nobody_listening_and_no_such_name_may_be_tried_again(loopback_allowed):
    for url, kind in [("http://127.0.0.1:1/", "connect"), ("http://nowhere.invalid/", "dns")]:
        with pytest.raises(OutboundError) as failure:
            outbound.request("GET", url, headers={})
        assert (failure.value.kind, failure.value.retryable) == (kind, True)


def test_proxies_in_the_environment_are_not_used(monkeypatch, loopback_allowed):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with server(b"HTTP/1.1 204 No Content\r\n\r\n") as (port, _):
        assert outbound.request("GET", f"http://127.0.0.1:{port}/", headers={}).status == 204
