"""Posts somebody can copy and run, signed in the shell: for a terminal and for a CI step. The secret is put in then."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from textwrap import indent
from urllib.parse import urlsplit

from edgeops.webhooks.schemes import github, shopify, stripe
from edgeops.webhooks.schemes.described import PLACEHOLDER, Description
from edgeops.webhooks.schemes.seam import Config

SECRET_LINE = "SECRET='…'  # shown once, when it was made"  # noqa: S105 (nobody's)
CI_VARIABLE = "EDGEOPS_WEBHOOK_SECRET"
# Nothing but Python, which every CI has; a secret of Standard Webhooks is the base64 of its key.
KEYS = {"text": "secret.encode()", "base64": "base64.b64decode(secret[6:])"}
WRITTEN = {
    "hex": "mac.hex()",
    "base64": "base64.b64encode(mac).decode()",
    "base64url": "base64.urlsafe_b64encode(mac).decode().rstrip('=')",
}


@dataclass(frozen=True)
class Signed:
    """Shell lines that set variables, and the headers made of them."""

    lines: list[str]
    headers: Mapping[str, str] = field(default_factory=dict)


def curl(
    scheme: str,
    config: Config,
    url: str,
    body: str,
    *,
    topic: str = "",
    more: Mapping[str, str] | None = None,
    content_type: str = "application/json",
    secret_line: str = SECRET_LINE,
) -> str:
    """Shell lines that post a body as the scheme asks; for SNS, that subscribe and publish."""
    if scheme == "sns":
        return _sns(config, url, body)
    signed = SIGNERS[scheme](config, urlsplit(url).path, topic)
    headers = {"content-type": content_type, **(more or {}), **signed.headers}
    return "\n".join(
        [
            secret_line,
            f"BODY={shlex.quote(body)}",
            *signed.lines,
            f"curl -i {shlex.quote(url)} \\",
            *(f'  -H "{name}: {value}" \\' for name, value in headers.items()),
            '  --data-raw "$BODY"',
        ]
    )


def ci_step(name: str, lines: str) -> str:
    """The same as a step of a GitHub Actions job; other CI systems take the lines as they are."""
    return "\n".join(
        [
            f"- name: {json.dumps(name)}",
            "  env:",
            f"    {CI_VARIABLE}: ${{{{ secrets.{CI_VARIABLE} }}}}",
            "  run: |",
            indent(lines.replace(SECRET_LINE, f'SECRET="${CI_VARIABLE}"'), "    "),
        ]
    )


def _literal(text: str) -> str:
    """What an admin has typed, inside double quotes of the shell, where its own variables stand beside it."""
    return re.sub(r'([\\"$`])', r"\\\1", text)


def _mac(text: str, *, digest: str = "sha256", encoding: str = "hex", key: str = "text") -> str:
    code = "; ".join(
        [
            "import base64,hmac,sys",
            "secret,text=sys.argv[1:]",
            f"mac=hmac.digest({KEYS[key]},text.encode(),'{digest}')",
            f"print({WRITTEN[encoding]})",
        ]
    )
    return f'SIGNATURE=$(python3 -c "{code}" "$SECRET" "{text}")'


def _standard(config: Config, path: str, topic: str) -> Signed:
    prefix = config.get("headers", "webhook")
    names = (f"{prefix}-id", f"{prefix}-timestamp", f"{prefix}-signature")
    lines = ['NOW=$(date +%s); ID="msg_$NOW"', _mac("$ID.$NOW.$BODY", encoding="base64", key="base64")]
    return Signed(lines, dict(zip(names, ("$ID", "$NOW", "v1,$SIGNATURE"), strict=True)))


def _github(config: Config, path: str, topic: str) -> Signed:
    headers = {github.EVENT: topic or "push", github.ID: "$(date +%s)-$$", github.SIGNATURE: "sha256=$SIGNATURE"}
    return Signed([_mac("$BODY")], headers)


def _shopify(config: Config, path: str, topic: str) -> Signed:
    headers = {shopify.TOPIC: topic or "products/update", shopify.ID: "$(date +%s)-$$", shopify.SIGNATURE: "$SIGNATURE"}
    return Signed([_mac("$BODY", encoding="base64")], headers)


def _stripe(config: Config, path: str, topic: str) -> Signed:
    lines = ["NOW=$(date +%s)", _mac("$NOW.$BODY")]
    return Signed(lines, {stripe.SIGNATURE: "t=$NOW,v1=$SIGNATURE"})


def _token(config: Config, path: str, topic: str) -> Signed:
    named = {config["id_header"]: "$(date +%s)-$$"} if config.get("id_header") else {}
    return Signed([], {config["header"]: f"{_literal(config.get('prefix', ''))}$SECRET", **named})


def _described(config: Config, path: str, topic: str) -> Signed:
    how = Description.of(config)
    seconds = "$(date +%s)" if how.timestamp_unit == "s" else "$(($(date +%s) * 1000))"
    lines = [f'NOW={seconds}; ID="id-$NOW"'] if how.has_time or how.id_header else []
    headers = {how.id_header: "$ID"} if how.id_header else {}
    if how.timestamp_header:
        headers[how.timestamp_header] = "$NOW"
    if how.headers_header:
        headers[how.headers_header] = ",".join(sorted([*headers, how.headers_header]))
    listed = ";".join(f"{name}:{headers[name]}" for name in sorted(headers))
    values = {"id": "$ID", "timestamp": "$NOW", "method": "POST", "path": path, "headers": listed, "body": "$BODY"}
    text = PLACEHOLDER.sub(lambda match: values[match[1]], _literal(how.signed))
    lines.append(_mac(text, digest=how.digest, encoding=how.encoding))
    sent = f"{_literal(how.prefix)}$SIGNATURE"
    if how.signature_field:
        time = f"{how.timestamp_field}=$NOW," if how.timestamp_field else ""
        sent = f"{time}{how.signature_field}={sent}"
    return Signed(lines, headers | {how.header: sent})


def _sns(config: Config, url: str, body: str) -> str:
    topics = config.get("topic_arns") or ["…"]
    message = json.loads(body).get("Message", body) if body.startswith("{") else body
    return "\n".join(
        [
            f"TOPIC={shlex.quote(topics[0])}",
            f'aws sns subscribe --topic-arn "$TOPIC" --protocol https --notification-endpoint {shlex.quote(url)}',
            f'aws sns publish --topic-arn "$TOPIC" --message {shlex.quote(message)}',
        ]
    )


SIGNERS: Mapping[str, Callable[[Config, str, str], Signed]] = {
    "standard": _standard,
    "github": _github,
    "stripe": _stripe,
    "shopify": _shopify,
    "hmac": _described,
    "token": _token,
}
