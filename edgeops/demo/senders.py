"""Who posts to the demo beside the products' owner: endpoints made from recipes, and what arrived before you came."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from edgeops import secrets
from edgeops.access.audit import SYSTEM
from edgeops.demo import watching
from edgeops.estate.models import Distribution
from edgeops.webhooks import endpoints, receiving, recipes, snippets
from edgeops.webhooks.models import Endpoint
from edgeops.webhooks.recipes import Recipe
from edgeops.webhooks.schemes import known
from edgeops.webhooks.schemes.seam import Draft, Post


@dataclass(frozen=True)
class Sender:
    """An endpoint as its sender's recipe makes it."""

    name: str
    distribution: str
    recipe: str


SENDERS = (
    Sender("Documents", distribution="products", recipe="github-push"),
    Sender("Stored data", distribution="catalog", recipe="eventbridge"),
)


@dataclass(frozen=True)
class Command:
    """What a person copies to post as a sender does."""

    endpoint: Endpoint
    scheme: str
    lines: str


@dataclass(frozen=True)
class _Event:
    """One post of the time before."""

    name: str
    body: object
    topic: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_forged: bool = False


def prepare(now: datetime) -> None:
    """Make the endpoints that never were; with the first of them comes a small history. A deleted one stays deleted."""
    is_new = not Endpoint.objects.exists()
    watching.endpoint(now)
    for sender in SENDERS:
        if not Endpoint.objects.filter(name=sender.name).exists():
            _make(sender, now)
    if is_new:
        for number, event in enumerate(_history(now)):
            _post(event, f"before-{number}", now)


def commands(now: datetime) -> list[Command]:
    """For each sender whose endpoint is open, what posts its sample, signed in the shell."""
    return [made for sender in SENDERS if (made := _command(sender, now)) is not None]


def secret_of(endpoint: Endpoint, now: datetime) -> str:
    """The newest secret that still signs; empty when there is none. Only the demo shows it again."""
    newest = endpoint.secrets.live(now).first()
    return secrets.decrypt(newest.encrypted_secret) if newest is not None else ""


def _make(sender: Sender, now: datetime) -> None:
    recipe = _recipe(sender)
    endpoints.create(
        name=sender.name,
        distribution=Distribution.objects.get(name=sender.distribution),
        rules=recipe.rules,
        actor=SYSTEM,
        now=now,
        scheme=recipe.scheme,
        config=recipe.config,
        pins=recipe.pins,
    )


def _command(sender: Sender, now: datetime) -> Command | None:
    endpoint = Endpoint.objects.existing().filter(name=sender.name, is_enabled=True).first()
    secret = secret_of(endpoint, now) if endpoint is not None else ""
    if endpoint is None or not secret:
        return None
    recipe = _recipe(sender)
    lines = snippets.curl(
        endpoint.scheme,
        endpoint.config,
        f"{settings.BASE_URL}/hooks/v1/{endpoint.key}",
        recipe.sample_body.decode(),
        topic=recipe.topic,
        more=recipe.sample_headers,
        content_type=recipe.content_type,
        secret_line=f"SECRET={shlex.quote(secret)}",
    )
    return Command(endpoint, known.get(endpoint.scheme).TITLE, lines)


def _recipe(sender: Sender) -> Recipe:
    found = recipes.get(sender.recipe)
    if found is None:
        raise LookupError(f"there is no recipe {sender.recipe}")
    return found


def _history(now: datetime) -> Iterator[_Event]:
    """A change, another sender's ping, its push, something no rule waits for, and a forgery."""
    at = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    yield _Event(watching.ENDPOINT, {"type": watching.EVENT, "timestamp": at, "data": {"id": "3"}})
    yield _Event(watching.ENDPOINT, {"type": "order.created", "timestamp": at, "data": {"id": "1001"}})
    yield _Event(watching.ENDPOINT, {"type": watching.EVENT, "data": {"id": "../admin"}}, is_forged=True)
    documents, stored = SENDERS
    yield _Event(documents.name, {"zen": "Keep it logically awesome.", "hook_id": 1}, topic="ping")
    for sender in (documents, stored):
        recipe = _recipe(sender)
        yield _Event(sender.name, recipe.sample, recipe.topic, recipe.sample_headers)


def _post(event: _Event, message_id: str, now: datetime) -> None:
    """Through the same door as a post over HTTP: proven, or refused."""
    endpoint = Endpoint.objects.existing().get(name=event.name)
    body = json.dumps(event.body, separators=(",", ":")).encode()
    draft = Draft(message_id, now, body, f"/hooks/v1/{endpoint.key}", event.topic)
    signed = known.get(endpoint.scheme).sign(secret_of(endpoint, now), endpoint.config, draft)
    sent = {"content-type": "application/json", **event.headers, **signed}
    post = Post(sent, body + b" " if event.is_forged else body, draft.path)
    receiving.receive(endpoint, post, address="127.0.0.1", now=now)
