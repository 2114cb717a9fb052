"""`python -m edgeops.demo.receivers`: a mail server and a webhook receiver on loopback that keep all they get."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from edgeops.demo import inbox
from edgeops.demo.inbox import Message

LOOPBACK = "127.0.0.1"
MAIL_LIMIT_BYTES = 1024 * 1024
BODY_LIMIT_BYTES = 256 * 1024

type Keep = Callable[[Message], object]


class MailHandler:
    """Takes every mail for everybody."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's)
        """Keep one mail; the answer is SMTP's."""
        content = envelope.content or b""
        mail = message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=policy.default)
        self._keep(read_mail(mail, recipients=[str(recipient) for recipient in envelope.rcpt_tos]))
        return "250 OK"


def read_mail(mail: EmailMessage, *, recipients: list[str]) -> Message:
    """A mail as the inbox keeps it: its headers and its plain text."""
    part = mail.get_body(preferencelist=("plain", "html"))
    return Message(
        kind="email",
        received_at=now(),
        headers=tuple((name, str(value)) for name, value in mail.items()),
        body=part.get_content() if part is not None else "",
        target=", ".join(recipients),
    )


class WebhookHandler(BaseHTTPRequestHandler):
    """Takes every POST."""

    protocol_version = "HTTP/1.1"
    timeout = 15

    def __init__(self, keep: Keep, *args: object) -> None:
        self._keep = keep
        super().__init__(*args)  # type: ignore[arg-type]  # socket, address, server as http.server passes them

    def do_POST(self) -> None:
        """Keep one post and answer 204; refuse what has no honest length or is too long."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return self._answer(411)
        if int(length) > BODY_LIMIT_BYTES:
            return self._answer(413)
        body = self.rfile.read(int(length)).decode("utf-8", errors="replace")
        headers = tuple(self.headers.items())
        self._keep(Message(kind="webhook", received_at=now(), headers=headers, body=body, target=self.path))
        return self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", "0")
            self.close_connection = True
        self.end_headers()


def now() -> str:
    """This moment in UTC, as messages carry it."""
    return datetime.now(UTC).isoformat()


def webhook_server(port: int, keep: Keep) -> ThreadingHTTPServer:
    """The webhook receiver, not yet serving; raises OSError when the port is taken."""
    return ThreadingHTTPServer((LOOPBACK, port), partial(WebhookHandler, keep))


def mail_server(port: int, keep: Keep) -> Controller:
    """The mail receiver, not yet serving."""
    return Controller(
        MailHandler(keep), hostname=LOOPBACK, port=port, data_size_limit=MAIL_LIMIT_BYTES, server_hostname="demo-inbox"
    )


def main(argv: list[str] | None = None) -> int:
    """Receive until SIGTERM or SIGINT; 2 when a port is taken."""
    options = _options(argv)
    keep = partial(inbox.keep, options.inbox)
    try:
        webhooks, mail = webhook_server(options.http_port, keep), mail_server(options.smtp_port, keep)
        mail.start()
    except OSError as error:
        sys.stderr.write(f"the inbox's receivers cannot start: {error}\n")
        return 2
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    threading.Thread(target=webhooks.serve_forever, daemon=True).start()
    sys.stdout.write(f"receiving mail on {LOOPBACK}:{options.smtp_port}, webhooks on {LOOPBACK}:{options.http_port}\n")
    sys.stdout.flush()
    stopping.wait()
    mail.stop()
    webhooks.shutdown()
    return 0


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m edgeops.demo.receivers", description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--inbox", type=Path, required=True, help="the directory of kept messages")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
