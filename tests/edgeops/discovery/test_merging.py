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
