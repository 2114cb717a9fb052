"""An AWS of plain values for deriving paths: what stands where is said by the test, any call can be made to fail."""

from collections import defaultdict
from dataclasses import dataclass, field

from edgeops.aws.apigateway import Behind as RestBehind
from edgeops.aws.apigatewayv2 import Behind as HttpBehind
from edgeops.aws.distributions import Behavior, Origin, Setup
from edgeops.aws.errors import NotFoundError
from edgeops.aws.lambda_ import Function
from edgeops.estate.document import AccountDoc

ACCOUNT = AccountDoc(
    name="demo", aws_account_id="123456789012", region="eu-west-1", other_regions=("us-west-2", "ap-east-1")
)


class Fakes:
    """One service in one region; `broken` are the verbs that fail, and with what."""

    def __init__(self, broken):
        self._broken = broken

    def _try(self, verb):
        if verb in self._broken:
            raise self._broken[verb]


@dataclass
class RestApis(Fakes):
    broken: dict
    held: list = field(default_factory=list)
    of_stage: dict = field(default_factory=dict)
    reached: dict = field(default_factory=dict)
    custom: set = field(default_factory=set)

    def __post_init__(self):
        super().__init__(self.broken)

    @property
    def apis(self):
        self._try("apis")
        return tuple(self.held)

    @property
    def domains(self):
        self._try("domains")
        return frozenset(self.custom)

    def stages(self, api_id):
        self._try("stages")
        return tuple(self.of_stage.get(api_id, ()))

    def behind(self, api_id, stage):
        self._try("behind")
        return self.reached.get(api_id, RestBehind((), ()))


@dataclass
class HttpApis(Fakes):
    broken: dict
    held: dict = field(default_factory=dict)
    of_stage: dict = field(default_factory=dict)
    reached: dict = field(default_factory=dict)
    mapped: dict = field(default_factory=dict)

    def __post_init__(self):
        super().__init__(self.broken)

    def api(self, api_id):
        self._try("api")
        if api_id not in self.held:
            raise NotFoundError("apigateway:GET", "NotFoundException", "no such API")
        return self.held[api_id]

    def stages(self, api_id):
        return tuple(self.of_stage.get(api_id, ()))

    def mappings(self, domain):
        return tuple(self.mapped.get(domain, ()))

    def behind(self, api_id):
        return self.reached.get(api_id, HttpBehind((), (), ()))


@dataclass
class LoadBalancing(Fakes):
    broken: dict
    held: list = field(default_factory=list)
    groups: dict = field(default_factory=dict)
    rules: dict = field(default_factory=dict)
    targets: dict = field(default_factory=dict)

    def __post_init__(self):
        super().__init__(self.broken)

    @property
    def load_balancers(self):
        self._try("load_balancers")
        return tuple(self.held)

    def target_groups(self, arn):
        self._try("target_groups")
        return tuple(self.groups.get(arn, ()))

    def paths(self, arn):
        self._try("paths")
        return self.rules

    def functions(self, arn):
        return tuple(self.targets.get(arn, ()))


@dataclass
class Functions(Fakes):
    broken: dict
    urls: dict = field(default_factory=dict)

    def __post_init__(self):
        super().__init__(self.broken)

    def function(self, arn):
        self._try("function")
        return Function(arn.split(":")[6], arn, "python3.13", 30, 512, is_traced=False)

    def at_url(self, host):
        self._try("at_url")
        return self.urls.get(host)


@dataclass
class Waf(Fakes):
    broken: dict
    by_arn: dict = field(default_factory=dict)
    guarding: dict = field(default_factory=dict)

    def __post_init__(self):
        super().__init__(self.broken)

    def web_acl(self, arn):
        self._try("web_acl")
        return self.by_arn[arn]

    def of_resource(self, arn):
        self._try("of_resource")
        return self.guarding.get(arn)


@dataclass
class SecurityGroups(Fakes):
    broken: dict
    opened: set = field(default_factory=set)

    def __post_init__(self):
        super().__init__(self.broken)

    def are_open(self, groups):
        self._try("are_open")
        return not self.opened.isdisjoint(groups)


@dataclass
class Dns(Fakes):
    broken: dict
    health_checks: tuple = ()
    leading: dict = field(default_factory=dict)

    def __post_init__(self):
        super().__init__(self.broken)

    def records(self, name):
        self._try("records")
        return tuple(self.leading.get(name, ()))


@dataclass
class Distributions(Fakes):
    broken: dict
    vpc_origins: dict = field(default_factory=dict)
    setups: dict = field(default_factory=dict)

    def __post_init__(self):
        super().__init__(self.broken)

    def setup(self, aws_id):
        self._try("setup")
        return self.setups[aws_id]

    def has_additional_metrics(self, aws_id):
        self._try("has_additional_metrics")
        return True

    def cache_policy_name(self, policy_id):
        return f"policy {policy_id}"

    def behind_vpc_origin(self, vpc_origin_id):
        self._try("behind_vpc_origin")
        return self.vpc_origins[vpc_origin_id]


class Aws:
    """Gateways whose answers a test sets; `fail(region, service, verb, error)` breaks one."""

    def __init__(self):
        self._broken = defaultdict(dict)
        self._made = {}
        self.distributions = self._one("global", "distributions", Distributions)
        self.dns = self._one("global", "dns", Dns)

    def fail(self, region, service, verb, error):
        self._broken[region, service][verb] = error

    def rest_apis(self, region):
        return self._one(region, "rest_apis", RestApis)

    def http_apis(self, region):
        return self._one(region, "http_apis", HttpApis)

    def load_balancing(self, region):
        return self._one(region, "load_balancing", LoadBalancing)

    def functions(self, region):
        return self._one(region, "functions", Functions)

    def waf(self, region):
        return self._one(region, "waf", Waf)

    def security_groups(self, region):
        return self._one(region, "security_groups", SecurityGroups)

    def distribution(self, *hosts, aws_id="E1", behaviors=None, **more):
        """A distribution that fetches everything from the first of these hosts, or as its behaviors say."""
        origins = tuple(
            host if isinstance(host, Origin) else Origin(f"origin-{n}", host) for n, host in enumerate(hosts)
        )
        setup = Setup(
            id=aws_id,
            arn=f"arn:aws:cloudfront::{ACCOUNT.aws_account_id}:distribution/{aws_id}",
            domain="d1.cloudfront.net",
            aliases=more.pop("aliases", ()),
            comment=more.pop("comment", "Products"),
            origins=origins,
            groups=more.pop("groups", ()),
            behaviors=tuple(behaviors or [Behavior("*", origins[0].id)]),
            **more,
        )
        self.distributions.setups[aws_id] = setup
        return setup

    def _one(self, region, service, kind):
        key = region, service
        if key not in self._made:
            self._made[key] = kind(self._broken[key])
        return self._made[key]
