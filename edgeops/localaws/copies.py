"""Copies of a world's APIs, to have thousands of series for the price of a few.

Copy n of `products` (n from 1, three digits or more) is told apart by its number everywhere a name counts:

    slug                  products-001           API name           Products API 001
    distribution id       E1PRODUCTSDEMO001      alias              products-001.example.test
    distribution domain   d1products00demo001.cloudfront.net
    hop name              products-api-001       hop id             a1b2c3d001: the last characters replaced
    web ACL, rule metric  ProductsAcl001         health check id    as hop ids; edge function as hop names
    tenant id, name       as distribution id, hop name; its domains as copy001.north.storefront.example.test

Account, region, stage and everything else stay. A copy repeats its original's traffic to the request, also through its
scenarios, so that the work of imagining it is done once.
"""

from dataclasses import replace

from edgeops.localaws.world import Api, Distribution, HealthCheck, Hop, Tenant, WebAcl, World
from edgeops.localaws.worldfile import WorldError

MOST_COPIES = 9_999


def with_copies(world: World, count: int) -> World:
    """The same world with so many copies of every API behind its originals; raises WorldError when it is no count."""
    if not 0 <= count <= MOST_COPIES:
        raise WorldError(f"copies must be a number from 0 to {MOST_COPIES}, not {count}")
    copies = (copy(api, number) for number in range(1, count + 1) for api in world.apis)
    return replace(world, apis=(*world.apis, *copies))


def copy(api: Api, number: int) -> Api:
    """One copy of an API; every name and id in it is its own."""
    mark = f"{number:03}"
    slug = f"{api.slug}-{mark}"
    return replace(
        api,
        slug=slug,
        name=f"{api.name} {mark}",
        distribution=_distribution(api, slug, mark),
        hops=tuple(_hop(hop, mark) for hop in api.hops),
        waf=_web_acl(api.waf, mark),
        regional_waf=_web_acl(api.regional_waf, mark),
        health_check=_health_check(api.health_check, mark),
        edge_function=_named(api.edge_function, mark),
        copy_of=api.slug,
    )


def _distribution(api: Api, slug: str, mark: str) -> Distribution:
    own = api.distribution
    domain, _, zone = own.domain.partition(".")
    return replace(
        own,
        id=f"{own.id}{mark}",
        domain=f"{domain}{mark}.{zone}",
        alias=own.alias.replace(api.slug, slug, 1),
        tenants=tuple(_tenant(tenant, mark) for tenant in own.tenants),
    )


def _tenant(tenant: Tenant, mark: str) -> Tenant:
    domains = tuple(f"copy{mark}.{domain}" for domain in tenant.domains)
    return replace(tenant, id=f"{tenant.id}{mark}", name=_named(tenant.name, mark), domains=domains)


def _hop(hop: Hop, mark: str) -> Hop:
    return replace(
        hop,
        name=_named(hop.name, mark),
        id=_numbered(hop.id, mark),
        domain=f"copy{mark}.{hop.domain}" if hop.domain else "",
        url_id=_numbered(hop.url_id, mark),
        vpc_origin=_numbered(hop.vpc_origin, mark),
    )


def _web_acl(acl: WebAcl | None, mark: str) -> WebAcl | None:
    if acl is None:
        return None
    rules = tuple(replace(rule, metric=f"{rule.metric}{mark}") for rule in acl.rules)
    return replace(
        acl, name=_named(acl.name, mark), id=_numbered(acl.id, mark), metric=f"{acl.metric}{mark}", rules=rules
    )


def _health_check(check: HealthCheck | None, mark: str) -> HealthCheck | None:
    return None if check is None else replace(check, id=_numbered(check.id, mark))


def _named(name: str, mark: str) -> str:
    return f"{name}-{mark}" if name else ""


def _numbered(identifier: str, mark: str) -> str:
    """An id of the same length, as AWS's own ids have; the number takes its last places."""
    return f"{identifier[: -len(mark)]}{mark}" if identifier else ""
