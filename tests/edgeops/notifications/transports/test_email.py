import smtplib

import pytest
from django.core import mail
from django.core.mail import EmailMessage

from edgeops.notifications.transports import email
from edgeops.notifications.transports.base import Message, TransportError


def message(subject="[ALARM] Slow"):
    return Message(message_id="0f8fad5b", subject=subject, text="It is slow.", payload={})


@pytest.fixture
def refusing(monkeypatch):
    """A mail server that answers every message with an error."""

    def answer(error):
        def refuse(self, *args, **kwargs):
            raise error

        monkeypatch.setattr(EmailMessage, "send", refuse)

    return answer


def test_a_mail_goes_to_every_address_with_a_stable_message_id(mailbox, now):
    mailbox.address = "a@example.com, b@example.com"
    assert email.send(mailbox, message(), now=now) == "delivered"
    sent = mail.outbox[0]
    assert (sent.to, sent.subject, sent.body) == (
        ["a@example.com", "b@example.com"],
        "[ALARM] Slow",
        "It is slow.",
    )
    assert sent.message()["Message-ID"] == "<0f8fad5b@127.0.0.1>"


def test_without_a_mail_server_a_mail_waits_and_says_why(mailbox, now, settings):
    settings.HAS_MAIL_SERVER = False
    with pytest.raises(TransportError, match="EDGEOPS_EMAIL_URL") as failed:
        email.send(mailbox, message(), now=now)
    assert not failed.value.permanent
    assert mail.outbox == []


def test_an_address_no_mail_can_carry_is_permanent(mailbox, now):
    mailbox.address = f"a@{'ü' * 60}.example"
    with pytest.raises(TransportError, match="cannot be written") as failed:
        email.send(mailbox, message(), now=now)
    assert failed.value.permanent


@pytest.mark.parametrize(
    "subject", ["x\r\nBcc: evil@example.com", "x\nBcc: evil", "x\x00y", "x\u2028y", "x" * 5000, "\x1b[31mred"]
)
def test_a_subject_is_one_printable_line(mailbox, now, subject):
    email.send(mailbox, message(subject), now=now)
    sent = mail.outbox[0]
    assert sent.subject.isprintable()
    assert len(sent.subject) <= 200
    assert sent.message()["Bcc"] is None


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (smtplib.SMTPDataError(554, b"spam"), True),
        (smtplib.SMTPDataError(451, b"later"), False),
        (smtplib.SMTPRecipientsRefused({"a@example.com": (550, b"no such")}), True),
        (smtplib.SMTPRecipientsRefused({"a@example.com": (450, b"greylisted")}), False),
        (smtplib.SMTPAuthenticationError(535, b"bad"), False),
        (smtplib.SMTPServerDisconnected("gone"), False),
        (ConnectionRefusedError(), False),
        (TimeoutError(), False),
    ],
)
def test_what_a_mail_server_refuses_for_good_is_permanent_and_the_rest_is_not(mailbox, now, refusing, error, permanent):
    refusing(error)
    with pytest.raises(TransportError) as failure:
        email.send(mailbox, message(), now=now)
    assert failure.value.permanent is permanent
