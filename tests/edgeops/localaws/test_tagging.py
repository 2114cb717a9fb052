import pytest

from tests.edgeops.localaws.conftest import code_of


@pytest.fixture
def arns(served):
    """The ARNs that a question finds, by region."""

    def ask(region="us-east-1", **asked):
        listed = served.client("resourcegroupstaggingapi", region).get_resources(**asked)["ResourceTagMappingList"]
        return [entry["ResourceARN"] for entry in listed]

    return ask


def ids(found):
    return [arn.rpartition("/")[2] for arn in found]


def test_distributions_are_found_by_a_tag_in_us_east_1_only(arns):
    asked = {"TagFilters": [{"Key": "team", "Values": ["shop"]}], "ResourceTypeFilters": ["cloudfront:distribution"]}

    assert ids(arns(**asked)) == ["E1PRODUCTSDEMO", "E3ORDERSDEMO00"]
    assert arns("eu-west-1", **asked) == []


def test_keys_are_all_needed_and_one_of_their_values(arns):
    team = {"Key": "team", "Values": ["shop", "media"]}
    kinds = {"ResourceTypeFilters": ["cloudfront"]}

    assert ids(arns(TagFilters=[team, {"Key": "environment"}], **kinds)) == [
        "E1PRODUCTSDEMO",
        "E3ORDERSDEMO00",
        "E5MEDIADEMO000",
    ]
    assert arns(TagFilters=[team, {"Key": "environment", "Values": ["test"]}], **kinds) == []
    assert arns(TagFilters=[{"Key": "owner"}]) == []


def test_regional_resources_are_found_where_they_live(arns):
    kinds = {"ResourceTypeFilters": ["lambda:function"]}

    assert [arn.rpartition(":")[2] for arn in arns("us-west-2", **kinds)] == ["partners-handler"]
    assert [arn.rpartition(":")[2] for arn in arns("eu-west-1", **kinds)] == [
        "products-handler",
        "orders-handler",
        "search-suggest",
    ]
    assert any("/restapis/a1b2c3d4e5/stages/prod" in arn for arn in arns("eu-west-1"))


def test_a_filter_for_apis_does_not_find_what_only_begins_alike(arns):
    found = arns("eu-west-1", ResourceTypeFilters=["apigateway:apis"])

    assert found == [
        "arn:aws:apigateway:eu-west-1::/apis/f6g7h8i9j0",
        "arn:aws:apigateway:eu-west-1::/apis/f6g7h8i9j0/stages/$default",
    ]


def test_the_pages_joined_are_the_whole_list(served, arns):
    client = served.client("resourcegroupstaggingapi", "eu-west-1")
    pages = client.get_paginator("get_resources").paginate(PaginationConfig={"PageSize": 3})

    joined = [entry["ResourceARN"] for page in pages for entry in page["ResourceTagMappingList"]]

    assert joined == arns("eu-west-1")
    assert len(joined) == len(set(joined)) > 10


def test_what_has_no_tags_is_never_told(served, arns):
    other = served.client("resourcegroupstaggingapi", "us-east-1", **served.assumed())

    assert ids(arns(ResourceTypeFilters=["cloudfront"]))[-1] == "E6SEARCHDEMO00"
    assert ids(entry["ResourceARN"] for entry in other.get_resources()["ResourceTagMappingList"]) == ["E7PAYMENTSDEMO"]


def test_an_arn_can_be_asked_for(arns):
    arn = "arn:aws:cloudfront::123456789012:distribution/E2CATALOGDEMO0"

    assert arns(ResourceARNList=[arn]) == [arn]


@pytest.mark.parametrize("asked", [{"PaginationToken": "none"}, {"TagFilters": [{"Values": ["a"]}]}])
def test_a_question_that_cannot_be_is_an_invalid_parameter(arns, asked):
    assert code_of(lambda: arns(**asked)) == ("InvalidParameterException", 400)
