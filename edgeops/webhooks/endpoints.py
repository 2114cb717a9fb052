"""Making, changing and deleting endpoints, and turning their secrets over; every change with its audit row."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import transaction

from edgeops import secrets
from edgeops.access import audit
from edgeops.access.audit import Actor
from edgeops.estate.models import Distribution
from edgeops.invalidations import tenants
from edgeops.invalidations.models import Tenant
from edgeops.secrets import UnreadableSecretError
from edgeops.webhooks import pins as pin_checks
from edgeops.webhooks import rules as rule_verbs
from edgeops.webhooks.models import MAX_BYTES, MOST_BYTES, Endpoint, EndpointSecret
from edgeops.webhooks.rules import NewRule
from edgeops.webhooks.schemes import known
from edgeops.webhooks.schemes.seam import ConfigError, LiveSecret, SecretError

# A sender may take a while to switch; both secrets verify meanwhile.
OVERLAP = timedelta(hours=24)
MAX_LIVE_SECRETS = 3
MAX_TOLERANCE_SECONDS, MOST_PER_MINUTE = 86_400, 100_000


class TooManySecretsError(Exception):
    """Turning over faster than old secrets expire."""


class AlreadyRotatedError(Exception):
    """Somebody was faster, or the same form was sent twice."""


@dataclass(frozen=True)
class Bounds:
    """What an endpoint takes in: how large, how often, how old."""

    tolerance_seconds: int | None = None
    max_bytes: int = MAX_BYTES
    max_per_minute: int = 12_000
    max_per_minute_and_address: int = 12_000
    replay_budget: int = 20

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        """As an endpoint has them."""
        return cls(**{name: getattr(endpoint, name) for name in cls.__dataclass_fields__})

    def check(self) -> None:
        """Raise ConfigError for bounds that cannot be kept."""
        if self.tolerance_seconds is not None and not 1 <= self.tolerance_seconds <= MAX_TOLERANCE_SECONDS:
            raise ConfigError(f"The signed time may be from 1 to {MAX_TOLERANCE_SECONDS:,} s from now.")
        if not 1 <= self.max_bytes <= MOST_BYTES:
            raise ConfigError(f"A body may have up to {MOST_BYTES:,} bytes.")
        if not all(1 <= one <= MOST_PER_MINUTE for one in (self.max_per_minute, self.max_per_minute_and_address)):
            raise ConfigError(f"An endpoint takes from 1 to {MOST_PER_MINUTE:,} posts a minute.")
        if not 0 <= self.replay_budget <= MOST_PER_MINUTE:
            raise ConfigError(f"A body may come again from 0 to {MOST_PER_MINUTE:,} times an hour.")


def create(
    *,
    name: str,
    distribution: Distribution,
    rules: Sequence[NewRule],
    actor: Actor,
    now: datetime,
    scheme: str = "standard",
    config: Mapping[str, Any] | None = None,
    pins: Sequence[Mapping[str, Any]] = (),
    secret: str = "",
    tenant: Tenant | None = None,
) -> tuple[Endpoint, str]:
    """An endpoint with its rules and its secret, which nobody can read again afterwards.

    A secret the sender has made is given; otherwise one is made here, and the schemes without one have none. Of a
    distribution for tenants it is about one `tenant`. Raises ConfigError, SecretError, TenantRefusedError, and
    DefinitionError for a rule that cannot be used.
    """
    tenants.check(distribution, tenant)
    settings = known.get(scheme).check_config(config or {})
    secret = _secret(scheme, secret)
    with transaction.atomic():
        endpoint = Endpoint.objects.create(
            name=name,
            distribution=distribution,
            tenant=tenant,
            scheme=scheme,
            config=settings,
            pins=pin_checks.check(pins),
            created_at=now,
        )
        if secret:
            _add_secret(endpoint, secret, now)
        _tell(
            endpoint,
            "created",
            f"Webhook endpoint {name} for {endpoint.place}",
            actor=actor,
            now=now,
            detail={"scheme": scheme, "config": settings, "pins": endpoint.pins},
        )
        for wish in rules:
            rule_verbs.add(endpoint, wish, actor=actor, now=now)
    return endpoint, secret


def change(
    endpoint: Endpoint,
    *,
    actor: Actor,
    now: datetime,
    config: Mapping[str, Any] | None = None,
    pins: Sequence[Mapping[str, Any]] | None = None,
    bounds: Bounds | None = None,
) -> None:
    """Set the scheme's settings, the pins or the bounds; raises ConfigError. The scheme itself never changes."""
    wanted = asdict(bounds) if bounds else {}
    if bounds:
        bounds.check()
    if config is not None:
        wanted["config"] = known.get(endpoint.scheme).check_config(config)
    if pins is not None:
        wanted["pins"] = pin_checks.check(pins)
    changed = {name: value for name, value in wanted.items() if getattr(endpoint, name) != value}
    if not changed:
        return
    was = {name: getattr(endpoint, name) for name in changed}
    with transaction.atomic():
        Endpoint.objects.filter(pk=endpoint.pk).update(**changed)
        summary = f"Webhook endpoint {endpoint}: {', '.join(changed)} changed"
        _tell(endpoint, "changed", summary, actor=actor, now=now, detail={"from": was, "to": changed})
    for name, value in changed.items():
        setattr(endpoint, name, value)


