"""An event to try a rule or an endpoint with: the sample of the recipe it came from, otherwise one made of the rule."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from edgeops.webhooks import examples, recipes, rules, snippets
from edgeops.webhooks.models import Endpoint, Rule
from edgeops.webhooks.recipes import Recipe


@dataclass(frozen=True)
class Sample:
    """What a sender would post."""

    event: Mapping[str, Any]
    topic: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def of(endpoint: Endpoint, rule: Rule | None, *, now: datetime) -> Sample:
    """For the rule, or for an endpoint that has none yet."""
    recipe = _recipe(endpoint, rule)
    if recipe is None:
        return Sample(examples.event(rule, now=now))
    return Sample(recipe.sample, recipe.topic, recipe.sample_headers, recipe.content_type)


def commands(endpoint: Endpoint, rule: Rule | None, url: str, *, now: datetime, secret: str = "") -> str:
    """Shell lines that post it as the endpoint's scheme asks; the secret is in them only where it is shown anyway."""
    sample = of(endpoint, rule, now=now)
    return snippets.curl(
        endpoint.scheme,
        endpoint.config,
        url,
        json.dumps(sample.event, separators=(",", ":")),
        topic=sample.topic,
        more=sample.headers,
        content_type=sample.content_type,
        secret_line=f"SECRET={shlex.quote(secret)}" if secret else snippets.SECRET_LINE,
    )


def _recipe(endpoint: Endpoint, rule: Rule | None) -> Recipe | None:
    """The recipe with a rule that waits for the same."""
    if rule is None:
        return None
    when = rules.definition_of(rule).when
    fitting = (one for one in recipes.every() if one.scheme == endpoint.scheme)
    return next((one for one in fitting if any(made.definition.when == when for made in one.rules)), None)
