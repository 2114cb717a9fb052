import http.client
import smtplib
import threading
from email.message import EmailMessage
from functools import partial

import pytest

from edgeops.demo import inbox, ports, receivers


@pytest.fixture
def webhooks(tmp_path):
    server = receivers.webhook_server(0, partial(inbox.keep, tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def mail(tmp_path):
    server = receivers.mail_server(ports.any_free(), partial(inbox.keep, tmp_path))
    server.start()
    yield server.port
    server.stop()


def post(port, body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("POST", "/alerts", body=body, headers=headers)
    return connection.getresponse().status


def test_a_post_is_kept_with_its_headers_and_body(webhooks, tmp_path):
    assert post(webhooks, '{"a": "é"}'.encode(), **{"Webhook-Id": "msg_1"}) == 204

    (kept,) = inbox.newest(tmp_path)
    assert (kept.kind, kept.target, kept.body) == ("webhook", "/alerts", '{"a": "é"}')
    assert kept.header("webhook-id") == "msg_1"


def test_a_post_that_is_too_long_is_refused_and_not_kept(webhooks, tmp_path):
    assert post(webhooks, b"", **{"Content-Length": str(receivers.BODY_LIMIT_BYTES + 1)}) == 413
    assert inbox.newest(tmp_path) == []


@pytest.mark.parametrize("length", ["-1", "many", "²"])
def test_a_post_without_an_honest_length_is_refused(webhooks, length):
    assert post(webhooks, b"", **{"Content-Length": length.encode("utf-8").decode("latin-1")}) == 411


def test_a_mail_is_kept_as_text(mail, tmp_path):
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = (
        "Catalog is in ALARM ≥ 1",
        "edgeops@localhost",
        "on-call@example.test",
    )
    letter.set_content("UnHealthyHostCount > 0\n")
    with smtplib.SMTP("127.0.0.1", mail, timeout=5) as client:
        client.send_message(letter)

    (kept,) = inbox.newest(tmp_path)
    assert (kept.kind, kept.target) == ("email", "on-call@example.test")
    assert kept.header("subject") == "Catalog is in ALARM ≥ 1"
    assert kept.body.strip() == "UnHealthyHostCount > 0"


def test_a_mail_without_text_is_kept_too(mail, tmp_path):
    with smtplib.SMTP("127.0.0.1", mail, timeout=5) as client:
        client.sendmail("a@example.test", ["b@example.test"], b"Subject: bare\r\n\r\n")

    (kept,) = inbox.newest(tmp_path)
    assert kept.header("Subject") == "bare"


def test_a_taken_port_ends_the_receivers_with_the_reason(webhooks, tmp_path, capsys):
    code = receivers.main(
        ["--smtp-port", str(ports.any_free()), "--http-port", str(webhooks), "--inbox", str(tmp_path)]
    )

    assert code == 2
    assert "cannot start" in capsys.readouterr().err
