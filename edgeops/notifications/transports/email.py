"""Plain-text mail through the default mailer (EDGEOPS_EMAIL_URL)."""

import smtplib
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from edgeops.notifications.models import Channel
from edgeops.notifications.transports.base import Message, Outcome, TransportError

SUBJECT_LENGTH = 200


def send(channel: Channel, message: Message, *, now: datetime) -> Outcome:
    """Mail every address of the channel; the mail server took it, which is all that can be known."""
    if not settings.HAS_MAIL_SERVER:
        raise TransportError("No mail server is set; an admin of EdgeOps sets EDGEOPS_EMAIL_URL")
    mail = EmailMessage(
        subject=_one_line(message.subject),
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=addresses(channel.address),
        headers={"Message-ID": f"<{message.message_id}@{_domain()}>", "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise TransportError(f"Recipients refused ({codes})", permanent=all(map(_is_permanent, codes))) from error
    except smtplib.SMTPAuthenticationError as error:
        # An admin mends the account; the message is still worth sending then.
        raise TransportError(f"The mail server refused the sign-in ({error.smtp_code})") from error
    except smtplib.SMTPResponseException as error:
        raise TransportError(f"SMTP {error.smtp_code}", permanent=_is_permanent(error.smtp_code)) from error
    except OSError as error:  # smtplib's own errors are OSErrors, as are time-outs and refused connections
        raise TransportError(f"The mail server could not be reached ({type(error).__name__})") from error
    except ValueError as error:  # as for a domain that cannot be written in ASCII
        raise TransportError("An address of the channel cannot be written in a mail", permanent=True) from error
    return Outcome.DELIVERED


def addresses(text: str) -> list[str]:
    """The addresses of a channel, which are separated by commas."""
    return [address.strip() for address in text.split(",") if address.strip()]


def _is_permanent(code: int) -> bool:
    return 500 <= code < 600


def _one_line(subject: str) -> str:
    """Names come from people: no control character may reach a header."""
    return " ".join("".join(c if c.isprintable() else " " for c in subject).split())[:SUBJECT_LENGTH]


def _domain() -> str:
    return urlsplit(settings.BASE_URL).hostname or "edgeops.invalid"
