"""API Gateway, REST APIs: APIs, stages, custom domains with their mappings, resources and what stands behind them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from edgeops.localaws import arns, paging, scenarios
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api, Hop

USUAL_PAGE, LARGEST_PAGE = 25, 500
CACHE_SIZE = "0.5"
NO_BASE_PATH = "(none)"
METHOD = "ANY"

type Place = tuple[Api, Hop]


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of API Gateway for REST APIs, by name."""
    gateway = RestApis(simulation)
    return {
        "GetRestApis": gateway.get_rest_apis,
        "GetRestApi": gateway.get_rest_api,
        "GetStages": gateway.get_stages,
        "GetStage": gateway.get_stage,
        "GetDomainNames": gateway.get_domain_names,
        "GetDomainName": gateway.get_domain_name,
        "GetBasePathMappings": gateway.get_base_path_mappings,
        "GetResources": gateway.get_resources,
        "GetIntegration": gateway.get_integration,
        "GetAccount": gateway.get_account,
        "FlushStageCache": gateway.flush_stage_cache,
    }


class RestApis:
    """Each method is one operation; a call sees the APIs of its account and region."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def get_rest_apis(self, params: Params, context: Context) -> Params:
        """All REST APIs, a page at a time."""
        return _page(self._rest_apis(context), params, lambda place: place[1].id, lambda place: self._told(*place))

    def get_rest_api(self, params: Params, context: Context) -> Params:
        """One REST API."""
        return self._told(*self._find(params, context))

    def get_stages(self, params: Params, context: Context) -> Params:
        """The stages of an API; each of this world has one."""
        return {"item": [self._stage(*self._find(params, context))]}

    def get_stage(self, params: Params, context: Context) -> Params:
        """One stage: its cache, its metrics, its tracing and its web ACL."""
        return self._stage(*self._find_stage(params, context))

    def flush_stage_cache(self, params: Params, context: Context) -> Params:
        """Empty the whole cache of a stage: for two minutes its function is asked for everything."""
        api, hop = self._find_stage(params, context)
        if not hop.cache:  # which error AWS answers here is told nowhere
            raise AwsError("BadRequestException", "Cache cluster is not enabled for this stage")
        scenario_id = f"flush-{self._simulation.store.next_serial()}"
        flush = scenarios.flush(api, hop, scenario_id=scenario_id, now=context.now)
        self._simulation.store.change(lambda state: replace(state, scenarios=(*state.scenarios, flush)))
        return {}

    def get_domain_names(self, params: Params, context: Context) -> Params:
        """The custom domains of the account and region."""
        found = custom_domains(self._simulation, context)
        return _page(found, params, lambda place: place[1].domain, lambda place: _domain(*place))

    def get_domain_name(self, params: Params, context: Context) -> Params:
        """One custom domain."""
        return _domain(*find_domain(self._simulation, context, params["domainName"]))

    def get_base_path_mappings(self, params: Params, context: Context) -> Params:
        """Which REST API and stage a base path of a custom domain leads to."""
        _, hop = find_domain(self._simulation, context, params["domainName"])
        mapping = {"basePath": hop.base_path or NO_BASE_PATH, "restApiId": hop.id, "stage": hop.stage}
        mappings = [mapping] if hop.kind == "rest_api" else []
        return _page(mappings, params, lambda item: item["basePath"], dict)

    def get_resources(self, params: Params, context: Context) -> Params:
        """The resources of an API; with `embed=methods` what each method leads to."""
        api, hop = self._find(params, context)
        embeds = "methods" in (params.get("embed") or ())
        method = {"httpMethod": METHOD, "authorizationType": "NONE", "apiKeyRequired": False}
        told = {**method, "methodIntegration": _integration(api)} if embeds else {}
        resources: list[Params] = [
            {"id": _root(hop), "path": "/"},
            {
                "id": _proxy(hop),
                "parentId": _root(hop),
                "pathPart": "{proxy+}",
                "path": "/{proxy+}",
                "resourceMethods": {METHOD: told},
            },
        ]
        return _page(resources, params, lambda item: str(item["id"]), dict)

    def get_integration(self, params: Params, context: Context) -> Params:
        """What one method leads to."""
        api, hop = self._find(params, context)
        if params["resourceId"] != _proxy(hop):
            raise AwsError("NotFoundException", "Invalid Resource identifier specified", status=404)
        if params["httpMethod"] != METHOD:
            raise AwsError("NotFoundException", "Invalid Method identifier specified", status=404)
        return _integration(api)

    def get_account(self, params: Params, context: Context) -> Params:
        """The account's limits at the gateway."""
        return {"throttleSettings": {"rateLimit": 10_000.0, "burstLimit": 5_000}, "features": ["UsagePlans"]}

    def _rest_apis(self, context: Context) -> list[Place]:
        return self._simulation.world.hops_of(context.account, context.region, "rest_api")

    def _find(self, params: Params, context: Context) -> Place:
        for api, hop in self._rest_apis(context):
            if hop.id == params["restApiId"]:
                return api, hop
        message = f"Invalid API identifier specified {context.account.id}:{params['restApiId']}"
        raise AwsError("NotFoundException", message, status=404)

    def _find_stage(self, params: Params, context: Context) -> Place:
        api, hop = self._find(params, context)
        if hop.stage != params["stageName"]:
            raise AwsError("NotFoundException", "Invalid stage identifier specified", status=404)
        return api, hop

    def _cache_status(self, hop: Hop) -> str:
        if not hop.cache:
            return "NOT_AVAILABLE"
        since = self._simulation.clock() - self._simulation.settings.invalidation_seconds
        flushed = any(one.is_flush_of(hop) and one.started_at > since for one in self._simulation.store.state.scenarios)
        return "FLUSH_IN_PROGRESS" if flushed else "AVAILABLE"

    def _told(self, api: Api, hop: Hop) -> Params:
        return {
            "id": hop.id,
            "name": hop.name,
            "description": api.description,
            "createdDate": self._since,
            "apiKeySource": "HEADER",
            "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
            "tags": dict(api.tags),
            "disableExecuteApiEndpoint": bool(hop.domain),
            "rootResourceId": _root(hop),
            "apiStatus": "AVAILABLE",
        }

    def _stage(self, api: Api, hop: Hop) -> Params:
        settings = {
            "metricsEnabled": False,
            "loggingLevel": "INFO",
            "throttlingRateLimit": 10_000.0,
            "throttlingBurstLimit": 5_000,
            "cachingEnabled": hop.cache,
            "cacheTtlInSeconds": 300,
            "cacheDataEncrypted": False,
            "requireAuthorizationForCacheControl": True,
            "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
        }
        return {
            "deploymentId": arns.hexadecimal(f"{hop.id} deployment", 6),
            "stageName": hop.stage,
            "cacheClusterEnabled": hop.cache,
            "cacheClusterSize": CACHE_SIZE if hop.cache else None,
            "cacheClusterStatus": self._cache_status(hop),
            "methodSettings": {"*/*": settings},
            "tracingEnabled": True,
            "webAclArn": arns.web_acl(api, api.regional_waf, regional=True) if api.regional_waf else None,
            "tags": dict(api.tags),
            "createdDate": self._since,
            "lastUpdatedDate": self._since,
        }

    @property
    def _since(self) -> datetime:
        return datetime.fromtimestamp(int(self._simulation.store.state.anchor), UTC)


