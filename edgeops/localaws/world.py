"""The world local AWS pretends exists: accounts, their APIs behind CloudFront, and what went wrong before its start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account, the region most of its resources live in, and the regions it has not enabled."""

    id: str
    name: str
    region: str
    disabled_regions: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant of a distribution: a site with domains and a cache of its own."""

    id: str
    name: str
    domains: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Distribution:
    """One CloudFront distribution; `hit_rate` is a share, 0 to 1.

    `query_strings` are in its cache key, `all` or `none`; `cache_tag_header` is what its CacheTagConfig names. One with
    tenants is for tenants only: it has no alias, and answers to no host itself.
    """

    id: str
    domain: str
    alias: str
    hit_rate: float
    ttl_seconds: int
    additional_metrics: bool = False
    query_strings: str = "all"
    cache_tag_header: str = ""
    tenants: tuple[Tenant, ...] = ()


@dataclass(frozen=True, slots=True)
class Hop:
    """One resource behind the distribution; which fields count depends on its kind.

    `domain` and `base_path` are the custom domain of a gateway and its mapping; `url_id` makes a function answer at a
    URL of its own; `vpc_origin` keeps a load balancer private: CloudFront reaches it through a VPC origin of this id.
    """

    kind: str
    name: str
    id: str = ""
    stage: str = ""
    cache: bool = False
    cache_hit_rate: float = 0.0
    targets: int = 0
    share: float = 1.0
    domain: str = ""
    base_path: str = ""
    url_id: str = ""
    vpc_origin: str = ""


@dataclass(frozen=True, slots=True)
class WafRule:
    """One rule of a web ACL; `metric` is the name CloudWatch knows it by, `action` is Block or Count."""

    name: str
    metric: str
    action: str = "Block"


@dataclass(frozen=True, slots=True)
class WebAcl:
    """A WAF web ACL; CloudWatch knows it by `metric`, which need not be its name."""

    name: str
    id: str
    metric: str
    rules: tuple[WafRule, ...] = ()


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A Route 53 health check of the distribution's alias."""

    id: str
    path: str = "/health"


@dataclass(frozen=True, slots=True)
class Api:
    """One API: its distribution, the hops behind it, and its mean traffic.

    `waf` guards the distribution, `regional_waf` the load balancer or REST stage. With `failover` the first two origins
    are a group.
    """

    slug: str
    name: str
    requests_per_minute: float
    distribution: Distribution
    hops: tuple[Hop, ...]
    account_id: str
    region: str
    description: str = ""
    waf: WebAcl | None = None
    regional_waf: WebAcl | None = None
    health_check: HealthCheck | None = None
    edge_function: str = ""
    failover: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    origin_tags: Sequence[str] = ()
    """The cache tags its origin gives each product, `{id}` standing for the product's."""
    copy_of: str = ""
    """The slug whose traffic it repeats to the request; empty for an API of its own."""

    @property
    def source(self) -> str:
        """The slug under which its traffic is known."""
        return self.copy_of or self.slug

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
class Site:
    """What answers to a host name: a distribution of an API, or one of its tenants; whose cache it has is `holder`."""

    api: Api
    holder: str


@dataclass(frozen=True, slots=True)
class Incident:
    """A scenario of the past; `minutes` None is still going on."""

    scenario: str
    api: str
    started_minutes_ago: float
    minutes: float | None = None
    intensity: float = 1.0
    target: str | None = None


@dataclass(frozen=True)
class World:
    """Everything local AWS pretends exists.

    `bare` are distributions without traffic, there only to be many; `pages` begin the paths that every origin serves
    beside its collection.
    """

    account: Account
    apis: tuple[Api, ...]
    incidents: tuple[Incident, ...] = ()
    other_accounts: tuple[Account, ...] = ()
    bare: tuple[Api, ...] = ()
    pages: tuple[str, ...] = ()

    @property
    def accounts(self) -> tuple[Account, ...]:
        """All accounts, the one of EdgeOps' own credentials first."""
        return (self.account, *self.other_accounts)

    def api(self, slug: str) -> Api | None:
        """The API of a slug."""
        return self._by_slug.get(slug)

    def distribution(self, distribution_id: str) -> Api | None:
        """The API behind a distribution id."""
        return self._by_distribution.get(distribution_id)

    def host(self, host: str) -> Site | None:
        """What answers to a host name: a distribution to its alias and its own domain, a tenant to its domains."""
        return self._by_host.get(host.lower())

    def tenants_of(self, account: Account) -> list[tuple[Api, Tenant]]:
        """The distribution tenants of an account."""
        return [(api, tenant) for api in self.apis_of(account) for tenant in api.distribution.tenants]

    def account_of(self, account_id: str) -> Account | None:
        """The account of an id."""
        return next((account for account in self.accounts if account.id == account_id), None)

    def apis_of(self, account: Account, region: str | None = None) -> list[Api]:
        """The APIs of an account; with a region those whose regional resources live there."""
        return [api for api in self.apis if api.account_id == account.id and region in (None, api.region)]

    def hops_of(self, account: Account, region: str, *kinds: str) -> list[tuple[Api, Hop]]:
        """The regional resources of these kinds that a call of this account in this region sees."""
        return [(api, hop) for api in self.apis_of(account, region) for hop in api.hops if hop.kind in kinds]

    def distributions_of(self, account: Account) -> list[Api]:
        """The distributions of an account, those with traffic first."""
        return [api for api in (*self.apis, *self.bare) if api.account_id == account.id]

    @cached_property
    def _by_slug(self) -> dict[str, Api]:
        return {api.slug: api for api in self.apis}

    @cached_property
    def _by_distribution(self) -> dict[str, Api]:
        return {api.distribution.id: api for api in (*self.apis, *self.bare)}

    @cached_property
    def _by_host(self) -> dict[str, Site]:
        return {name: site for api in self.apis for name, site in _sites(api)}


def _sites(api: Api) -> list[tuple[str, Site]]:
    own = api.distribution
    if own.tenants:
        return [(domain, Site(api, tenant.id)) for tenant in own.tenants for domain in tenant.domains]
    return [(name, Site(api, own.id)) for name in (own.alias, own.domain)]
