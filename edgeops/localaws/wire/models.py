"""botocore's service models: which service a request means, which operation, and where its parts stand."""

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

SERVICE_BY_SIGNING_NAME = {
    "apigateway": "apigateway",
    "cloudfront": "cloudfront",
    "ec2": "ec2",
    "elasticloadbalancing": "elbv2",
    "lambda": "lambda",
    "monitoring": "cloudwatch",
    "route53": "route53",
    "sts": "sts",
    "tagging": "resourcegroupstaggingapi",
    "wafv2": "wafv2",
    "xray": "xray",
}
"""The service name of a SigV4 scope → botocore's name of the service."""
VERSION_2 = ("/v2/", "apigateway", "apigatewayv2")
"""API Gateway's HTTP APIs sign as its REST APIs do; only the path tells them apart."""
SERVICES = (*SERVICE_BY_SIGNING_NAME.values(), VERSION_2[2])


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of a REST service: method, path pattern and the constant query it demands."""

    method: str
    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    constants: frozenset[tuple[str, str]]
    operation: str
    literal_length: int


def service(signing_name: str, path: str) -> str | None:
    """The service a request means, by the name botocore gives it; None when it is not simulated."""
    prefix, first, second = VERSION_2
    if signing_name == first and path.startswith(prefix):
        return second
    return SERVICE_BY_SIGNING_NAME.get(signing_name)


@cache
def service_model(name: str) -> ServiceModel:
    """The newest model botocore ships for a service; read from disk once."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@cache
def routes(name: str) -> tuple[Route, ...]:
    """The REST routes of a service, most specific first."""
    model = service_model(name)
    found = [_route(model.operation_model(operation)) for operation in model.operation_names]
    return tuple(sorted(found, key=lambda route: (-len(route.constants), -route.literal_length)))


def _route(operation: OperationModel) -> Route:
    path, _, query = operation.http["requestUri"].partition("?")
    labels: list[str] = []
    pattern = ""
    literal_length = 0
    for piece in re.split(r"({[^}]+})", path):
        if piece.startswith("{"):
            greedy = piece.endswith("+}")
            labels.append(piece.strip("{+}"))
            pattern += "(.+)" if greedy else "([^/]+)"
        else:
            pattern += re.escape(piece)
            literal_length += len(piece)
    return Route(
        method=operation.http["method"],
        pattern=re.compile(pattern),
        labels=tuple(labels),
        constants=frozenset(parse_qsl(query, keep_blank_values=True)),
        operation=operation.name,
        literal_length=literal_length,
    )