def custom_domains(simulation: Simulation, context: Context) -> list[Place]:
    """The custom domains of the account and region; both versions of API Gateway tell the same ones."""
    places = simulation.world.hops_of(context.account, context.region, "rest_api", "http_api")
    return [place for place in places if place[1].domain]


def find_domain(simulation: Simulation, context: Context, name: str) -> Place:
    """One custom domain; raises NotFoundException."""
    for api, hop in custom_domains(simulation, context):
        if hop.domain == name:
            return api, hop
    raise AwsError("NotFoundException", "Invalid domain name identifier specified", status=404)


def regional_name(api: Api, hop: Hop) -> str:
    """The host behind a custom domain, to which its DNS record points."""
    return f"d-{arns.hexadecimal(hop.domain, 10)}.execute-api.{api.region}.amazonaws.com"


def invocation(api: Api, function: Hop) -> str:
    """The URI by which API Gateway invokes a function."""
    return (
        f"arn:aws:apigateway:{api.region}:lambda:path/2015-03-31/functions/{arns.function(api, function)}/invocations"
    )


def _domain(api: Api, hop: Hop) -> Params:
    return {
        "domainName": hop.domain,
        "domainNameArn": f"arn:aws:apigateway:{api.region}::/domainnames/{hop.domain}",
        "regionalDomainName": regional_name(api, hop),
        "regionalHostedZoneId": "Z2OJLYMUO9EFXC",
        "regionalCertificateArn": f"arn:aws:acm:{api.region}:{api.account_id}:certificate/{api.slug}",
        "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
        "domainNameStatus": "AVAILABLE",
        "securityPolicy": "TLS_1_2",
        "tags": dict(api.tags),
    }


def _integration(api: Api) -> Params:
    function = api.hop("lambda")
    if function is None:
        return {"type": "MOCK", "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29_000}
    return {
        "type": "AWS_PROXY",
        "httpMethod": "POST",
        "uri": invocation(api, function),
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29_000,
    }


def _root(hop: Hop) -> str:
    return arns.hexadecimal(f"{hop.id} /", 10)


def _proxy(hop: Hop) -> str:
    return arns.hexadecimal(f"{hop.id} /proxy", 6)


def _page[T](entries: Sequence[T], params: Params, id_of: Callable[[T], str], told: Callable[[T], Params]) -> Params:
    """A page as these operations tell it: `position` leads to the next one, and is left out at the end."""
    error = "BadRequestException"
    asked = params.get("limit")
    size = paging.size_of(USUAL_PAGE if asked is None else asked, largest=LARGEST_PAGE, error=error)
    page = paging.page(entries, after=params.get("position"), size=size, id_of=id_of, error=error)
    return {"items": [told(entry) for entry in page.items], "position": page.next or None}
