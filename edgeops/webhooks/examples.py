"""A post somebody can copy and run: signed in the shell, with nothing but Python and curl."""

import json
import re
import shlex
from datetime import datetime

from edgeops.webhooks import rules
from edgeops.webhooks.item_templates import PLACEHOLDER
from edgeops.webhooks.models import Rule

EVENT = re.compile(r"body\.type == `(.+)`")
SIGN = (
    "import base64,hmac,sys; secret,text=sys.argv[1:]; "
    "print('v1,'+base64.b64encode(hmac.digest(base64.b64decode(secret[6:]),text.encode(),'sha256')).decode())"
)


def curl(url: str, rule: Rule | None, *, now: datetime) -> str:
    """Shell lines that post an event the rule waits for; the reader puts the secret in."""
    definition = rules.definition_of(rule) if rule else None
    names = [name for one in definition.templates for name in PLACEHOLDER.findall(one)] if definition else []
    waits_for = EVENT.fullmatch(definition.when) if definition else None
    fields = {name.partition(":")[0]: "1" for name in names}
    event = {
        "type": json.loads(waits_for[1]) if waits_for else "example",
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "data": fields,
    }
    return "\n".join(
        [
            "SECRET='whsec_…'  # shown once, when it was made",
            f"BODY={shlex.quote(json.dumps(event, separators=(',', ':')))}",
            'NOW=$(date +%s); ID="msg_$NOW"',
            f'SIGNATURE=$(python3 -c "{SIGN}" "$SECRET" "$ID.$NOW.$BODY")',
            f"curl -i {shlex.quote(url)} \\",
            '  -H "content-type: application/json" -H "webhook-id: $ID" \\',
            '  -H "webhook-timestamp: $NOW" -H "webhook-signature: $SIGNATURE" \\',
            '  --data-raw "$BODY"',
        ]
    )