def rotate(
    endpoint: Endpoint,
    *,
    actor: Actor,
    now: datetime,
    secret: str = "",
    instead_of: str | None = None,
    ends_others: bool = False,
) -> str:
    """A new secret, the sender's own where given; the old ones verify for 24 hours more, or no longer when one leaked.

    Raises SecretError, TooManySecretsError at three live ones, and AlreadyRotatedError where `instead_of` is not the
    label of the newest: the page of a new secret, loaded again, must not replace what was copied from it.
    """
    secret = _secret(endpoint.scheme, secret)
    if not secret:
        raise SecretError("This scheme has no secret to turn over.")
    with transaction.atomic():
        Endpoint.objects.select_for_update().get(pk=endpoint.pk)  # a second click waits for the first
        if instead_of is not None and instead_of != newest_label(endpoint, now):
            raise AlreadyRotatedError(
                "A new secret was made already after this page was shown, so none was made now. If nobody has copied "
                "that one, make another."
            )
        _end(endpoint, now, at_once=ends_others)
        added = _add_secret(endpoint, secret, now)
        summary = f"New secret {added.label} for webhook endpoint {endpoint}{', the others ended' * ends_others}"
        _tell(endpoint, "secret_rotated", summary, actor=actor, now=now)
    return secret


def set_enabled(endpoint: Endpoint, *, is_enabled: bool, actor: Actor, now: datetime) -> None:
    """Open or close an endpoint; a closed one answers 404, as an unknown one does."""
    with transaction.atomic():
        if not Endpoint.objects.filter(pk=endpoint.pk, is_enabled=not is_enabled).update(is_enabled=is_enabled):
            return
        word = "enabled" if is_enabled else "disabled"
        _tell(endpoint, word, f"Webhook endpoint {endpoint} {word}", actor=actor, now=now)


def delete(endpoint: Endpoint, *, actor: Actor, now: datetime) -> None:
    """Take an endpoint off every list for good: posts are answered 410, so that senders stop. Its log stays."""
    with transaction.atomic():
        if Endpoint.objects.existing().filter(pk=endpoint.pk).update(deleted_at=now, is_enabled=False):
            endpoint.secrets.all().delete()
            _tell(endpoint, "deleted", f"Webhook endpoint {endpoint} deleted", actor=actor, now=now)


def live_secrets(endpoint: Endpoint, now: datetime) -> tuple[list[LiveSecret], UnreadableSecretError | None]:
    """Every secret that may sign now, and why one of them cannot be read; the others verify all the same."""
    live: list[LiveSecret] = []
    unreadable: UnreadableSecretError | None = None
    for row in endpoint.secrets.live(now):
        try:
            live.append(LiveSecret(label=row.label, secret=secrets.decrypt(row.encrypted_secret)))
        except UnreadableSecretError as error:
            unreadable = error
    return live, unreadable


def tidy(now: datetime) -> int:
    """Delete secrets that verify no longer; how many. Deliveries keep their labels."""
    deleted, _ = EndpointSecret.objects.filter(not_after__lt=now - OVERLAP).delete()
    return deleted


def newest_label(endpoint: Endpoint, now: datetime) -> str:
    """Which secret signs now; empty when none is live."""
    newest = endpoint.secrets.live(now).first()
    return "" if newest is None else newest.label


def _secret(scheme: str, given: str) -> str:
    found = known.get(scheme)
    return found.check_secret(given) if given else found.new_secret()


def _end(endpoint: Endpoint, now: datetime, *, at_once: bool) -> None:
    live = endpoint.secrets.live(now)
    if at_once:
        live.update(not_after=now)
        return
    if live.count() >= MAX_LIVE_SECRETS:
        raise TooManySecretsError(
            f"{endpoint} has {MAX_LIVE_SECRETS} live secrets already; wait until the oldest expires, "
            "24 hours after it was replaced, or end the others at once."
        )
    live.filter(not_after=None).update(not_after=now + OVERLAP)


def _add_secret(endpoint: Endpoint, secret: str, now: datetime) -> EndpointSecret:
    today = f"{now:%Y-%m-%d}-"
    label = f"{today}{endpoint.secrets.filter(label__startswith=today).count() + 1}"
    return EndpointSecret.objects.create(endpoint=endpoint, label=label, encrypted_secret=secrets.encrypt(secret))


def _tell(
    endpoint: Endpoint,
    what: str,
    summary: str,
    *,
    actor: Actor,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    subject = ("webhook_endpoint", endpoint.pk)
    audit.record(actor, f"webhook_endpoint.{what}", subject=subject, summary=summary, detail=detail, now=now)
