"""Receiving a post: proven, stored, and only then accepted. Rules run later, so that a bad payload is kept too."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from edgeops import retention
from edgeops.webhooks import bodies, certificates, committing, endpoints, limits, masking, refusals
from edgeops.webhooks.models import DeliveryVerdict, Endpoint, RefusalCount, WebhookDelivery
from edgeops.webhooks.schemes import known
from edgeops.webhooks.schemes.seam import LiveSecret, MalformedError, Post, Proof, SignatureError

# Refused posts are sampled, so that a flood of them can neither fill the log nor close the door.
REFUSED_KEPT_PER_HOUR, REFUSED_KEPT_BYTES = 20, 4096
KEEP_BODY, KEEP_ROW = timedelta(days=7), timedelta(days=90)
TIDY_AT_ONCE = 200  # a body may have a megabyte


class Answer(StrEnum):
    """What the sender is told."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    PONG = "pong"
    MALFORMED = "malformed"
    UNPROVEN = "unproven"


@dataclass(frozen=True)
class Outcome:
    """The answer, and the delivery row it speaks of where there is one."""

    answer: Answer
    delivery: WebhookDelivery | None = None


def seconds_to_wait(endpoint: Endpoint, address: str | None, now: datetime) -> int:
    """Zero: go on. Otherwise the endpoint, or this address at it, has had all it may for now."""
    # The address first: one that is over its own limit takes nothing from the others.
    wait = limits.posts.wait(
        (endpoint.pk, address), most=endpoint.max_per_minute_and_address, period_seconds=60, now=now
    ) or limits.posts.wait(endpoint.pk, most=endpoint.max_per_minute, period_seconds=60, now=now)
    if wait:
        refusals.count(endpoint, "over the rate limit", now=now)
    return wait


def receive(endpoint: Endpoint, post: Post, *, address: str | None, now: datetime) -> Outcome:
    """Store one post durably, or say why not. A replayed id is answered as the first time and stored once.

    Raises CannotVerifyError when the sender has to come again, and secrets.UnreadableSecretError.
    """
    scheme = known.get(endpoint.scheme)
    tolerance = scheme.TOLERANCE_SECONDS if endpoint.tolerance_seconds is None else endpoint.tolerance_seconds
    live, unreadable = endpoints.live_secrets(endpoint, now)
    row = _row(endpoint, post, live, address, now)
    try:
        proof = scheme.verify(post, endpoint.config, live, now=now, tolerance_seconds=tolerance)
    except SignatureError as error:
        if unreadable is not None:  # it may be signed with that one
            raise unreadable from error
        refusals.count(endpoint, "not proven", now=now)
        _keep_refused(row, str(error), post, now)
        return Outcome(Answer.MALFORMED if isinstance(error, MalformedError) else Answer.UNPROVEN)
    return _store(row, proof, post, now)


def _store(row: WebhookDelivery, proof: Proof, post: Post, now: datetime) -> Outcome:
    row.message_id, row.secret_label = proof.message_id, proof.label[:60]
    row.is_id_signed, row.is_control, row.next_at = proof.is_id_signed, proof.is_control, now
    row.encrypted_body = bodies.seal(post.body)
    first = _insert(row)
    if first is not None and not proof.is_id_signed and first.body_digest != row.body_digest:
        # Anybody can send what they captured under an id that is yet to come. With another body it is another event,
        # which its body alone tells apart from then on.
        row.message_id = None
        first = _insert(row)
    if first is not None:
        return Outcome(Answer.DUPLICATE, first)
    return Outcome(Answer.PONG if proof.is_control else Answer.ACCEPTED, row)


def _insert(row: WebhookDelivery) -> WebhookDelivery | None:
    """Store it durably; otherwise the delivery that has its id."""
    if committing.deliveries.insert(row):
        return None
    return WebhookDelivery.objects.get(endpoint=row.endpoint_id, message_id=row.message_id)


def _keep_refused(row: WebhookDelivery, why: str, post: Post, now: datetime) -> None:
    if limits.samples.wait(row.endpoint_id, most=REFUSED_KEPT_PER_HOUR, period_seconds=3600, now=now):
        return
    row.state, row.outcome = DeliveryVerdict.REJECTED, why[:500]
    row.encrypted_body = bodies.seal(post.body[:REFUSED_KEPT_BYTES])
    row.save(force_insert=True)


def _row(
    endpoint: Endpoint, post: Post, live: Sequence[LiveSecret], address: str | None, now: datetime
) -> WebhookDelivery:
    """What the event log keeps of every post, but for its body."""
    return WebhookDelivery(
        endpoint=endpoint,
        received_at=now,
        address=address,
        scheme=endpoint.scheme,
        headers=masking.headers(
            post.headers, secret_header=endpoint.config.get("header"), secrets=[one.secret for one in live]
        ),
        body_digest=hashlib.sha256(post.body).hexdigest(),
        body_bytes=len(post.body),
    )


def tidy(now: datetime) -> int:
    """Drop refused posts and the bodies of ended deliveries after 7 days, all after 90; ended secrets; rows touched."""
    old = WebhookDelivery.objects.filter(received_at__lt=now - KEEP_BODY, next_at=None)
    gone = old.filter(state=DeliveryVerdict.REJECTED) | old.filter(received_at__lt=now - KEEP_ROW)
    touched = certificates.tidy(now) + endpoints.tidy(now) + retention.delete(gone, at_once=TIDY_AT_ONCE)
    while spent := list(old.exclude(encrypted_body="").values_list("pk", flat=True)[:TIDY_AT_ONCE]):
        touched += WebhookDelivery.objects.filter(pk__in=spent).update(encrypted_body="")
        time.sleep(retention.BREATH_SECONDS)
    return touched + retention.delete(RefusalCount.objects.filter(hour__lt=now - KEEP_ROW))
