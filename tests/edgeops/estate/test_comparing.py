from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from edgeops.estate import comparing
from edgeops.estate.document import EstateDoc
from tests.edgeops.estate.documents import CLOUDFRONT, EDGE, ESTATE, FUNCTION, GATEWAY, PRODUCTS, SHOP, estates


def words(now, wanted):
    return [str(one) for one in comparing.compare(now, wanted)]


def hop_words(*hops):
    return [str(one) for one in comparing.compare_api(PRODUCTS, replace(PRODUCTS, hops=hops))]


@given(doc=estates())
def test_an_estate_does_not_differ_from_itself(doc):
    assert comparing.compare(doc, doc) == []


@given(doc=estates())
def test_everything_is_new_to_an_empty_edgeops_and_gone_from_an_empty_document(doc):
    count = len(doc.accounts) + len(doc.apis)

    assert [one.kind for one in comparing.compare(EstateDoc(), doc)] == ["added"] * count
    assert [one.kind for one in comparing.compare(doc, EstateDoc())] == ["removed"] * count


def test_a_new_api_is_told_with_its_path():
    [account, api] = comparing.compare(EstateDoc(), ESTATE)

    assert (str(account), str(api)) == ("AWS account shop is added.", "API Products API (products) is added.")
    assert [str(one) for one in account.changes] == ["AWS account id none → 123456789012", "region none → eu-west-1"]
    assert str(api.changes[-1]) == (
        "request path none → CloudFront E1PRODUCTSDEMO → API Gateway (REST) products-api → Lambda products-handler"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"monthly_budget": Decimal(3)}, "monthly budget none → $3.00"),
        ({"monthly_budget": Decimal(0)}, "monthly budget none → $0.00"),
        ({"role_arn": "arn:aws:iam::123456789012:role/a"}, "role none → arn:aws:iam::123456789012:role/a"),
        ({"other_regions": ("us-east-1", "eu-north-1")}, "other regions none → eu-north-1, us-east-1"),
    ],
)
def test_a_changed_account_is_told_old_and_new(change, told):
    wanted = replace(ESTATE, accounts=(replace(SHOP, **change),))

    assert words(ESTATE, wanted) == [f"AWS account shop is changed: {told}."]


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        ({"monthly_budget": Decimal(3)}, {"monthly_budget": Decimal("3.00")}),
        ({"other_regions": ("us-east-1", "eu-north-1")}, {"other_regions": ("eu-north-1", "us-east-1", "us-east-1")}),
    ],
)
def test_the_same_written_otherwise_is_no_difference(now, wanted):
    assert comparing.compare_account(replace(SHOP, **now), replace(SHOP, **wanted)) == []


def test_a_changed_api_is_told_with_its_distribution():
    edge = replace(EDGE, aliases=("www.example.test",), has_additional_metrics=False)
    wanted = replace(PRODUCTS, name="Shop", distribution=edge)

    [difference] = comparing.compare_api(PRODUCTS, wanted)
    assert str(difference) == (
        "API Shop (products) is changed: name Products API → Shop; aliases products.example.test, www.example.test → "
        "www.example.test; CloudFront's additional metrics on → off."
    )


def test_the_order_of_aliases_and_of_hops_says_nothing():
    edge = replace(EDGE, aliases=EDGE.aliases[::-1])
    wanted = replace(PRODUCTS, distribution=edge, hops=PRODUCTS.hops[::-1])

    assert comparing.compare_api(PRODUCTS, wanted) == []


def test_hops_that_come_and_go_are_told():
    balancer = replace(GATEWAY, kind="alb", name="shop", dimensions={"LoadBalancer": "app/shop/1"}, aws_id="")

    assert hop_words(CLOUDFRONT, balancer, FUNCTION) == [
        "Application Load Balancer shop on the path of Products API is added.",
        "API Gateway (REST) products-api on the path of Products API is removed.",
    ]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (replace(GATEWAY, dimensions={"ApiName": "products-api", "Stage": "v2"}), "dimension Stage prod → v2"),
        (replace(GATEWAY, aws_id="z9"), "id a1b2c3d4e5 → z9"),
        (replace(GATEWAY, name="renamed", dimensions={"ApiName": "renamed", "Stage": "prod"}), "name products-api → "),
        (replace(GATEWAY, position=3), "column 1 → 3"),
        (replace(GATEWAY, details={"cache": True, "tags": ["a"]}), 'cache none → on; tags none → ["a"]'),
    ],
)
def test_a_hop_that_changed_is_known_by_its_metrics_its_id_or_its_name(wanted, told):
    [difference] = hop_words(CLOUDFRONT, wanted, FUNCTION)

    assert f"on the path of Products API is changed: {told}" in difference


def test_a_detail_that_became_nothing_is_told():
    gone = replace(FUNCTION, details={"memory_mb": 512})

    assert hop_words(CLOUDFRONT, GATEWAY, gone)[0].endswith('is changed: layers ["a", null] → none.')


def test_the_same_resource_in_another_region_or_account_is_another():
    moved = replace(FUNCTION, region="eu-central-1")
    assert [
        one.kind for one in comparing.compare_api(PRODUCTS, replace(PRODUCTS, hops=(CLOUDFRONT, GATEWAY, moved)))
    ] == [
        "added",
        "removed",
    ]

    told = comparing.compare_api(PRODUCTS, replace(PRODUCTS, account="payments"))
    assert str(told[0]) == "API Products API (products) is changed: account shop → payments."
    assert [one.kind for one in told[1:]] == ["added"] * 3 + ["removed"] * 3


def test_two_hops_that_swapped_their_names_are_each_known_by_their_metrics():
    one = replace(GATEWAY, name="a", aws_id="1", dimensions={"ApiId": "1"})
    two = replace(GATEWAY, name="b", aws_id="2", dimensions={"ApiId": "2"})
    now = replace(PRODUCTS, hops=(one, two))

    swapped = comparing.compare_api(now, replace(PRODUCTS, hops=(replace(one, name="b"), replace(two, name="a"))))

    assert [str(each.changes[0]) for each in swapped] == ["name a → b", "name b → a"]


def test_what_is_missing_from_the_document_is_told_as_removed():
    assert words(ESTATE, EstateDoc()) == ["API Products API (products) is removed.", "AWS account shop is removed."]


def test_notes_are_part_of_what_is_told():
    [difference] = comparing.compare_account(None, SHOP)

    assert str(replace(difference, notes=("So it is.",))) == "AWS account shop is added. So it is."
