import gzip

import pytest

from edgeops.localaws.wire import requests
from edgeops.localaws.wire.messages import AwsError, HttpRequest

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/us-east-1/monitoring/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "0a" * 32
)


def post(headers, body=b"", target="/"):
    return HttpRequest.from_target("POST", target, headers, body)


def test_the_scope_tells_key_region_and_service():
    scope = requests.scope(post({"Authorization": SIGNED}))

    assert scope == requests.Scope("AKIDEXAMPLE", "us-east-1", "cloudwatch")


def test_a_request_without_authorization_is_refused_as_aws_does():
    with pytest.raises(AwsError) as refused:
        requests.scope(post({}))

    assert (refused.value.code, refused.value.status) == ("MissingAuthenticationToken", 403)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer token",
        "AWS4-HMAC-SHA256 Credential=AKID/20261122/us-east-1/monitoring/aws4_request",
        SIGNED.replace("aws4_request", "aws3_request"),
        SIGNED.replace("20261122", "today"),
        SIGNED.replace("Signature=", "Signature="[:-1]),
    ],
)
def test_a_malformed_authorization_is_an_incomplete_signature(header):
    with pytest.raises(AwsError) as refused:
        requests.scope(post({"Authorization": header}))

    assert (refused.value.code, refused.value.status) == ("IncompleteSignature", 400)


def test_a_service_that_is_not_simulated_is_named():
    with pytest.raises(AwsError, match="'dynamodb'"):
        requests.scope(post({"Authorization": SIGNED.replace("monitoring", "dynamodb")}))


def test_a_gzip_body_is_read():
    call = requests.parse(
        post(
            {"X-Amz-Target": "GraniteServiceVersion20100801.GetMetricData", "Content-Encoding": "gzip"},
            gzip.compress(b'{"MaxDatapoints": 5}'),
        ),
        requests.Scope("key", "eu-west-1", "cloudwatch"),
    )

    assert call.params == {"MaxDatapoints": 5}


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"not gzip", "gzip"),
        (b"{", ""),
        (b"[]", ""),
        (b'{"MetricDataQueries": {}}', ""),
        (b'{"StartTime": "soon"}', ""),
    ],
)
def test_a_body_that_cannot_be_read_is_a_serialization_error(body, encoding):
    headers = {"X-Amz-Target": "GraniteServiceVersion20100801.GetMetricData", "Content-Encoding": encoding}

    with pytest.raises(AwsError) as refused:
        requests.parse(post(headers, body), requests.Scope("key", "eu-west-1", "cloudwatch"))

    assert refused.value.code == "SerializationException"


@pytest.mark.parametrize("target", ["GraniteServiceVersion20100801.GetEverything", ""])
def test_an_operation_no_model_has_is_named_in_the_error(target):
    with pytest.raises(AwsError) as refused:
        requests.parse(post({"X-Amz-Target": target}, b"{}"), requests.Scope("key", "eu-west-1", "cloudwatch"))

    assert refused.value.code == "UnknownOperationException"


def test_a_path_no_rest_operation_has_is_not_found():
    with pytest.raises(AwsError) as refused:
        requests.parse(post({}, target="/2020-05-31/nothing"), requests.Scope("key", "us-east-1", "cloudfront"))

    assert (refused.value.code, refused.value.status) == ("UnknownOperationException", 404)


@pytest.mark.parametrize(
    ("signing_name", "path", "service"),
    [
        ("apigateway", "/restapis", "apigateway"),
        ("apigateway", "/v2/apis", "apigatewayv2"),
        ("elasticloadbalancing", "/", "elbv2"),
        ("tagging", "/", "resourcegroupstaggingapi"),
    ],
)
def test_the_signing_name_and_the_path_tell_the_service(signing_name, path, service):
    header = SIGNED.replace("monitoring", signing_name)

    assert requests.scope(post({"Authorization": header}, target=path)).service == service


def test_the_token_of_temporary_credentials_is_part_of_the_scope():
    assert requests.scope(post({"Authorization": SIGNED, "X-Amz-Security-Token": "t"})).token == "t"


def test_a_list_of_ec2_is_flat_and_its_names_are_capitalised():
    body = b"Action=DescribeSecurityGroups&GroupId.1=sg-1&GroupId.2=sg-2&MaxResults=5&Filter.1.Name=vpc-id"

    call = requests.parse(post({}, body), requests.Scope("key", "eu-west-1", "ec2"))

    assert call.params == {"GroupIds": ["sg-1", "sg-2"], "MaxResults": 5, "Filters": [{"Name": "vpc-id"}]}


def test_a_structure_of_ec2_where_a_value_stands_is_a_serialization_error():
    body = b"Action=DescribeSecurityGroups&Filter=a"

    with pytest.raises(AwsError) as refused:
        requests.parse(post({}, body), requests.Scope("key", "eu-west-1", "ec2"))

    assert refused.value.code == "SerializationException"
