"""Making endpoints and turning their secrets over; every change with its audit row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from edgeops import secrets
from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.estate.models import Distribution
from edgeops.webhooks import path_templates, signatures
from edgeops.webhooks.models import Endpoint, EndpointSecret, Rule
from edgeops.webhooks.signatures import LiveSecret

# A sender may take a while to switch; both secrets verify meanwhile.
OVERLAP = timedelta(hours=24)
MAX_LIVE_SECRETS = 3


class TooManySecretsError(Exception):
    """Turning over faster than old secrets expire."""


@dataclass(frozen=True)
class NewRule:
    """A rule as an admin asks for it: this event → these paths."""

    name: str
    event_type: str
    path_templates: Sequence[str]


def create(
    *, name: str, distribution: Distribution, rules: Sequence[NewRule], actor: Actor, now: datetime, secret: str = ""
) -> tuple[Endpoint, str]:
    """An endpoint with its rules and its secret, which nobody can read again afterwards.

    Raises path_templates.TemplateError for templates that cannot be used.
    """
    checked = [(rule, path_templates.check_all(rule.path_templates)) for rule in rules]
    secret = secret or signatures.new_secret()
    with transaction.atomic():
        endpoint = Endpoint.objects.create(name=name, distribution=distribution, created_at=now)
        for rule, templates in checked:
            Rule.objects.create(endpoint=endpoint, name=rule.name, event_type=rule.event_type, path_templates=templates)
        _add_secret(endpoint, secret, now)
        audit.record(
            actor,
            "webhook_endpoint.created",
            subject=("webhook_endpoint", endpoint.pk),
            summary=f"Webhook endpoint {name} for {distribution}",
            detail={"rules": {rule.name: [rule.event_type, *templates] for rule, templates in checked}},
            now=now,
        )
    return endpoint, secret


def rotate(endpoint: Endpoint, *, actor: Actor, now: datetime) -> str:
    """A new secret; the old ones verify for 24 hours more. Raises TooManySecretsError at three live ones."""
    secret = signatures.new_secret()
    with transaction.atomic():
        live = endpoint.secrets.live(now)
        if live.count() >= MAX_LIVE_SECRETS:
            raise TooManySecretsError(
                f"{endpoint} has {MAX_LIVE_SECRETS} live secrets already; wait until the oldest expires, "
                "24 hours after it was replaced."
            )
        live.filter(not_after=None).update(not_after=now + OVERLAP)
        added = _add_secret(endpoint, secret, now)
        audit.record(
            actor,
            "webhook_endpoint.secret_rotated",
            subject=("webhook_endpoint", endpoint.pk),
            summary=f"New secret {added.label} for webhook endpoint {endpoint}",
            now=now,
        )
    return secret


def set_enabled(endpoint: Endpoint, *, is_enabled: bool, actor: Actor, now: datetime) -> None:
    """Open or close an endpoint; a closed one answers 404, as an unknown one does."""
    with transaction.atomic():
        if not Endpoint.objects.filter(pk=endpoint.pk, is_enabled=not is_enabled).update(is_enabled=is_enabled):
            return
        word = "enabled" if is_enabled else "disabled"
        audit.record(
            actor,
            f"webhook_endpoint.{word}",
            subject=("webhook_endpoint", endpoint.pk),
            summary=f"Webhook endpoint {endpoint} {word}",
            now=now,
        )


def live_secrets(endpoint: Endpoint, now: datetime) -> list[LiveSecret]:
    """Every secret that may sign now; raises secrets.UnreadableSecretError."""
    return [
        LiveSecret(label=row.label, secret=secrets.decrypt(row.encrypted_secret)) for row in endpoint.secrets.live(now)
    ]


def _add_secret(endpoint: Endpoint, secret: str, now: datetime) -> EndpointSecret:
    signatures.key(secret)
    label = f"{now:%Y-%m-%d}-{endpoint.secrets.count() + 1}"
    return EndpointSecret.objects.create(endpoint=endpoint, label=label, encrypted_secret=secrets.encrypt(secret))
