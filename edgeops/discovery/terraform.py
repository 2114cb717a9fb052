"""What `terraform output -json` says of an API: the domains in it, and which distributions they are. Pure.

Only host names are taken out. Whatever else stands in the outputs, sensitive or not, is neither kept nor repeated.
https://developer.hashicorp.com/terraform/cli/commands/output
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from edgeops.discovery import hosts
from edgeops.discovery.hosts import Answers

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20
MAX_VALUES = 20_000
MAX_TEXT = 2_000
"""A longer text is a document, not an address."""
MAX_DOMAINS = 200
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
ENVELOPE = {"value", "type", "sensitive"}
HOW = "Paste what `terraform output -json` prints."


class TerraformError(ValueError):
    """Outputs that cannot be read; the message says what is wrong and what to paste instead."""


class Means(StrEnum):
    """What a domain in the outputs is."""

    DISTRIBUTION = "distribution"
    GATEWAY = "gateway"
    BALANCER = "balancer"


@dataclass(frozen=True, slots=True)
class Domain:
    """A host that stands in an output, and the output's name."""

    output: str
    host: str
    means: Means


@dataclass(frozen=True, slots=True)
class TerraformOutputs:
    """The domains of all outputs; `withheld` are the names of sensitive outputs, which are not looked into."""

    domains: tuple[Domain, ...]
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A domain with the distributions of a listing that answer at it or fetch from it; none: it is not found."""

    domain: Domain
    distribution_ids: tuple[str, ...]


def read(text: str) -> TerraformOutputs:
    """The domains in the outputs: of `terraform output -json`, or of names to values alone. Raises TerraformError."""
    outputs = _outputs(text)
    withheld = tuple(_shown(name) for name, output in outputs.items() if _is_sensitive(output))
    values = {name: _value(output) for name, output in outputs.items() if not _is_sensitive(output)}
    found = dict.fromkeys(_domains(values))
    if not found:
        raise TerraformError(_nothing(withheld))
    if len(found) > MAX_DOMAINS:
        raise TerraformError(f"This names more than {MAX_DOMAINS} domains. Paste the outputs of one API at a time.")
    return TerraformOutputs(tuple(found), withheld)


def match(outputs: TerraformOutputs, distributions: Sequence[Mapping[str, Any]]) -> list[Match]:
    """Which distributions of a listing each domain leads to."""
    answering: dict[str, list[str]] = {}
    fetching: dict[str, list[str]] = {}
    for one in distributions:
        for name in (one["domain"], *one["aliases"]):
            answering.setdefault(name.lower(), []).append(one["id"])
        for name in one.get("origins", ()):
            fetching.setdefault(name, []).append(one["id"])
    return [
        Match(domain, tuple((answering if domain.means == Means.DISTRIBUTION else fetching).get(domain.host, ())))
        for domain in outputs.domains
    ]


def _outputs(text: str) -> dict[str, Any]:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise TerraformError(f"This is more than {MAX_BYTES // 1024} KB, which no outputs are. {HOW}")
    if not text.strip():
        raise TerraformError(f"This is empty. {HOW}")
    try:
        found = json.loads(text, parse_constant=_refuse_number, parse_float=_number)
    except RecursionError:
        raise TerraformError(f"This is nested too deeply to be outputs. {HOW}") from None
    except json.JSONDecodeError as error:
        raise TerraformError(f"This is not JSON: it goes wrong at line {error.lineno}. {HOW}") from None
    except ValueError:
        raise TerraformError(f"This holds a number that JSON does not have, as NaN. {HOW}") from None
    if not isinstance(found, dict):
        raise TerraformError(f"This is JSON, but no outputs by name. {HOW} Name no single output.")
    return found


def _number(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


def _refuse_number(text: str) -> float:
    raise ValueError(text)


def _is_envelope(output: Any) -> bool:
    """Whether Terraform wrapped the value, as it does for all outputs at once."""
    return isinstance(output, dict) and "value" in output and ENVELOPE.issuperset(output)


def _is_sensitive(output: Any) -> bool:
    return _is_envelope(output) and bool(output.get("sensitive"))


def _value(output: Any) -> Any:
    return output["value"] if _is_envelope(output) else output


def _domains(values: Mapping[str, Any]) -> Iterator[Domain]:
    for seen, (name, text) in enumerate(_texts(values), 1):
        if seen > MAX_VALUES:
            raise TerraformError(f"This holds more than {MAX_VALUES:,} values. {HOW}")
        host = _host(text)
        means = _means(name, host) if host else None
        if means is not None:
            yield Domain(_shown(name), host, means)


def _texts(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text with the name of its output; what is no text has none."""
    waiting: list[tuple[str, Any, int]] = [(name, value, 1) for name, value in reversed(list(values.items()))]
    while waiting:
        name, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise TerraformError(f"{_shown(name)} is nested too deeply to be an output. {HOW}")
        inside: list[Any] = (
            list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        )
        waiting.extend((name, one, depth + 1) for one in reversed(inside))
        yield name, value if isinstance(value, str) else ""


def _host(text: str) -> str:
    """The host of an address or the host that a text is; empty where it is neither."""
    if not text or len(text) > MAX_TEXT:
        return ""
    try:
        host = urlsplit(text.strip() if "://" in text else f"//{text.strip()}").hostname or ""
    except ValueError:
        return ""
    return host.rstrip(".") if HOST.fullmatch(host.rstrip(".")) else ""


def _means(output: str, host: str) -> Means | None:
    """By the host where it is one of AWS's own, else by the name of the output, as a custom domain needs it."""
    known = hosts.parse(host)
    if known is not None:
        return {Answers.API: Means.GATEWAY, Answers.BALANCER: Means.BALANCER}.get(known.answers)
    if host.endswith(".cloudfront.net") or output == "cloudfront_domain_name":
        return Means.DISTRIBUTION
    return Means.GATEWAY if output == "api_gateway_invoke_url" else None


def _shown(name: str) -> str:
    """A name as a page can show it: an output's name can be any text in JSON, halves of characters too."""
    return "".join(one for one in name[:100] if one.isprintable())


def _nothing(withheld: Sequence[str]) -> str:
    hidden = f" {len(withheld)} sensitive outputs were not looked into." if withheld else ""
    return (
        "No output is a domain of CloudFront, API Gateway or a load balancer."
        f"{hidden} EdgeOps looks for cloudfront_domain_name, api_gateway_invoke_url and DNS names of load balancers."
    )
