import http.client
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.fixtures import localaws

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments):
    command = [sys.executable, "-m", "edgeops.localaws", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize("taken", ["--port", "--edge-port"])
def test_a_port_in_use_is_one_clear_line_and_exit_code_2(shared_local_aws, taken):
    url = shared_local_aws.url if taken == "--port" else shared_local_aws.edge_url
    port = url.rpartition(":")[2]
    ports = {"--port": str(localaws.free_port()), "--edge-port": str(localaws.free_port()), taken: port}

    ended = run("--world", str(localaws.WORLD), *(word for pair in ports.items() for word in pair))

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in ended.stderr


@pytest.mark.parametrize(
    ("world", "reason"),
    [
        (None, "cannot read the world"),
        ("apis: [", "is not YAML"),
        ("[]", "must be a mapping"),
        ("account: {id: '1', name: a}", "region"),
        ("account: {id: '1', name: a, region: r}\napis: [{slug: a}]", "apis[0]"),
        (
            (
                "account: {id: '1', name: a, region: r}\n"
                "incidents: [{scenario: lambda_errors, api: nobody, started_minutes_ago: 1}]"
            ),
            "no API 'nobody'",
        ),
    ],
)
def test_a_world_that_is_none_is_one_clear_line(tmp_path, world, reason):
    path = tmp_path / "world.yaml"
    if world is not None:
        path.write_text(world)

    ended = run("--world", str(path), "--port", "0", "--edge-port", "0")

    assert ended.returncode == 2
    assert reason in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_state_file_that_cannot_be_read_says_what_to_do(tmp_path):
    state = tmp_path / "state.json"
    state.write_text('{"anchor": ')

    ended = run("--world", str(localaws.WORLD), "--state", str(state), "--port", "0", "--edge-port", "0")

    assert ended.returncode == 2
    assert "delete it to begin anew" in ended.stderr
    assert state.read_text() == '{"anchor": '


def test_a_terminated_process_ends_cleanly_and_at_once(tmp_path):
    local = localaws.start(tmp_path / "state.json")
    connection = urllib.request.urlopen(f"{local.url}/_control/state")
    begun = time.monotonic()

    local.stop()

    connection.close()
    assert local.process.returncode == 0
    assert time.monotonic() - begun < 3


def test_an_unsigned_request_is_refused_in_the_protocol_it_speaks(shared_local_aws):
    request = urllib.request.Request(f"{shared_local_aws.url}/2020-05-31/distribution")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)

    assert refused.value.code == 403
    assert refused.value.headers["x-amzn-RequestId"]
    assert refused.value.headers["Date"]
    assert b"<Code>MissingAuthenticationToken</Code>" in refused.value.read()


def test_a_malformed_authorization_is_refused_as_json_where_json_is_spoken(shared_local_aws):
    request = urllib.request.Request(
        shared_local_aws.url,
        data=b"{}",
        headers={"Authorization": "Basic Zm9v", "X-Amz-Target": "GraniteServiceVersion20100801.GetMetricData"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)

    assert refused.value.code == 400
    assert b'"__type": "IncompleteSignature"' in refused.value.read()


@pytest.mark.parametrize("headers", [{"Content-Length": "many"}, {"Transfer-Encoding": "chunked"}])
def test_a_body_of_unknown_length_is_refused(shared_local_aws, headers):
    connection = http.client.HTTPConnection(shared_local_aws.url.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/_control/scenarios")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()

    answer = connection.getresponse()

    assert answer.status == 413
    assert answer.read().startswith(b"the body is too large")
    connection.close()


def test_a_big_account_is_asked_for_on_the_command_line(tmp_path):
    with localaws.running(tmp_path / "state.json", "--distributions", "120") as local:
        pages = local.client("cloudfront").get_paginator("list_distributions").paginate()
        found = [item["Id"] for page in pages for item in page["DistributionList"]["Items"]]

    assert len(found) == 7 + 120
    assert found[-1] == "EBULK000000120"


def test_a_number_of_distributions_that_cannot_be_is_one_clear_line():
    ended = run("--world", str(localaws.WORLD), "--distributions", "-1", "--port", "0", "--edge-port", "0")

    assert ended.returncode == 2
    assert "bulk must be a number of distributions" in ended.stderr
