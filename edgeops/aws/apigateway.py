"""API Gateway's REST APIs: their stages, custom domains, and the functions behind them.

All management calls of an account share ten requests a second, GetResources five in two; EdgeOps takes half of it.
https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from edgeops.aws.clients import OWN, Access, Meter
from edgeops.aws.gateway import Gateway
from edgeops.aws.pacing import Pacer, pacer

CALLS_A_SECOND = 5
ACTION = "GET"  # IAM allows API Gateway's management by HTTP verb
PAGE = 500
EVERY_METHOD = "*/*"
FUNCTION_URI = re.compile(r":lambda:path/[^/]+/functions/(?P<arn>.+?)/invocations")
VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


@dataclass(frozen=True, slots=True)
class RestApi:
    """A REST API; its endpoint is EDGE, REGIONAL or PRIVATE."""

    id: str
    name: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class RestStage:
    """A stage of a REST API; `cache_size` is in GB, None without a cache. What variables hold is shown to nobody."""

    name: str
    cache_size: str | None
    has_method_metrics: bool
    is_traced: bool
    web_acl: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Behind:
    """What methods lead to: functions by ARN, and hosts or kinds of everything else."""

    functions: tuple[str, ...]
    others: tuple[str, ...]


class RestApis:
    """The REST APIs of one region. Every verb raises AwsError."""

    def __init__(self, region: str, meter: Meter, access: Access = OWN, *, pace: Pacer | None = None) -> None:
        self._gateway = Gateway("apigateway", region, meter, access, pacer=pace or shared_pacer(access))

    @cached_property
    def apis(self) -> tuple[RestApi, ...]:
        """All of the region: metrics go by the name, which need not be the API's alone."""
        return tuple(map(_api, self._paged("GetRestApis")))

    def stages(self, api_id: str) -> tuple[RestStage, ...]:
        """The stages of an API."""
        answer = self._gateway.ask("GetStages", action=ACTION, restApiId=api_id)
        return tuple(map(_stage, answer.get("item") or ()))

    @cached_property
    def domains(self) -> frozenset[str]:
        """The custom domains of the region, whichever kind of API they lead to."""
        return frozenset(raw["domainName"].lower() for raw in self._paged("GetDomainNames"))

    def behind(self, api_id: str, stage: RestStage) -> Behind:
        """What the methods of an API lead to in a stage."""
        functions: dict[str, None] = {}
        others: dict[str, None] = {}
        for resource in self._paged("GetResources", restApiId=api_id, embed=["methods"]):
            for method in (resource.get("resourceMethods") or {}).values():
                integration = method.get("methodIntegration") or {}
                uri = VARIABLE.sub(lambda found: stage.variables.get(found[1], found[0]), integration.get("uri") or "")
                if function := FUNCTION_URI.search(uri):
                    functions[function["arn"]] = None
                elif integration.get("type") not in {None, "MOCK"}:
                    others[target(uri, integration["type"])] = None
        return Behind(tuple(functions), tuple(others))

    def _paged(self, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        for page in self._gateway.pages(
            operation, after="position", following="position", action=ACTION, limit=PAGE, **parameters
        ):
            yield from page.get("items") or ()


def shared_pacer(access: Access) -> Pacer:
    """One ration for both versions of API Gateway."""
    return pacer("apigateway", access, 1 / CALLS_A_SECOND)


def target(uri: str, kind: str) -> str:
    """The host a request is passed to, else the kind of integration; the rest of an address may hold secrets."""
    host = re.match(r"https?://(?:[^/@]*@)?([^/:?#]+)", uri)
    return host[1] if host else kind


def _api(raw: dict[str, Any]) -> RestApi:
    kinds = raw.get("endpointConfiguration", {}).get("types") or [""]
    return RestApi(raw["id"], raw.get("name", ""), kinds[0])


def _stage(raw: dict[str, Any]) -> RestStage:
    settings = raw.get("methodSettings", {}).get(EVERY_METHOD, {})
    return RestStage(
        name=raw["stageName"],
        cache_size=raw.get("cacheClusterSize") if raw.get("cacheClusterEnabled") else None,
        has_method_metrics=settings.get("metricsEnabled", False),
        is_traced=raw.get("tracingEnabled", False),
        web_acl=raw.get("webAclArn") or "",
        variables=raw.get("variables") or {},
    )
