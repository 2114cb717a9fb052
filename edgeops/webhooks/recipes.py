"""Ready-made endpoints for common senders: scheme, pins, rules and a sample event; the texts are in recipes.yaml."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from edgeops.webhooks.definitions import Definition
from edgeops.webhooks.rules import NewRule

PLAIN: Mapping[str, Any] = {
    "config": {},
    "pins": [],
    "fill": [],
    "topic": "",
    "content_type": "application/json",
    "sample_headers": {},
}
FILE = Path(__file__).with_name("recipes.yaml")


@dataclass(frozen=True)
class Recipe:
    """One sender's way, as an admin may start from it."""

    key: str
    title: str
    about: str
    scheme: str
    config: Mapping[str, Any]
    pins: Sequence[Mapping[str, Any]]
    rules: Sequence[NewRule]
    fill: Sequence[str]
    topic: str
    content_type: str
    sample_headers: Mapping[str, str]
    sample: Mapping[str, Any]
    makes: Sequence[str]

    @property
    def sample_body(self) -> bytes:
        """The sample as a sender writes it."""
        return json.dumps(self.sample, separators=(",", ":")).encode()


@cache
def every() -> tuple[Recipe, ...]:
    """All of them, the plainest first."""
    return tuple(_recipe(one) for one in yaml.safe_load(FILE.read_text(encoding="utf-8")))


def get(key: str) -> Recipe | None:
    """The recipe of this key."""
    return next((recipe for recipe in every() if recipe.key == key), None)


def _recipe(given: Mapping[str, Any]) -> Recipe:
    return Recipe(**{**PLAIN, **given, "rules": [_rule(one) for one in given["rules"]]})


def _rule(given: Mapping[str, Any]) -> NewRule:
    return NewRule(given["name"], Definition.of({name: value for name, value in given.items() if name != "name"}))
