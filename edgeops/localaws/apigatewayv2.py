"""API Gateway, HTTP APIs: APIs, stages, routes with their integrations, and custom domains with their mappings."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from edgeops.localaws import arns, paging
from edgeops.localaws.apigateway import custom_domains, find_domain, regional_name
from edgeops.localaws.simulation import Context, Operation, Simulation
from edgeops.localaws.wire.messages import AwsError, Params
from edgeops.localaws.world import Api, Hop

LARGEST_PAGE = 100

type Place = tuple[Api, Hop]


def operations(simulation: Simulation) -> dict[str, Operation]:
    """The operations of API Gateway for HTTP APIs, by name."""
    gateway = HttpApis(simulation)
    return {
        "GetApis": gateway.get_apis,
        "GetApi": gateway.get_api,
        "GetStages": gateway.get_stages,
        "GetStage": gateway.get_stage,
        "GetIntegrations": gateway.get_integrations,
        "GetRoutes": gateway.get_routes,
        "GetDomainNames": gateway.get_domain_names,
        "GetDomainName": gateway.get_domain_name,
        "GetApiMappings": gateway.get_api_mappings,
    }


class HttpApis:
    """Each method is one operation; a call sees the APIs of its account and region."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def get_apis(self, params: Params, context: Context) -> Params:
        """All HTTP APIs, a page at a time."""
        return _page(self._http_apis(context), params, lambda place: place[1].id, lambda place: self._told(*place))

    def get_api(self, params: Params, context: Context) -> Params:
        """One HTTP API."""
        return self._told(*self._find(params, context))

    def get_stages(self, params: Params, context: Context) -> Params:
        """The stages of an API; each of this world has one."""
        return _page([self._find(params, context)], params, _stage_of, lambda place: self._stage(*place))

    def get_stage(self, params: Params, context: Context) -> Params:
        """One stage."""
        api, hop = self._find(params, context)
        if hop.stage != params["StageName"]:
            message = f"Unable to find Stage by name {params['StageName']} within the provided account"
            raise AwsError("NotFoundException", message, status=404)
        return self._stage(api, hop)

    def get_integrations(self, params: Params, context: Context) -> Params:
        """What the routes lead to: the function behind the API."""
        api, hop = self._find(params, context)
        function = api.hop("lambda")
        integration = {
            "IntegrationId": _integration(hop),
            "IntegrationType": "AWS_PROXY",
            "IntegrationMethod": "POST",
            "ConnectionType": "INTERNET",
            "PayloadFormatVersion": "2.0",
            "TimeoutInMillis": 30_000,
        }
        told = [{**integration, "IntegrationUri": arns.function(api, function)}] if function else []
        return _page(told, params, lambda item: str(item["IntegrationId"]), dict)

    def get_routes(self, params: Params, context: Context) -> Params:
        """The one route that takes every request."""
        _, hop = self._find(params, context)
        route = {
            "RouteId": arns.hexadecimal(f"{hop.id} route", 7),
            "RouteKey": "$default",
            "AuthorizationType": "NONE",
            "ApiKeyRequired": False,
            "Target": f"integrations/{_integration(hop)}",
        }
        return _page([route], params, lambda item: str(item["RouteId"]), dict)

    def get_domain_names(self, params: Params, context: Context) -> Params:
        """The custom domains of the account and region."""
        found = custom_domains(self._simulation, context)
        return _page(found, params, lambda place: place[1].domain, lambda place: _domain(*place))

    def get_domain_name(self, params: Params, context: Context) -> Params:
        """One custom domain."""
        return _domain(*find_domain(self._simulation, context, params["DomainName"]))

    def get_api_mappings(self, params: Params, context: Context) -> Params:
        """Which API and stage a key of a custom domain leads to; REST APIs are told here too."""
        _, hop = find_domain(self._simulation, context, params["DomainName"])
        mapping = {
            "ApiId": hop.id,
            "ApiMappingId": arns.hexadecimal(f"{hop.domain} {hop.base_path}", 6),
            "ApiMappingKey": hop.base_path,
            "Stage": hop.stage,
        }
        return _page([mapping], params, lambda item: item["ApiMappingId"], dict)

    def _http_apis(self, context: Context) -> list[Place]:
        return self._simulation.world.hops_of(context.account, context.region, "http_api")

    def _find(self, params: Params, context: Context) -> Place:
        for api, hop in self._http_apis(context):
            if hop.id == params["ApiId"]:
                return api, hop
        message = f"Invalid API identifier specified {params['ApiId']}"
        raise AwsError("NotFoundException", message, status=404)

    def _told(self, api: Api, hop: Hop) -> Params:
        return {
            "ApiId": hop.id,
            "Name": hop.name,
            "Description": api.description,
            "ApiEndpoint": f"https://{arns.gateway_host(api, hop)}",
            "ProtocolType": "HTTP",
            "CreatedDate": self._since,
            "DisableExecuteApiEndpoint": bool(hop.domain),
            "IpAddressType": "ipv4",
            "RouteSelectionExpression": "$request.method $request.path",
            "ApiKeySelectionExpression": "$request.header.x-api-key",
            "Tags": dict(api.tags),
        }

    def _stage(self, api: Api, hop: Hop) -> Params:
        return {
            "StageName": hop.stage,
            "AutoDeploy": True,
            "CreatedDate": self._since,
            "LastUpdatedDate": self._since,
            "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
            "RouteSettings": {},
            "StageVariables": {},
            "Tags": dict(api.tags),
        }

    @property
    def _since(self) -> datetime:
        return datetime.fromtimestamp(int(self._simulation.store.state.anchor), UTC)


def _stage_of(place: Place) -> str:
    return place[1].stage


def _integration(hop: Hop) -> str:
    return arns.hexadecimal(f"{hop.id} integration", 7)


def _domain(api: Api, hop: Hop) -> Params:
    configuration = {
        "ApiGatewayDomainName": regional_name(api, hop),
        "CertificateArn": f"arn:aws:acm:{api.region}:{api.account_id}:certificate/{api.slug}",
        "DomainNameStatus": "AVAILABLE",
        "EndpointType": "REGIONAL",
        "HostedZoneId": "Z2OJLYMUO9EFXC",
        "IpAddressType": "ipv4",
        "SecurityPolicy": "TLS_1_2",
    }
    return {
        "DomainName": hop.domain,
        "DomainNameArn": f"arn:aws:apigateway:{api.region}::/domainnames/{hop.domain}",
        "ApiMappingSelectionExpression": "$request.basepath",
        "DomainNameConfigurations": [configuration],
        "Tags": dict(api.tags),
    }


def _page[T](entries: Sequence[T], params: Params, id_of: Callable[[T], str], told: Callable[[T], Params]) -> Params:
    error = "BadRequestException"
    size = paging.size_of(params.get("MaxResults"), largest=LARGEST_PAGE, error=error)
    page = paging.page(entries, after=params.get("NextToken"), size=size, id_of=id_of, error=error)
    return {"Items": [told(entry) for entry in page.items], "NextToken": page.next or None}
