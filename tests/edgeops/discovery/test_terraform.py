import json

import pytest

from edgeops.discovery import terraform
from edgeops.discovery.terraform import Domain, Means, TerraformError

EDGE = "d1products00demo.cloudfront.net"
GATEWAY = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
BALANCER = "catalog-alb-1234567890.eu-west-1.elb.amazonaws.com"
SECRET = "hunter2-never-to-be-seen"


def outputs(**values):
    return json.dumps({name: {"sensitive": False, "type": "string", "value": value} for name, value in values.items()})


def found(text):
    return {(one.output, one.host, one.means.value) for one in terraform.read(text).domains}


def test_the_outputs_of_terraform_name_the_domains_of_an_api():
    text = outputs(
        cloudfront_domain_name=EDGE,
        api_gateway_invoke_url=f"https://{GATEWAY}/prod",
        bucket="products-logs",
        instances=3,
    )
    assert found(text) == {
        ("cloudfront_domain_name", EDGE, "distribution"),
        ("api_gateway_invoke_url", GATEWAY, "gateway"),
    }


@pytest.mark.parametrize(
    ("value", "host", "means"),
    [
        (EDGE, EDGE, "distribution"),
        (f"https://{EDGE.upper()}/", EDGE, "distribution"),
        ([EDGE], EDGE, "distribution"),
        ({"eu": {"alb": {"dns_name": BALANCER}}}, BALANCER, "balancer"),
        ([{"dns": [f"http://{BALANCER}:8080/health"]}], BALANCER, "balancer"),
        (f"  {GATEWAY}. ", GATEWAY, "gateway"),
    ],
)
def test_any_output_that_holds_such_a_domain_counts_however_deep(value, host, means):
    assert found(outputs(anything=value)) == {("anything", host, means)}


def test_a_custom_domain_is_known_by_the_name_of_its_output():
    text = outputs(cloudfront_domain_name="www.example.test", api_gateway_invoke_url="https://api.example.test/v1")
    assert found(text) == {
        ("cloudfront_domain_name", "www.example.test", "distribution"),
        ("api_gateway_invoke_url", "api.example.test", "gateway"),
    }
    assert "www.example.test" not in {host for _, host, _ in found(outputs(site="www.example.test", edge=EDGE))}


def test_names_to_values_alone_are_read_too():
    assert found(json.dumps({"cloudfront_domain_name": EDGE, "count": 2, "none": None})) == {
        ("cloudfront_domain_name", EDGE, "distribution")
    }


def test_a_sensitive_output_is_named_and_never_looked_into():
    text = json.dumps(
        {
            "edge": {"sensitive": False, "value": EDGE},
            "secret_edge": {"sensitive": True, "value": {"host": "d9secret.cloudfront.net", "password": SECRET}},
        }
    )
    read = terraform.read(text)
    assert read.domains == (Domain("edge", EDGE, Means.DISTRIBUTION),)
    assert read.withheld == ("secret_edge",)
    assert "d9secret" not in repr(read)


def test_nothing_but_hosts_is_kept():
    text = outputs(edge=f"https://user:{SECRET}@{EDGE}/x?token={SECRET}#{SECRET}", password=SECRET)
    assert SECRET not in repr(terraform.read(text))


def test_a_name_that_no_page_can_show_is_shown_without_what_cannot_be():
    assert found('{"ed\\ud800ge\\n": "' + EDGE + '"}') == {("edge", EDGE, "distribution")}


REFUSED = [
    ("", "This is empty"),
    (" \n", "This is empty"),
    ("Outputs:\n\nedge = 1", "not JSON: it goes wrong at line 1"),
    ('{"edge": "x"', "not JSON"),
    (f'"{SECRET}"', "no outputs by name"),
    (json.dumps([{"value": EDGE}]), "no outputs by name"),
    ("null", "no outputs by name"),
    ('{"a": NaN}', "a number that JSON does not have"),
    ('{"a": -Infinity}', "a number that JSON does not have"),
    ('{"a": 1e999}', "a number that JSON does not have"),
    ('{"a": ' + "9" * 5000 + "}", "a number that JSON does not have"),
    ("{}", "No output is a domain"),
    (outputs(name="products"), "No output is a domain"),
    (json.dumps({"edge": {"sensitive": True, "value": EDGE}}), "1 sensitive outputs were not looked into"),
    ("[" * 100_000, "nested too deeply"),
    ('{"a":' * 50_000, "nested too deeply"),
    ('{"a": ' + "[" * 50 + "]" * 50 + "}", "a is nested too deeply"),
    (json.dumps({"a": [0] * 30_000}), "more than 20,000 values"),
    (json.dumps({"a": "x" * 2 * 1024 * 1024}), "more than 1024 KB"),
    (json.dumps({"a": [f"d{n}.cloudfront.net" for n in range(500)]}), "more than 200 domains"),
    ('{"a": "\ud800"}', "No output is a domain"),
    (json.dumps({"a": "http://[half"}), "No output is a domain"),
    (json.dumps({"a": f"{'a.' * 900_000}"}), "more than 1024 KB"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[f"{n}-{words[:24]}" for n, (_, words) in enumerate(REFUSED)])
def test_what_is_no_outputs_is_refused_in_words_that_repeat_nothing_of_it(text, words):
    with pytest.raises(TerraformError) as refused:
        terraform.read(text)
    assert words in str(refused.value)
    assert SECRET not in str(refused.value)
    assert len(str(refused.value)) < 300


def listing(*entries):
    return [
        {"id": aws_id, "domain": domain, "aliases": aliases, "origins": origins}
        for aws_id, domain, aliases, origins in entries
    ]


def test_domains_are_matched_with_the_distributions_that_answer_at_them_or_fetch_from_them():
    distributions = listing(
        ("E1", EDGE, ["Products.example.test"], [GATEWAY]),
        ("E2", "d2.cloudfront.net", [], [GATEWAY, BALANCER]),
    )
    text = outputs(
        cloudfront_domain_name=["products.example.test", "d9.cloudfront.net"], api=f"https://{GATEWAY}", alb=BALANCER
    )
    matches = {one.domain.host: one.distribution_ids for one in terraform.match(terraform.read(text), distributions)}
    assert matches == {
        "products.example.test": ("E1",),
        "d9.cloudfront.net": (),
        GATEWAY: ("E1", "E2"),
        BALANCER: ("E2",),
    }


def test_a_listing_from_before_origins_were_listed_still_finds_domains():
    entry = {"id": "E1", "domain": EDGE, "aliases": []}
    found = terraform.match(terraform.read(outputs(edge=EDGE, alb=BALANCER)), [entry])
    assert [one.distribution_ids for one in found] == [("E1",), ()]
