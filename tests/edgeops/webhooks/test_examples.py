import json

from edgeops.webhooks import examples, snippets


def test_the_example_is_an_event_the_endpoints_rule_waits_for(endpoint, now):
    event = examples.event(endpoint.rules.existing().get(), now=now)
    assert event == {"type": "product.updated", "timestamp": "2026-11-22T12:00:00Z", "data": {"id": "1"}}
    lines = examples.curl(endpoint, "https://x/hooks/v1/k", endpoint.rules.existing().get(), now=now)
    assert lines == snippets.curl(
        "standard", endpoint.config, "https://x/hooks/v1/k", json.dumps(event, separators=(",", ":"))
    )


def test_without_a_rule_there_is_still_an_example(endpoint, now):
    assert '"type":"example"' in examples.curl(endpoint, "https://x/hooks/v1/k", None, now=now)
