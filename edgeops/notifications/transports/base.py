"""What every transport is given, what it answers, and how it fails."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from edgeops.notifications.models import Channel


class Outcome(StrEnum):
    """How an attempt ended; the first two are successes."""

    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"


@dataclass(frozen=True)
class Message:
    """What is told. `message_id` is the same in every attempt, so that a receiver can tell a repeat."""

    message_id: str
    subject: str
    text: str
    payload: dict[str, Any]


class TransportError(Exception):
    """The message was not taken. `permanent`: trying again cannot help; `retry_after`: seconds the receiver asks for.

    The text is for the person who keeps the channel: a status or a kind of error, never a response body.
    """

    def __init__(self, message: str, *, permanent: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


class Send(Protocol):
    """Hand a message to a channel; returns DELIVERED or ACCEPTED, raises TransportError."""

    def __call__(self, channel: Channel, message: Message, *, now: datetime) -> Outcome:
        """Send once, without retrying."""
