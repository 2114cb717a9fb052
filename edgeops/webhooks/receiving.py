"""Receiving a post: proven, stored, and only then accepted. Rules run later, so that a bad payload is kept too."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import IntegrityError, transaction

from edgeops import secrets
from edgeops.webhooks import endpoints, signatures
from edgeops.webhooks.models import DeliveryVerdict, Endpoint, WebhookDelivery
from edgeops.webhooks.signatures import MalformedError, Proof, SignatureError

MAX_BYTES = 1024 * 1024
# Per endpoint. Refused posts are sampled, so that a flood of them can neither fill the log nor close the door.
MAX_PER_MINUTE = 600
REFUSED_KEPT_PER_HOUR, REFUSED_KEPT_BYTES = 20, 4096
KEEP = timedelta(days=7)


class Answer(StrEnum):
    """What the sender is told."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    MALFORMED = "malformed"
    UNPROVEN = "unproven"
    TOO_MANY = "too many"


@dataclass(frozen=True)
class Outcome:
    """The answer, and the delivery row it speaks of where there is one."""

    answer: Answer
    delivery: WebhookDelivery | None = None


def receive(
    endpoint: Endpoint, *, headers: Mapping[str, str], body: bytes, address: str | None, now: datetime
) -> Outcome:
    """Store one post durably, or say why not. A replayed id is answered as the first time and stored once."""
    if is_over_rate(endpoint, now):
        return Outcome(Answer.TOO_MANY)
    try:
        proof = signatures.verify(
            endpoints.live_secrets(endpoint, now),
            message_id=headers.get("webhook-id"),
            timestamp=headers.get("webhook-timestamp"),
            signature=headers.get("webhook-signature"),
            body=body,
            now=now,
        )
    except SignatureError as error:
        _keep_refused(endpoint, str(error), body, address, now)
        return Outcome(Answer.MALFORMED if isinstance(error, MalformedError) else Answer.UNPROVEN)
    return _store(endpoint, proof, body, address, now)


def is_over_rate(endpoint: Endpoint, now: datetime) -> bool:
    """Whether the endpoint took in all it may within the last minute."""
    return endpoint.deliveries.since(now - timedelta(minutes=1)).count() >= MAX_PER_MINUTE


def _store(endpoint: Endpoint, proof: Proof, body: bytes, address: str | None, now: datetime) -> Outcome:
    known = WebhookDelivery.objects.filter(endpoint=endpoint, message_id=proof.message_id)
    if (first := known.first()) is not None:
        return Outcome(Answer.DUPLICATE, first)
    try:
        with transaction.atomic():
            delivery = WebhookDelivery.objects.create(
                endpoint=endpoint,
                message_id=proof.message_id,
                received_at=now,
                address=address,
                encrypted_body=seal(body),
                body_digest=hashlib.sha256(body).hexdigest(),
                secret_label=proof.label,
                next_at=now,
            )
    except IntegrityError:  # the same id, stored by another process a moment ago
        return Outcome(Answer.DUPLICATE, known.get())
    return Outcome(Answer.ACCEPTED, delivery)


def _keep_refused(endpoint: Endpoint, why: str, body: bytes, address: str | None, now: datetime) -> None:
    refused = endpoint.deliveries.since(now - timedelta(hours=1)).filter(state=DeliveryVerdict.REJECTED)
    if refused.count() >= REFUSED_KEPT_PER_HOUR:
        return
    WebhookDelivery.objects.create(
        endpoint=endpoint,
        received_at=now,
        address=address,
        encrypted_body=seal(body[:REFUSED_KEPT_BYTES]),
        body_digest=hashlib.sha256(body).hexdigest(),
        state=DeliveryVerdict.REJECTED,
        outcome=why,
    )


def seal(body: bytes) -> str:
    """A body for storage: bytes of any kind, encrypted."""
    return secrets.encrypt(body.decode("latin-1"))


def unseal(stored: str) -> bytes:
    """The body as it came; raises secrets.UnreadableSecretError."""
    return secrets.decrypt(stored).encode("latin-1")


def tidy(now: datetime) -> int:
    """Drop refused posts and the bodies of ended deliveries after 7 days; how many rows were touched."""
    old = WebhookDelivery.objects.filter(received_at__lt=now - KEEP)
    deleted, _ = old.filter(state=DeliveryVerdict.REJECTED).delete()
    return deleted + old.filter(next_at=None).exclude(encrypted_body="").update(encrypted_body="")
