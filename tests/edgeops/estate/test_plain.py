import json
from decimal import Decimal

import pytest
from hypothesis import given

from edgeops.estate import plain
from edgeops.estate.plain import DocumentError
from tests.edgeops.estate.documents import ESTATE, PRODUCTS, estates


def changed(path, value):
    """The plain estate with one value replaced; a path is like apis.0.slug."""
    raw = plain.estate_to_plain(ESTATE)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    at = raw
    for step in way:
        at = at[step]
    at[last] = value
    return raw


@given(doc=estates())
def test_a_document_comes_back_whole_from_its_plain_values_and_from_json(doc):
    raw = plain.estate_to_plain(doc)

    assert plain.estate_from_plain(raw) == doc
    assert plain.estate_from_plain(json.loads(json.dumps(raw))) == doc


def test_what_stands_at_its_default_is_left_out():
    raw = plain.estate_to_plain(ESTATE)

    assert raw["accounts"] == [{"name": "shop", "aws_account_id": "123456789012", "region": "eu-west-1"}]
    assert "description" not in raw["apis"][0]


@pytest.mark.parametrize(("raw", "budget"), [(3, "3"), ("3.00", "3"), (2.5, "2.5"), ("1e2", "100"), (None, None)])
def test_a_budget_may_be_written_as_people_write_money(raw, budget):
    doc = plain.estate_from_plain(changed("accounts.0.monthly_budget", raw))

    assert doc.accounts[0].monthly_budget == (budget and Decimal(budget))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("apis.0.nmae", "x", "apis[0]: “nmae” is not known here; allowed are slug, name"),
        ("apis.0.hops.1.kind", "ec2", "apis[0].hops[1].kind: “ec2” is not known; allowed are cloudfront, rest_api"),
        ("apis.0.hops.1.kind", ["alb"], "apis[0].hops[1].kind: must be text, not a list."),
        ("apis.0.hops.1.position", "1", "apis[0].hops[1].position: must be a whole number, not text."),
        ("apis.0.hops.1.position", True, "must be a whole number, not true or false."),
        ("apis.0.hops.1.position", -1, "must be from 0 to 100."),
        (
            "apis.0.hops.1.region",
            "eu-west-9",
            "apis[0].hops[1].region: “eu-west-9” is no AWS region",
        ),
        ("apis.0.hops.1.region", "global", "is no AWS region that EdgeOps knows. Regions are named like eu-west-1."),
        ("apis.0.hops.1.dimensions", {"Stage": 1}, "apis[0].hops[1].dimensions.Stage: must be text, not a number."),
        ("apis.0.hops.1.dimensions", {"Stage": "prod"}, "hops[1].dimensions: ApiName is missing: CloudWatch has no"),
        ("apis.0.hops.1.dimensions", {1: "a"}, "must be text, not a number. Put it in quotes."),
        ("apis.0.hops.1.dimensions", {"A": "x" * 500}, "400 characters are allowed in all"),
        ("apis.0.hops.1.details", {"a": {1, 2}}, "may hold texts, numbers, true, false, null, lists and mappings"),
        ("apis.0.hops.1.details", {"a": float("nan")}, "apis[0].hops[1].details: may hold"),
        ("apis.0.hops.1.details", {"a": "\x00"}, "holds a character that cannot be stored"),
        ("apis.0.hops.1.details", {"a": "\ud800"}, "holds a character that cannot be stored"),
        ("apis.0.hops.1.details", {"a": "x" * 20_000}, "16,384 characters are allowed"),
        ("apis.0.hops.1.details", {1: "a"}, "the name “1” must be text"),
        ("apis.0.hops", {}, "apis[0].hops: must be a list, not a mapping."),
        ("apis.0.hops.1", "alb", "apis[0].hops[1]: must be a mapping of names to values, not text."),
        ("apis.0.slug", "two words", "apis[0].slug: “two words” is not allowed here: letters without accents"),
        ("apis.0.slug", "é", "apis[0].slug: “é” is not allowed here"),
        ("apis.0.slug", "", "apis[0].slug: must not be empty."),
        ("apis.0.name", " ", "apis[0].name: must not be empty."),
        ("apis.0.name", "x" * 101, "apis[0].name: has 101 characters; at most 100 are allowed."),
        ("apis.0.name", "a\nb", "holds a line break"),
        ("apis.0.name", None, "apis[0].name: must be text, not nothing."),
        ("apis.0.account", "other", "apis[0].account: no account is called other; known are: shop."),
        ("apis.0.distribution.aws_id", "e1", "a distribution's id is like E1ABCDEFGHIJ23"),
        ("apis.0.distribution.domain", "https://x", "a host name is wanted, as api.example.com"),
        ("apis.0.distribution.aliases", "a.example.com", "must be a list, not text."),
        ("apis.0.distribution.has_additional_metrics", "yes", "must be true or false, not text."),
        ("apis.0.distribution.viewer_base_url", "javascript:alert(1)", "starts with https:// or http://"),
        ("apis.0.distribution.viewer_base_url", "http://[", "starts with https:// or http://"),
        ("accounts.0.aws_account_id", 12345678901, 'Write it in quotes, as "012345678901".'),
        ("accounts.0.aws_account_id", "1234", "an AWS account id is 12 digits"),
        ("accounts.0.aws_account_id", "١٢٣٤٥٦٧٨٩٠١٢", "an AWS account id is 12 digits"),
        (
            "accounts.0.role_arn",
            "arn:aws:iam::999999999999:role/x",
            "is a role of another AWS account than 1234",
        ),
        ("accounts.0.role_arn", "EdgeOps", "a role is named arn:aws:iam::<account id>:role/<name>"),
        ("accounts.0.external_id", "mine", "accounts[0]: “external_id” is not known here"),
        ("accounts.0.monthly_budget", -1, "must be from 0 to 999999.99 dollars"),
        ("accounts.0.monthly_budget", "1.005", "with two decimals at most"),
        ("accounts.0.monthly_budget", "NaN", "must be from 0 to 999999.99 dollars"),
        ("accounts.0.monthly_budget", "1e-99999999", "with two decimals at most"),
        ("accounts.0.monthly_budget", "much", "“much” is not an amount in dollars, as 12.50."),
        ("accounts.0.monthly_budget", True, "must be an amount in dollars, not true or false."),
    ],
)
def test_what_cannot_be_is_refused_with_its_place_and_what_is_allowed(path, value, words):
    with pytest.raises(DocumentError) as refused:
        plain.estate_from_plain(changed(path, value))

    assert words in str(refused.value)


