"""From an HTTP request to a call: who signs, which service and operation, with which parameters."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, parse_qsl, unquote

from botocore.model import OperationModel, ServiceModel, Shape

from edgeops.localaws.wire import ec2body, jsonbody, models, querybody, scalars, xmlbody
from edgeops.localaws.wire.messages import AwsError, HttpRequest, Params

CREDENTIAL = re.compile(
    r"^AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/,\s]+)"
    r"/(?P<service>[^/,\s]+)/aws4_request\s*,\s*SignedHeaders=[^,\s]+\s*,\s*Signature=[0-9a-fA-F]+$"
)

XML_PATHS = ("/2020-05-31/", "/2013-04-01/")
"""CloudFront's and Route 53's."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the Authorization header says, and the token beside it; the signature itself is not verified."""

    access_key: str
    region: str
    service: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One parsed request: the operation's model, the protocol it spoke, its parameters."""

    scope: Scope
    protocol: str
    operation: OperationModel
    params: Params


def scope(request: HttpRequest) -> Scope:
    """Read the SigV4 scope.

    Raises MissingAuthenticationToken (403), IncompleteSignature (400), or UnknownService (400) for a service that is
    not simulated.
    """
    header = request.headers.get("authorization", "")
    if not header:
        raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", status=403)
    found = CREDENTIAL.match(header.strip())
    if found is None:
        raise AwsError(
            "IncompleteSignature",
            "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters "
            "in the form of AWS4-HMAC-SHA256.",
        )
    service = models.service(found["service"], request.path)
    if service is None:
        raise AwsError("UnknownService", f"Local AWS does not simulate the service {found['service']!r}.")
    return Scope(found["key"], found["region"], service, request.headers.get("x-amz-security-token", ""))


def protocol(request: HttpRequest, model: ServiceModel) -> str:
    """The protocol this request speaks: JSON by its target header, query by its form, else the model's own."""
    if "x-amz-target" in request.headers:
        return "json"
    if "query" in (model.metadata["protocol"], *model.metadata.get("protocols", ())):
        return "query"
    return str(model.metadata["protocol"])


def likely_protocol(request: HttpRequest) -> str:
    """The protocol to answer an error in while the service is still unknown."""
    if "x-amz-target" in request.headers:
        return "json"
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return "query"
    return "rest-xml" if request.path.startswith(XML_PATHS) else "rest-json"


@dataclass(frozen=True, slots=True)
class Parts:
    """A request taken apart: the operation's name, and where its parameters stand."""

    name: str
    body: bytes
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    labels: Mapping[str, str]


def parse(request: HttpRequest, scope: Scope) -> Call:
    """Find the operation and read its parameters; a body that cannot be read is a SerializationException."""
    model = models.service_model(scope.service)
    spoken = protocol(request, model)
    parts = _take_apart(request, spoken, scope.service)
    if parts.name not in model.operation_names:
        raise unknown_operation(scope.service, parts.name)
    operation = model.operation_model(parts.name)
    try:
        params = _params(operation.input_shape, spoken, parts)
    except (ValueError, KeyError, TypeError) as error:
        raise AwsError("SerializationException", f"{parts.name}: the request cannot be read: {error}") from error
    return Call(scope, spoken, operation, params)


def unknown_operation(service: str, name: str) -> AwsError:
    """The error for an operation that is not one of the service's, or is not simulated."""
    return AwsError("UnknownOperationException", f"Local AWS does not answer {service}:{name or '(none)'}.")


def _take_apart(request: HttpRequest, spoken: str, service: str) -> Parts:
    body = _body(request)
    query = parse_qs(request.query, keep_blank_values=True)
    labels: dict[str, str] = {}
    if spoken == "json":
        name = request.headers["x-amz-target"].rpartition(".")[2]
    elif spoken in ("query", "ec2"):
        body = body or request.query.encode()
        name = querybody.form(body).get("Action", "")
    else:
        name, labels = _match(request, service)
    return Parts(name, body, query, request.headers, labels)


def _body(request: HttpRequest) -> bytes:
    if request.headers.get("content-encoding", "") != "gzip":
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError) as error:
        raise AwsError("SerializationException", f"the body is not gzip: {error}") from error


def _match(request: HttpRequest, service: str) -> tuple[str, dict[str, str]]:
    """The REST operation of a method and path, and the labels in that path."""
    given = set(parse_qsl(request.query, keep_blank_values=True))
    for route in models.routes(service):
        found = route.pattern.fullmatch(request.path)
        if found and route.method == request.method and route.constants <= given:
            return route.operation, dict(zip(route.labels, map(unquote, found.groups()), strict=True))
    raise AwsError(
        "UnknownOperationException",
        f"Local AWS knows no operation of {service} at {request.method} {request.path}.",
        status=404,
    )


def _params(shape: Shape | None, spoken: str, parts: Parts) -> Params:
    if shape is None:
        return {}
    if spoken == "json":
        return _fields(jsonbody.read(shape, json.loads(parts.body or b"{}")))
    if spoken == "query":
        return _fields(querybody.read_document(shape, querybody.form(parts.body)))
    if spoken == "ec2":
        return _fields(ec2body.read_document(shape, querybody.form(parts.body)))
    return _rest_params(shape, spoken, parts)


def _rest_params(shape: Shape, spoken: str, parts: Parts) -> Params:
    payload = shape.serialization.get("payload")
    params: Params = {}
    if payload is None and parts.body:
        params |= _fields(_rest_body(shape, spoken, parts.body))
    for name, member in shape.members.items():
        key = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                params[name] = scalars.from_wire(member, parts.labels[key])
            case "querystring" if key in parts.query:
                params[name] = _query_value(member, parts.query[key])
            case "header" if key.lower() in parts.headers:
                params[name] = scalars.from_wire(member, parts.headers[key.lower()])
            case None if name == payload and parts.body:
                params[name] = _rest_body(member, spoken, parts.body)
    return params


def _rest_body(shape: Shape, spoken: str, body: bytes) -> object:
    if shape.type_name == "blob":
        return body
    if spoken == "rest-json":
        return jsonbody.read(shape, json.loads(body))
    return xmlbody.read_document(shape, body)


def _query_value(shape: Shape, values: list[str]) -> object:
    if shape.type_name == "list":
        return [scalars.from_wire(shape.member, value) for value in values]
    return scalars.from_wire(shape, values[0])


def _fields(value: object) -> Params:
    if not isinstance(value, dict):
        raise TypeError("the body must be a structure")
    return value
