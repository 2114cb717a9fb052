"""Reading a world from its YAML file; what cannot be read is named by its place in the file."""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml

from edgeops.localaws.world import (
    Account,
    Api,
    Distribution,
    HealthCheck,
    Hop,
    Incident,
    Tenant,
    WafRule,
    WebAcl,
    World,
)

HOP_KINDS = ("rest_api", "http_api", "lambda", "alb", "target_group", "s3")
LARGEST_BULK = 100_000


class WorldError(Exception):
    """The YAML file does not describe a world; the message says where and why."""


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
    first = _account(top.get("account"), "account")
    others = tuple(_account(entry, f"accounts[{n}]") for n, entry in enumerate(_list(top, "accounts")))
    accounts = {account.name: account for account in (first, *others)}
    apis = tuple(_api(entry, f"apis[{n}]", accounts, first) for n, entry in enumerate(_list(top, "apis")))
    if len({api.slug for api in apis}) < len(apis):
        raise WorldError("two APIs have the same slug")
    incidents = tuple(_build(Incident, entry, f"incidents[{n}]") for n, entry in enumerate(_list(top, "incidents")))
    pages = tuple(map(str, _list(top, "pages")))
    return World(first, apis, incidents, others, _bare(top.get("bulk") or 0, first), pages)


def _account(raw: object, where: str) -> Account:
    entry = dict(_mapping(raw, where))
    entry["disabled_regions"] = tuple(map(str, _list(entry, "disabled_regions")))
    return _build(Account, entry, where)


def _api(raw: object, where: str, accounts: Mapping[str, Account], first: Account) -> Api:
    entry = dict(_mapping(raw, where))
    account = accounts.get(entry.get("account", first.name))
    if account is None:
        raise WorldError(f"{where}: no account is named {entry['account']!r}; known are {', '.join(accounts)}")
    entry |= {"account_id": account.id, "region": entry.get("region") or account.region}
    entry["distribution"] = _distribution(entry.get("distribution"), f"{where}.distribution")
    entry["hops"] = tuple(_build(Hop, hop, f"{where}.hops[{n}]") for n, hop in enumerate(_list(entry, "hops")))
    for hop in entry["hops"]:
        if hop.kind not in HOP_KINDS:
            raise WorldError(f"{where}: {hop.kind!r} is not a kind of hop; known are {', '.join(HOP_KINDS)}")
    for key in ("waf", "regional_waf"):
        if key in entry:
            entry[key] = _web_acl(entry[key], f"{where}.{key}")
    if "health_check" in entry:
        entry["health_check"] = _build(HealthCheck, entry["health_check"], f"{where}.health_check")
    return _build(Api, entry, where)


def _distribution(raw: object, where: str) -> Distribution:
    entry = dict(_mapping(raw, where))
    tenants = enumerate(_list(entry, "tenants"))
    entry["tenants"] = tuple(_build(Tenant, tenant, f"{where}.tenants[{n}]") for n, tenant in tenants)
    return _build(Distribution, entry, where)


def _web_acl(raw: object, where: str) -> WebAcl:
    entry = dict(_mapping(raw, where))
    entry["rules"] = tuple(_build(WafRule, rule, f"{where}.rules[{n}]") for n, rule in enumerate(_list(entry, "rules")))
    return _build(WebAcl, entry, where)


def with_bare_distributions(world: World, count: int | None) -> World:
    """The same world with so many bare distributions in its first account, `bulk-00001` and on; None: as its file."""
    if count is None:
        return world
    return replace(world, bare=_bare(count, world.account))


def _bare(count: object, account: Account) -> tuple[Api, ...]:
    if not isinstance(count, int) or not 0 <= count <= LARGEST_BULK:
        raise WorldError(f"bulk must be a number of distributions, at most {LARGEST_BULK}")
    return tuple(_bare_one(n, account) for n in range(1, count + 1))


def _bare_one(number: int, account: Account) -> Api:
    slug = f"bulk-{number:05}"
    distribution = Distribution(
        id=f"EBULK{number:09}",
        domain=f"dbulk{number:09}.cloudfront.net",
        alias=f"{slug}.example.test",
        hit_rate=0.0,
        ttl_seconds=60,
    )
    return Api(slug, f"Bulk {number:05}", 0.0, distribution, (), account.id, account.region)


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
