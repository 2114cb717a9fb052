"""API Gateway's HTTP APIs: their stages, the mappings of custom domains, and what stands behind them.

Reference: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgeops.aws.apigateway import ACTION, FUNCTION_URI, shared_pacer, target
from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.gateway import Gateway
from edgeops.aws.pacing import Pacer

PAGE = "100"
FUNCTION_ARN = re.compile(r"arn:[^:]+:lambda:[^:]+:\d+:function:.+")
LISTENER_ARN = re.compile(r"arn:[^:]+:elasticloadbalancing:[^:]+:\d+:listener/.+")


@dataclass(frozen=True, slots=True)
class HttpApi:
    """An HTTP or WebSocket API; `protocol` says which."""

    id: str
    name: str
    protocol: str


@dataclass(frozen=True, slots=True)
class HttpStage:
    """A stage of an HTTP API."""

    name: str
    has_route_metrics: bool


@dataclass(frozen=True, slots=True)
class Mapping:
    """Where a key of a custom domain leads: an API, REST or HTTP, and its stage."""

    key: str
    api_id: str
    stage: str


@dataclass(frozen=True, slots=True)
class Behind:
    """What routes lead to: functions and listeners of load balancers by ARN, hosts or kinds of everything else."""

    functions: tuple[str, ...]
    listeners: tuple[str, ...]
    others: tuple[str, ...]


class HttpApis:
    """The HTTP APIs of one region. Every verb raises AwsError."""

    def __init__(self, region: str, meter: Meter, access: Access = OWN, *, pace: Pacer | None = None) -> None:
        self._gateway = Gateway(
            "apigatewayv2", region, meter, access, prefix="apigateway", pacer=pace or shared_pacer(access)
        )

    def api(self, api_id: str) -> HttpApi:
        """One API; NotFoundError where it is not of this account and region."""
        raw = self._gateway.ask("GetApi", action=ACTION, ApiId=api_id)
        return HttpApi(raw["ApiId"], raw["Name"], raw["ProtocolType"])

    def stages(self, api_id: str) -> tuple[HttpStage, ...]:
        """The stages of an API."""
        return tuple(
            HttpStage(raw["StageName"], raw.get("DefaultRouteSettings", {}).get("DetailedMetricsEnabled", False))
            for raw in self._paged("GetStages", ApiId=api_id)
        )

    def mappings(self, domain: str) -> tuple[Mapping, ...]:
        """Where a custom domain leads; mappings to REST APIs are told here too."""
        found = self._paged("GetApiMappings", DomainName=domain)
        return tuple(Mapping(raw.get("ApiMappingKey") or "", raw["ApiId"], raw["Stage"]) for raw in found)

    def behind(self, api_id: str) -> Behind:
        """What the routes of an API lead to."""
        functions: dict[str, None] = {}
        listeners: dict[str, None] = {}
        others: dict[str, None] = {}
        for raw in self._paged("GetIntegrations", ApiId=api_id):
            uri = raw.get("IntegrationUri", "")
            if invoked := FUNCTION_URI.search(uri):
                functions[invoked["arn"]] = None
            elif FUNCTION_ARN.fullmatch(uri):
                functions[uri] = None
            elif LISTENER_ARN.fullmatch(uri):
                listeners[uri] = None
            else:
                others[target(uri, raw.get("IntegrationSubtype") or raw["IntegrationType"])] = None
        return Behind(tuple(functions), tuple(listeners), tuple(others))

    def _paged(self, operation: str, **parameters: str) -> Iterator[dict[str, Any]]:
        for page in self._gateway.pages(
            operation, after="NextToken", following="NextToken", action=ACTION, MaxResults=PAGE, **parameters
        ):
            yield from page.get("Items") or ()
