"""An event to try an endpoint with: what its first rule waits for, as far as that can be told from the rule."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from edgeops.webhooks import rules, snippets
from edgeops.webhooks.item_templates import PLACEHOLDER
from edgeops.webhooks.models import Endpoint, Rule

EVENT = re.compile(r"body\.type == `(.+)`")


def curl(endpoint: Endpoint, url: str, rule: Rule | None, *, now: datetime) -> str:
    """Shell lines that post such an event, signed as the endpoint asks."""
    body = json.dumps(event(rule, now=now), separators=(",", ":"))
    return snippets.curl(endpoint.scheme, endpoint.config, url, body)


def event(rule: Rule | None, *, now: datetime) -> Mapping[str, Any]:
    """The shape Standard Webhooks recommends, with every field the rule's templates name."""
    definition = rules.definition_of(rule) if rule else None
    names = [name for one in definition.templates for name in PLACEHOLDER.findall(one)] if definition else []
    waits_for = EVENT.fullmatch(definition.when) if definition else None
    return {
        "type": json.loads(waits_for[1]) if waits_for else "example",
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "data": {name.partition(":")[0]: "1" for name in names},
    }
