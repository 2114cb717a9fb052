"""The world of one YAML file: the account, its APIs behind CloudFront, and what went wrong before the first start."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

HOP_KINDS = ("rest_api", "http_api", "lambda", "alb", "target_group")


class WorldError(Exception):
    """The YAML file does not describe a world; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Account:
    """The AWS account and the region its regional resources live in."""

    id: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """One CloudFront distribution; `hit_rate` is a share, 0 to 1."""

    id: str
    domain: str
    alias: str
    hit_rate: float
    ttl_seconds: int
    additional_metrics: bool = False


@dataclass(frozen=True, slots=True)
class Hop:
    """One resource behind the distribution; which fields count depends on its kind."""

    kind: str
    name: str
    id: str = ""
    stage: str = ""
    cache: bool = False
    cache_hit_rate: float = 0.0
    targets: int = 0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Api:
    """One API: its distribution, the hops behind it, and its mean traffic."""

    slug: str
    name: str
    requests_per_minute: float
    distribution: Distribution
    hops: tuple[Hop, ...]
    description: str = ""

    def hop(self, *kinds: str) -> Hop | None:
        """The first hop of one of these kinds."""
        return next((hop for hop in self.hops if hop.kind in kinds), None)

    @property
    def gateway(self) -> Hop | None:
        """The API Gateway stage, REST or HTTP."""
        return self.hop("rest_api", "http_api")

    @property
    def target_groups(self) -> tuple[Hop, ...]:
        """The target groups behind the load balancer, in order."""
        return tuple(hop for hop in self.hops if hop.kind == "target_group")


@dataclass(frozen=True, slots=True)
class Incident:
    """A scenario of the past; `minutes` None is still going on."""

    scenario: str
    api: str
    started_minutes_ago: float
    minutes: float | None = None
    intensity: float = 1.0
    target: str | None = None


@dataclass(frozen=True, slots=True)
class World:
    """Everything local AWS pretends exists."""

    account: Account
    apis: tuple[Api, ...]
    incidents: tuple[Incident, ...] = ()

    def api(self, slug: str) -> Api | None:
        """The API of a slug."""
        return next((api for api in self.apis if api.slug == slug), None)

    def distribution(self, distribution_id: str) -> Api | None:
        """The API behind a distribution id."""
        return next((api for api in self.apis if api.distribution.id == distribution_id), None)

    def host(self, host: str) -> Api | None:
        """The API whose distribution answers to a host name: its alias or its own domain."""
        names = {name: api for api in self.apis for name in (api.distribution.alias, api.distribution.domain)}
        return names.get(host.lower())


def load(path: Path) -> World:
    """Read a world; raises WorldError when the file is missing, not YAML or not a world."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorldError(f"cannot read the world {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise WorldError(f"the world {path} is not YAML: {error}") from error
    return read(raw)


def read(raw: object) -> World:
    """Build a world from decoded YAML; raises WorldError naming the part that is wrong."""
    top = _mapping(raw, "the world")
    apis = tuple(_api(entry, f"apis[{n}]") for n, entry in enumerate(_list(top, "apis")))
    slugs = [api.slug for api in apis]
    if len(set(slugs)) < len(slugs):
        raise WorldError("two APIs have the same slug")
    incidents = tuple(_build(Incident, entry, f"incidents[{n}]") for n, entry in enumerate(_list(top, "incidents")))
    return World(_build(Account, top.get("account"), "account"), apis, incidents)


def _api(raw: object, where: str) -> Api:
    entry = dict(_mapping(raw, where))
    entry["distribution"] = _build(Distribution, entry.get("distribution"), f"{where}.distribution")
    entry["hops"] = tuple(_build(Hop, hop, f"{where}.hops[{n}]") for n, hop in enumerate(_list(entry, "hops")))
    for hop in entry["hops"]:
        if hop.kind not in HOP_KINDS:
            raise WorldError(f"{where}: {hop.kind!r} is not a kind of hop; known are {', '.join(HOP_KINDS)}")
    return _build(Api, entry, where)


def _build[T](kind: type[T], raw: object, where: str) -> T:
    """Make a dataclass of a mapping; keys it does not know belong to the demo's seed and are passed over."""
    entry = _mapping(raw, where)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    try:
        return kind(**{key: value for key, value in entry.items() if key in known})
    except TypeError as error:
        raise WorldError(f"{where}: {error}") from error


def _mapping(raw: object, where: str) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise WorldError(f"{where} must be a mapping")
    return raw


def _list(entry: Mapping[str, Any], key: str) -> list[object]:
    found = entry.get(key) or []
    if not isinstance(found, list):
        raise WorldError(f"{key} must be a list")
    return found
