"""A post somebody can copy and run: signed in the shell, with nothing but Python and curl."""

import json
import shlex
from datetime import datetime

from edgeops.webhooks.models import Rule
from edgeops.webhooks.path_templates import PLACEHOLDER

SIGN = (
    "import base64,hmac,sys; secret,text=sys.argv[1:]; "
    "print('v1,'+base64.b64encode(hmac.digest(base64.b64decode(secret[6:]),text.encode(),'sha256')).decode())"
)


def curl(url: str, rule: Rule | None, *, now: datetime) -> str:
    """Shell lines that post an event the rule waits for; the reader puts the secret in."""
    fields = {name: "1" for template in rule.path_templates for name in PLACEHOLDER.findall(template)} if rule else {}
    event = {
        "type": rule.event_type if rule else "example",
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
