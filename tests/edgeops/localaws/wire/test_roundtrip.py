"""Every operation of every service named: botocore writes, we read; we write, botocore reads."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.model import OperationModel, Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from edgeops.localaws.wire import models, requests, responses
from edgeops.localaws.wire.messages import HttpRequest

SPOKEN = {
    "apigateway": ("rest-json",),
    "apigatewayv2": ("rest-json",),
    "cloudfront": ("rest-xml",),
    "cloudwatch": ("json", "query"),
    "ec2": ("ec2",),
    "elbv2": ("query",),
    "lambda": ("rest-json",),
    "resourcegroupstaggingapi": ("json",),
    "route53": ("rest-xml",),
    "sts": ("query",),
    "wafv2": ("json",),
    "xray": ("rest-json",),
}
# These alone use a free map of query parameters, a status code as a result, or an event stream.
BEYOND = ("GetExport", "GetSdk", "ImportRestApi", "PutRestApi", "Invoke", "InvokeWithResponseStream")
MOMENT = datetime(2026, 11, 22, 18, 30, 15, tzinfo=UTC)


def every_operation() -> Iterator[Any]:
    for service, protocols in SPOKEN.items():
        for protocol in protocols:
            for name in sorted(set(models.service_model(service).operation_names) - set(BEYOND)):
                yield pytest.param(service, protocol, name, id=f"{service}-{protocol}-{name}")


@pytest.mark.parametrize(("service", "protocol", "name"), list(every_operation()))
def test_a_request_botocore_writes_is_read_back_whole(service: str, protocol: str, name: str) -> None:
    operation = models.service_model(service).operation_model(name)
    params = sample(operation.input_shape) if operation.input_shape else {}
    request = written_by_botocore(operation, protocol, params)

    call = requests.parse(request, requests.Scope("key", "eu-west-1", service))

    assert call.operation.name == name
    assert call.protocol == protocol
    assert call.params == params


@pytest.mark.parametrize(("service", "protocol", "name"), list(every_operation()))
def test_a_result_we_write_is_read_back_whole_by_botocore(service: str, protocol: str, name: str) -> None:
    operation = models.service_model(service).operation_model(name)
    result = sample(operation.output_shape) if operation.output_shape else {}
    scope = requests.Scope("key", "eu-west-1", service)

    response = responses.result(requests.Call(scope, protocol, operation, {}), result, request_id="r-1")

    assert read_by_botocore(operation, protocol, response) == result


def test_the_services_round_tripped_are_the_services_simulated() -> None:
    assert set(SPOKEN) == set(models.SERVICES)


def sample(shape: Shape, seen: tuple[str, ...] = ()) -> Any:
    """A value with every member of a shape set; a shape inside itself is left empty the second time."""
    kind = shape.type_name
    if kind == "structure":
        if shape.name in seen:
            return {}
        inner = (*seen, shape.name)
        members = list(shape.members.items())
        if shape.is_tagged_union:
            members = members[:1]
        return {name: sample(member, inner) for name, member in members}
    if kind == "list":
        return [sample(shape.member, seen)] * (1 if shape.name in seen else 2)
    if kind == "map":
        return {f"key {n}": sample(shape.value, seen) for n in (1, 2)}
    scalars = {
        "string": "a <b> & 'ç', d/e",
        "integer": -3,
        "long": 2**40,
        "float": 0.5,
        "double": -1.25,
        "boolean": True,
        "timestamp": MOMENT,
        "blob": b"blob of bytes",
        "character": "x",
    }
    return scalars[kind]


def written_by_botocore(operation: OperationModel, protocol: str, params: dict[str, Any]) -> HttpRequest:
    serializer = create_serializer(protocol, include_validation=False)
    request = serializer.serialize_to_request(params, operation)
    prepare_request_dict(request, "http://127.0.0.1:4566")
    target = request["url"].removeprefix("http://127.0.0.1:4566")
    body = request["body"]
    raw = urlencode(body).encode() if isinstance(body, dict) else body
    return HttpRequest.from_target(request["method"], target, request["headers"], raw)


def read_by_botocore(operation: OperationModel, protocol: str, response: Any) -> Any:
    body = io.BytesIO(response.body) if operation.has_streaming_output else response.body
    raw = {"status_code": response.status, "headers": dict(response.headers), "body": body}
    parsed = create_parser(protocol).parse(raw, operation.output_shape)
    parsed.pop("ResponseMetadata", None)
    if operation.has_streaming_output:
        name = operation.get_streaming_output().name
        parsed = {key: value.read() if hasattr(value, "read") else value for key, value in parsed.items()}
        assert name
    return parsed