@pytest.mark.parametrize("raw", [None, [], "accounts:", 3])
def test_an_estate_is_a_mapping(raw):
    with pytest.raises(DocumentError, match="must be a mapping"):
        plain.estate_from_plain(raw)


def test_details_nested_too_deep_are_refused():
    nested = {}
    for _ in range(50):
        nested = {"a": nested}

    with pytest.raises(DocumentError, match="nested more than 10 deep"):
        plain.estate_from_plain(changed("apis.0.hops.0.details", nested))


def test_what_is_missing_is_named():
    raw = plain.api_to_plain(PRODUCTS)
    del raw["distribution"]["domain"]

    with pytest.raises(DocumentError, match=r"^api\.distribution: domain is missing\.$"):
        plain.api_from_plain(raw)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("accounts", "accounts[1].name: the account shop stands here for the second time; first in accounts[0].name."),
        ("apis", "apis[1].slug: the slug products stands here for the second time; first in apis[0].slug."),
    ],
)
def test_two_of_one_name_are_refused(what, words):
    raw = plain.estate_to_plain(ESTATE)
    raw[what] *= 2

    with pytest.raises(DocumentError) as refused:
        plain.estate_from_plain(raw)

    assert str(refused.value) == words


def test_two_apis_of_one_name_are_refused_as_nobody_could_tell_them_apart():
    raw = plain.estate_to_plain(ESTATE)
    raw["apis"].append({**raw["apis"][0], "slug": "twin"})

    with pytest.raises(DocumentError, match=r"^apis\[1\]\.name: the name Products API stands here for the second time"):
        plain.estate_from_plain(raw)


def test_one_role_for_two_accounts_is_refused():
    raw = changed("accounts.0.role_arn", "arn:aws:iam::123456789012:role/edgeops")
    raw["accounts"].append({**raw["accounts"][0], "name": "other"})

    with pytest.raises(DocumentError, match="role_arn: the role arn:aws:iam::123456789012:role/edgeops stands here"):
        plain.estate_from_plain(raw)


def test_one_resource_twice_on_a_path_is_refused_and_two_of_one_name_are_not():
    raw = plain.api_to_plain(PRODUCTS)
    raw["hops"].append({**raw["hops"][1], "aws_id": "another"})
    assert len(plain.api_from_plain(raw).hops) == 4

    raw["hops"].append(raw["hops"][1])
    with pytest.raises(DocumentError, match=r"api\.hops\[4\]: the hop API Gateway \(REST\) products-api \(a1b2"):
        plain.api_from_plain(raw)


def test_an_account_edgeops_has_need_not_stand_in_the_document():
    raw = plain.estate_to_plain(ESTATE)
    raw["accounts"] = []

    assert plain.estate_from_plain(raw, known_accounts=["shop"]).apis == ESTATE.apis
    with pytest.raises(DocumentError, match="no account is called shop; known are: none"):
        plain.estate_from_plain(raw)


def test_two_apis_that_share_a_distribution_say_the_same_of_it():
    raw = plain.estate_to_plain(ESTATE)
    twin = json.loads(json.dumps({**raw["apis"][0], "slug": "twin", "name": "Twin"}))
    raw["apis"].append(twin)
    assert len(plain.estate_from_plain(raw).apis) == 2

    twin["distribution"]["name"] = "something else"
    with pytest.raises(DocumentError, match=r"apis\[1\]\.distribution: says something else of E1PRODUCTSDEMO"):
        plain.estate_from_plain(raw)


def test_a_fingerprint_changes_with_the_document_and_with_nothing_else():
    again = plain.estate_from_plain(json.loads(json.dumps(plain.estate_to_plain(ESTATE))))
    other = plain.estate_from_plain(changed("apis.0.hops.2.details.memory_mb", 1024))

    assert plain.fingerprint(again) == plain.fingerprint(ESTATE) != plain.fingerprint(other)
