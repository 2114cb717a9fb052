"""From a result or an error to an HTTP response, in the protocol the request spoke."""

import json
from xml.etree.ElementTree import Element, SubElement, tostring

from botocore.model import OperationModel, ServiceModel, Shape

from edgeops.localaws.wire import jsonbody, models, scalars, xmlbody
from edgeops.localaws.wire.messages import AwsError, HttpResponse, Params
from edgeops.localaws.wire.requests import Call

XML_TYPE = "text/xml"


def result(call: Call, value: Params, *, request_id: str) -> HttpResponse:
    """Serialise what an operation returned."""
    shape = call.operation.output_shape
    if call.protocol == "json":
        version = call.operation.metadata.get("jsonVersion", "1.1")
        body = json.dumps(jsonbody.write(shape, value) if shape else {}).encode()
        return HttpResponse(200, body, {"Content-Type": f"application/x-amz-json-{version}"})
    if call.protocol == "query":
        body = _query_document(call.operation, value, request_id)
        return HttpResponse(200, body, {"Content-Type": XML_TYPE})
    if call.protocol == "ec2":
        body = _ec2_document(call.operation, value, request_id)
        return HttpResponse(200, body, {"Content-Type": XML_TYPE})
    return _rest(call, value)


def error(problem: AwsError, *, protocol: str, service: str | None, request_id: str) -> HttpResponse:
    """Serialise an error in the form of the protocol, so that boto3's ClientError carries its code."""
    if protocol in ("json", "rest-json"):
        return _json_error(problem, protocol, service)
    if protocol == "ec2":
        return _ec2_error(problem, request_id)
    root = Element("ErrorResponse")
    if service is not None:
        root.set("xmlns", _namespace(models.service_model(service)))
    node = SubElement(root, "Error")
    SubElement(node, "Type").text = _fault(problem)
    SubElement(node, "Code").text = problem.code
    SubElement(node, "Message").text = problem.message
    SubElement(root, "RequestId").text = request_id
    return HttpResponse(problem.status, tostring(root, encoding="utf-8"), {"Content-Type": XML_TYPE})


def _json_error(problem: AwsError, protocol: str, service: str | None) -> HttpResponse:
    name = problem.code
    headers = {"Content-Type": "application/json", "x-amzn-errortype": problem.code}
    model = models.service_model(service) if service else None
    if model is not None and protocol == "json":
        modelled = model.shape_for_error_code(problem.code)
        name = modelled.name if modelled is not None else problem.code
        headers["Content-Type"] = f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.1')}"
        if model.is_query_compatible:
            headers["x-amzn-query-error"] = f"{problem.code};{_fault(problem)}"
    # Services differ in the case of this key, and their modelled exceptions read only their own.
    body = {"__type": name, "message": problem.message, "Message": problem.message}
    return HttpResponse(problem.status, json.dumps(body).encode(), headers)


def _ec2_error(problem: AwsError, request_id: str) -> HttpResponse:
    root = Element("Response")
    node = SubElement(SubElement(root, "Errors"), "Error")
    SubElement(node, "Code").text = problem.code
    SubElement(node, "Message").text = problem.message
    SubElement(root, "RequestID").text = request_id
    return HttpResponse(problem.status, tostring(root, encoding="utf-8"), {"Content-Type": XML_TYPE})


def _fault(problem: AwsError) -> str:
    return "Sender" if problem.status < 500 else "Receiver"


def _query_document(operation: OperationModel, value: Params, request_id: str) -> bytes:
    root = Element(f"{operation.name}Response", xmlns=_namespace(operation.service_model))
    shape = operation.output_shape
    if shape is not None:
        xmlbody.write(root, shape, value, shape.serialization.get("resultWrapper", f"{operation.name}Result"))
    metadata = SubElement(root, "ResponseMetadata")
    SubElement(metadata, "RequestId").text = request_id
    return bytes(tostring(root, encoding="utf-8"))


def _ec2_document(operation: OperationModel, value: Params, request_id: str) -> bytes:
    """EC2 answers without a wrapper: the members stand beside the request's id."""
    name = f"{operation.name}Response"
    holder = Element("holder")
    if operation.output_shape is not None:
        xmlbody.write(holder, operation.output_shape, value, name)
    root = holder[0] if len(holder) else Element(name)
    root.set("xmlns", _namespace(operation.service_model))
    SubElement(root, "requestId").text = request_id
    return bytes(tostring(root, encoding="utf-8"))


def _rest(call: Call, value: Params) -> HttpResponse:
    shape = call.operation.output_shape
    status = int(call.operation.http.get("responseCode", 200))
    if shape is None:
        return HttpResponse(status)
    headers = {}
    rest = dict(value)
    for name, member in shape.members.items():
        if member.serialization.get("location") == "header" and name in rest:
            key = member.serialization.get("name", name)
            headers[key] = scalars.to_text(member, rest.pop(name), timestamp_format="rfc822")
    headers.setdefault("Content-Type", "application/json" if call.protocol == "rest-json" else XML_TYPE)
    payload = shape.serialization.get("payload")
    if payload is None:
        return HttpResponse(status, _rest_body(call, shape, rest, name=shape.name), headers)
    if payload not in rest:
        return HttpResponse(status, b"", headers)
    member = shape.members[payload]
    name = member.serialization.get("name", member.name)
    return HttpResponse(status, _rest_body(call, member, rest[payload], name=name), headers)


def _rest_body(call: Call, shape: Shape, value: object, *, name: str) -> bytes:
    if shape.type_name == "blob":
        return value if isinstance(value, bytes) else str(value).encode()
    if call.protocol == "rest-json":
        return json.dumps(jsonbody.write(shape, value)).encode()
    return xmlbody.write_document(shape, value, name=name, namespace=_namespace(call.operation.service_model))


def _namespace(model: ServiceModel) -> str:
    if model.metadata.get("xmlNamespace"):
        return str(model.metadata["xmlNamespace"])
    host = f"{model.metadata['endpointPrefix']}.amazonaws.com"
    return f"http://{host}/doc/{model.api_version}/"
