import subprocess
from datetime import UTC, datetime

from edgeops.webhooks import examples
from edgeops.webhooks.schemes import standard
from edgeops.webhooks.schemes.seam import LiveSecret, Post
from tests.fixtures.webhooks import SECRET

CURL = """
curl() { while [ $# -gt 0 ]; do case "$1" in -H|--data-raw) printf '%s\\n' "$2"; shift;; esac; shift; done; }
"""


def test_the_example_is_signed_as_the_endpoint_asks(endpoint, now):
    script = examples.curl("https://edge.example.test/hooks/v1/key", endpoint.rules.get(), now=now)
    run = subprocess.run(
        ["sh", "-c", CURL + script.replace("whsec_…", SECRET)], capture_output=True, text=True, check=True
    )
    *headers, body = run.stdout.splitlines()
    sent = dict(line.split(": ", 1) for line in headers)

    assert body == '{"type":"product.updated","timestamp":"2026-11-22T12:00:00Z","data":{"id":"1"}}'
    live, now = [LiveSecret("only", SECRET)], datetime.now(UTC)
    proof = standard.verify(Post(sent, body.encode()), {}, live, now=now, tolerance_seconds=300)
    assert proof.label == "only"


def test_without_a_rule_there_is_still_an_example(now):
    assert '"type":"example"' in examples.curl("https://x/hooks/v1/k", None, now=now)
