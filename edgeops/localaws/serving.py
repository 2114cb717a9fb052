"""HTTP/1.1 on loopback: one thread a connection, kept alive, without Nagle's delay."""

import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer

from edgeops.localaws.wire.messages import HttpRequest, HttpResponse, HungUpError

LOOPBACK = "127.0.0.1"
LARGEST_BODY = 8 * 1024 * 1024

type Answer = Callable[[HttpRequest], HttpResponse]


class Server(ThreadingTCPServer):
    """Listens on loopback and hands each request to `answer`."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, answer: Answer) -> None:
        self.answer = answer
        super().__init__((LOOPBACK, port), Handler)

    @property
    def port(self) -> int:
        """The port it listens on; asked for 0, the one it was given."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread of its own until `stop`."""
        threading.Thread(target=self.serve_forever, args=(0.1,), name=f"port-{self.port}", daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, or is killed, is no news; anything else is told on stderr."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def stop(self) -> None:
        """Stop listening; connections end with the process."""
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "LocalAWS"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 75
    server: Server

    def handle_any(self) -> None:
        """Read one request whole, answer it."""
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > LARGEST_BODY or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            self._send(HttpResponse(413, b"the body is too large, or of unknown length"))
            return
        body = self.rfile.read(int(length))
        request = HttpRequest.from_target(self.command, self.path, dict(self.headers.items()), body)
        try:
            response = self.server.answer(request)
        except HungUpError:
            self.close_connection = True
            return
        self._send(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any

    def _send(self, response: HttpResponse) -> None:
        if "Date" in response.headers:
            self.send_response_only(response.status)
        else:
            self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class names it so
        """Say nothing of single requests: the meter counts them."""
