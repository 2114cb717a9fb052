"""Creating, editing and deleting channels: each one transaction, with its audit row. Secrets are made here."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from edgeops import outbound, secrets
from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.notifications.models import Channel, Transport
from edgeops.notifications.transports import email, webhook
from edgeops.outbound import RefusedAddressError

NAME_LENGTH = 100
ADDRESS_LENGTH = 500
TAKEN = "A channel of this name exists already; choose another."


class InvalidChannelError(ValueError):
    """A channel that cannot be; `problems` says what is wrong and what to do, by field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class AlreadyRenewedError(Exception):
    """The secret somebody wanted to replace is replaced already; the text says so to them."""


def create(
    *, name: str, transport: str, address: str, actor: Actor, now: datetime, hears_failures: bool = False
) -> tuple[Channel, str]:
    """Add a channel; also returns the new signing secret of a webhook, which can be read at no other time.

    Raises InvalidChannelError.
    """
    _refuse(problems_of(name=name, transport=transport, address=address))
    secret = webhook.make_secret() if transport == Transport.WEBHOOK else ""
    with _named_once(), transaction.atomic():
        channel = Channel.objects.create(
            name=name.strip(),
            transport=transport,
            address=address.strip(),
            encrypted_secret=secrets.encrypt(secret) if secret else "",
            hears_failures_since=now if hears_failures else None,
        )
        _record(actor, "channel.created", channel, now=now)
    return channel, secret


def edit(
    channel: Channel,
    *,
    name: str,
    address: str,
    is_enabled: bool,
    hears_failures: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a channel; its transport and its secret stay. Raises InvalidChannelError."""
    _refuse(problems_of(name=name, transport=channel.transport, address=address, channel=channel))
    channel.name, channel.address, channel.is_enabled = name.strip(), address.strip(), is_enabled
    # What failed before somebody wished to hear of it is not news.
    channel.hears_failures_since = (channel.hears_failures_since or now) if hears_failures else None
    with _named_once(), transaction.atomic():
        channel.save(update_fields=["name", "address", "is_enabled", "hears_failures_since"])
        _record(actor, "channel.edited", channel, now=now)


def renew_secret(channel: Channel, *, instead_of: str, actor: Actor, now: datetime) -> str:
    """Replace the signing secret of a webhook and return the new one, which can be read at no other time.

    Raises AlreadyRenewedError where `instead_of` does not name the secret it has: the page of a new secret, loaded
    again, must not replace what was copied from it.
    """
    secret = webhook.make_secret()
    same = Channel.objects.filter(pk=channel.pk, encrypted_secret=channel.encrypted_secret)
    fresh = secrets.encrypt(secret)
    with transaction.atomic():
        if instead_of != secret_name(channel) or not same.update(encrypted_secret=fresh):
            raise AlreadyRenewedError(
                "The secret was replaced already after this page was shown, so it stays. If nobody has copied the new "
                "one, replace it once more."
            )
        channel.encrypted_secret = fresh
        _record(actor, "channel.secret_renewed", channel, now=now)
    return secret


def secret_name(channel: Channel) -> str:
    """Tells one secret of a channel from the next, and nothing about either."""
    return hashlib.sha256(channel.encrypted_secret.encode()).hexdigest()[:16]


def problems_of(*, name: str, transport: str, address: str, channel: Channel | None = None) -> dict[str, str]:
    """What is wrong with a channel somebody wants, by field; `channel` is the one being edited."""
    found: dict[str, str] = {}
    namesakes = Channel.objects.filter(name=name.strip())
    if channel is not None:
        namesakes = namesakes.exclude(pk=channel.pk)
    if not 1 <= len(name.strip()) <= NAME_LENGTH:
        found["name"] = f"Give the channel a name of at most {NAME_LENGTH} characters."
    elif namesakes.exists():
        found["name"] = TAKEN
    if transport not in Transport:
        found["transport"] = "Choose email or signed webhook."
    elif problem := _address_problem(transport, address.strip()):
        found["address"] = problem
    return found


def _address_problem(transport: str, address: str) -> str:
    if len(address) > ADDRESS_LENGTH:
        return f"The address is longer than {ADDRESS_LENGTH} characters."
    if transport == Transport.WEBHOOK:
        try:
            outbound.parse(address)
        except RefusedAddressError as error:
            return str(error)
        return ""
    receivers = email.addresses(address)
    if not receivers:
        return "Give at least one mail address; separate several with commas."
    for receiver in receivers:
        try:
            validate_email(receiver)
            receiver.rpartition("@")[2].encode("idna")
        except (ValidationError, UnicodeError):
            return f"{receiver} is not a mail address."
    return ""


@contextmanager
def _named_once() -> Iterator[None]:
    """The same form sent twice at once passes every look before it; only the database can tell."""
    try:
        yield
    except IntegrityError as error:
        raise InvalidChannelError({"name": TAKEN}) from error


def _refuse(problems: dict[str, str]) -> None:
    if problems:
        raise InvalidChannelError(problems)


def _record(actor: Actor, action: str, channel: Channel, *, now: datetime) -> None:
    """A webhook's path may hold a token of the receiver, so only its host is written down."""
    is_webhook = channel.transport == Transport.WEBHOOK
    where = urlsplit(channel.address).netloc if is_webhook else channel.address
    detail = {
        "transport": channel.transport,
        "is_enabled": channel.is_enabled,
        "hears_failures": channel.hears_failures,
    }
    summary = f"{channel.name}: {channel.get_transport_display()} to {where}"
    audit.record(actor, action, subject=("channel", channel.pk), summary=summary, now=now, detail=detail)
