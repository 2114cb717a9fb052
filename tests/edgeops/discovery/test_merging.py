from dataclasses import replace

from edgeops.discovery import merging
from tests.edgeops.estate.documents import CLOUDFRONT, EDGE, FUNCTION, GATEWAY, PRODUCTS

FOUND = replace(
    PRODUCTS,
    slug="products-api",
    name="What AWS calls it",
    distribution=replace(EDGE, name="products-api", aliases=("new.example.test",), has_additional_metrics=False),
)


def merged(found, *, is_partial=False, operated=PRODUCTS):
    return merging.as_operated(operated, found, is_partial=is_partial)


def test_what_people_said_stays_and_what_aws_says_is_taken():
    operated = replace(
        PRODUCTS,
        description="Ours",
        distribution=replace(EDGE, viewer_base_url="https://x.test", origin_probe_url="https://y.test"),
    )
    shown = merged(FOUND, operated=operated)
    assert shown == replace(
        operated,
        distribution=replace(operated.distribution, aliases=("new.example.test",), has_additional_metrics=False),
    )


def test_a_path_found_whole_is_the_path():
    hops = (CLOUDFRONT, replace(GATEWAY, dimensions={"ApiName": "products-api", "Stage": "v2"}))
    assert merged(replace(FOUND, hops=hops)).hops == hops


def test_of_a_path_found_in_part_nothing_is_gone_and_nothing_known_is_forgotten():
    bare = replace(FUNCTION, details={"memory_mb": 1024})
    shown = merged(replace(FOUND, hops=(CLOUDFRONT, bare)), is_partial=True)
    assert shown.hops == (CLOUDFRONT, GATEWAY, replace(FUNCTION, details={**FUNCTION.details, "memory_mb": 1024}))
    assert shown.distribution.has_additional_metrics is True


def test_what_is_new_on_a_path_found_in_part_is_on_it():
    acl = replace(CLOUDFRONT, kind="waf", name="acl", dimensions={"WebACL": "Acl", "Rule": "ALL"})
    shown = merged(replace(FOUND, hops=(CLOUDFRONT, acl)), is_partial=True)
    assert [hop.name for hop in shown.hops] == ["E1PRODUCTSDEMO", "acl", "products-api", "products-handler"]


def test_an_api_moves_with_its_path_and_stays_where_people_put_it_otherwise():
    moved = tuple(replace(hop, region="us-west-2") for hop in (GATEWAY, FUNCTION))
    assert merged(replace(FOUND, region="us-west-2", hops=(CLOUDFRONT, *moved))).region == "us-west-2"
    elsewhere = replace(PRODUCTS, region="eu-central-1")
    assert merged(FOUND, operated=elsewhere).region == "eu-central-1"


def test_the_name_a_person_gave_a_hop_stays_while_the_rest_of_it_is_taken():
    named = replace(FUNCTION, name="The handler", details={**FUNCTION.details, merging.NAMED_BY_HAND: True})
    operated = replace(PRODUCTS, hops=(CLOUDFRONT, GATEWAY, named))
    told = replace(FUNCTION, details={"memory_mb": 2048})
    shown = merged(replace(FOUND, hops=(CLOUDFRONT, GATEWAY, told)), operated=operated)
    assert shown.hops[-1] == replace(named, details={"memory_mb": 2048, merging.NAMED_BY_HAND: True})


def test_a_hop_a_person_added_is_not_gone_where_aws_does_not_show_it():
    added = replace(FUNCTION, name="behind", dimensions={"FunctionName": "x"}, details={merging.ADDED_BY_HAND: True})
    operated = replace(PRODUCTS, hops=(*PRODUCTS.hops, added))
    assert merged(replace(FOUND, hops=PRODUCTS.hops), operated=operated).hops == operated.hops


def test_an_added_hop_that_aws_shows_is_as_aws_shows_it():
    added = replace(FUNCTION, name="By hand", details={merging.ADDED_BY_HAND: True}, aws_id="")
    shown = merged(replace(FOUND, hops=PRODUCTS.hops), operated=replace(PRODUCTS, hops=(CLOUDFRONT, GATEWAY, added)))
    assert shown.hops == PRODUCTS.hops
