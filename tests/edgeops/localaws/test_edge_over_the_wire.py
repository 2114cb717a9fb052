import gzip
import json
from dataclasses import replace
from urllib.error import HTTPError

import pytest

from edgeops.localaws.switches import POPS
from tests.edgeops.localaws.conftest import serving

MEDIA, MEDIA_HOST = "E5MEDIADEMO000", "media.example.test"
CONFIG = {"Id": "E1PRODUCTSDEMO"}


def test_a_wildcard_takes_what_lies_deeper_but_not_the_directory_itself(served):
    targets = ["/products", "/products/", "/products/1", "/products/old/1", "/products?limit=2"]
    for target in targets:
        served.view(target)
    served.invalidate("/products/*")

    assert [served.x_cache(target) for target in targets] == ["Hit", "Miss", "Miss", "Miss", "Hit"]


def test_a_directory_with_and_without_its_slash_are_two_objects(served):
    served.view("/products")
    served.view("/products/")
    served.invalidate("/products/")

    assert (served.x_cache("/products"), served.x_cache("/products/")) == ("Hit", "Miss")


def test_paths_differ_by_case_and_the_prefix_of_a_wildcard_is_literal(served):
    for target in ("/products/1", "/products/10", "/products/2"):
        served.view(target)
    served.invalidate("/Products/2", "/products/1*")

    assert [served.x_cache(f"/products/{n}") for n in (1, 10, 2)] == ["Miss", "Miss", "Hit"]


def test_an_asterisk_inside_a_path_is_accepted_and_matches_nothing(served):
    served.view("/products/1")
    served.invalidate("/*/1", "/pro*/1")

    assert served.x_cache("/products/1") == "Hit"


def test_each_query_string_needs_an_item_of_its_own_or_a_trailing_asterisk(served):
    targets = ["/products", "/products?limit=2", "/products?limit=3"]
    for target in targets:
        served.view(target)
    served.invalidate("/products?limit=2")
    assert [served.x_cache(target) for target in targets] == ["Hit", "Miss", "Hit"]
    served.invalidate("/products*")
    assert [served.x_cache(target) for target in targets] == ["Miss"] * 3


def test_without_query_strings_in_the_cache_key_they_share_one_object(served):
    served.view("/media/1?width=100", host=MEDIA_HOST)
    assert served.x_cache("/media/1?width=200", host=MEDIA_HOST) == "Hit"

    served.invalidate("/media/1", distribution=MEDIA)
    assert served.x_cache("/media/1?width=100", host=MEDIA_HOST) == "Miss"


def test_the_cache_policy_tells_whether_query_strings_are_in_the_key(served):
    client = served.client("cloudfront")

    def behavior(distribution):
        config = client.get_distribution_config(Id=distribution)["DistributionConfig"]
        policy = client.get_cache_policy(Id=config["DefaultCacheBehavior"]["CachePolicyId"])["CachePolicy"]
        parameters = policy["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]
        return parameters["QueryStringsConfig"]["QueryStringBehavior"]

    assert (behavior("E1PRODUCTSDEMO"), behavior(MEDIA)) == ("all", "none")
    served.control("edge", {"api": "products", "query_strings": "none"})
    assert behavior("E1PRODUCTSDEMO") == "none"


def test_all_variants_of_an_object_go_together(served):
    plain = served.view("/products?limit=24")
    packed = served.view("/products?limit=24", Accept_Encoding="gzip, br")
    assert (plain.headers["X-Cache"], packed.headers["X-Cache"]) == ("Miss from cloudfront",) * 2
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["ETag"] == f"W/{plain.headers['ETag']}"
    assert served.x_cache("/products?limit=24", Accept_Encoding="gzip") == "Hit"

    served.invalidate("/products?limit=24")

    assert served.x_cache("/products?limit=24") == "Miss"
    assert served.x_cache("/products?limit=24", Accept_Encoding="gzip") == "Miss"


def test_small_answers_are_not_compressed(served):
    answer = served.view("/products/1", Accept_Encoding="gzip")

    assert "Content-Encoding" not in answer.headers
    assert json.loads(answer.body)["id"] == 1


def test_head_says_what_get_says_without_the_body(served):
    got = served.view("/products/1")
    head = served.view("/products/1", method="HEAD")

    assert (head.status, head.body, head.headers["X-Cache"]) == (200, b"", "Hit from cloudfront")
    assert (head.headers["ETag"], head.headers["Content-Length"]) == (got.headers["ETag"], str(len(got.body)))


def test_a_redirect_is_cached_under_its_own_path(served):
    first, second = served.view("/products/old/7"), served.view("/products/old/7")

    assert (first.status, first.headers["Location"]) == (301, "/products/7")
    assert [one.headers["X-Cache"].split()[0] for one in (first, second)] == ["Miss", "Hit"]


def test_a_cached_404_goes_with_its_path(served):
    assert served.view("/products/99").status == 404
    served.change("products", 99, name="New tent")
    assert served.view("/products/99").status == 404

    served.simulation.clock.pass_seconds(1)
    served.invalidate("/products/99")
    assert served.view("/products/99").status == 200


def test_every_pop_has_a_cache_of_its_own_and_an_invalidation_reaches_them_all(served):
    for pop in POPS:
        served.control("edge", {"api": "products", "pop": pop})
        answer = served.view("/products/1")
        assert (answer.headers["X-Cache"].split()[0], answer.headers["X-Amz-Cf-Pop"]) == ("Miss", pop)
    assert served.control("state")["edge_cache_entries"] == {"E1PRODUCTSDEMO": len(POPS)}

    served.invalidate("/products/1")

    assert served.control("state")["edge_cache_entries"] == {}


def test_the_web_acl_turns_away_whom_it_is_told_to_until_it_no_longer_does(served):
    served.view("/products/1")
    served.control("edge", {"api": "products", "waf_blocks": "edgeops-probe"})

    blocked = served.view("/products/1", User_Agent="EdgeOps-probe")
    other = served.view("/products/1", User_Agent="Mozilla")

    assert (blocked.status, blocked.headers["X-Cache"]) == (403, "Error from cloudfront")
    assert b"Request blocked" in blocked.body
    assert "Age" not in blocked.headers
    assert other.status == 200
    served.control("edge", {"api": "products", "waf_blocks": None})
    assert served.x_cache("/products/1", User_Agent="EdgeOps-probe") == "Hit"


def test_a_frozen_origin_takes_changes_in_and_shows_them_when_it_thaws(served):
    before = served.view("/products/1")
    served.control("edge", {"api": "products", "origin_frozen": True})
    changed = [served.change("products", 1, price_cents=n) for n in (1, 2)]
    served.invalidate("/products/1")
    stale = served.view("/products/1")

    assert [one["version"] for one in changed] == [2, 3]
    assert (stale.headers["X-Cache"], stale.body) == ("Miss from cloudfront", before.body)

    served.control("edge", {"api": "products", "origin_frozen": False})
    served.invalidate("/products/1")
    assert json.loads(served.view("/products/1").body)["price_cents"] == 2


def test_the_configuration_names_the_header_of_cache_tags_and_the_list_does_not(served):
    client = served.client("cloudfront")

    first = client.get_distribution_config(**CONFIG)
    assert first["DistributionConfig"]["CacheTagConfig"] == {"HeaderName": "cache-tag"}
    assert "CacheTagConfig" not in client.get_distribution_config(Id=MEDIA)["DistributionConfig"]
    listed = client.list_distributions()["DistributionList"]["Items"]
    assert not any("CacheTagConfig" in one for one in listed)

    served.control("edge", {"api": "products", "cache_tag_header": ""})
    without = client.get_distribution_config(**CONFIG)
    assert "CacheTagConfig" not in without["DistributionConfig"]
    assert without["ETag"] != first["ETag"]
    served.control("edge/products", method="DELETE")
    assert client.get_distribution_config(**CONFIG)["ETag"] == first["ETag"]


def test_a_tag_takes_every_object_that_bears_it_in_either_case(served):
    targets = ["/products/1", "/products/2", "/products?limit=1"]
    for target in targets:
        served.view(target)
    assert served.view("/products/1").headers["Cache-Tag"] == "product:1, catalog"
    served.invalidate("#Product:1")
    assert [served.x_cache(target) for target in targets] == ["Miss", "Hit", "Miss"]

    served.invalidate("#catalog", "#nobody")
    assert [served.x_cache(target) for target in targets] == ["Miss"] * 3


def test_a_tag_is_exact_and_knows_no_wildcard(served):
    for n in (1, 10):
        served.view(f"/products/{n}")
    served.invalidate("#product:1*", "#product")

    assert [served.x_cache(f"/products/{n}") for n in (1, 10)] == ["Hit", "Hit"]


@pytest.mark.parametrize("header", ["", "x-other-tags"])
def test_without_the_right_header_tags_are_accepted_and_match_nothing(served, header):
    served.control("edge", {"api": "products", "cache_tag_header": header})
    served.view("/products/1")
    served.invalidate("#product:1")
    assert served.x_cache("/products/1") == "Hit"


def test_objects_cached_before_the_header_was_named_have_no_tags(served):
    served.control("edge", {"api": "products", "cache_tag_header": ""})
    served.view("/products/1")
    served.control("edge", {"api": "products", "cache_tag_header": "Cache-Tag"})
    served.view("/products/2")
    served.invalidate("#catalog")

    assert (served.x_cache("/products/1"), served.x_cache("/products/2")) == ("Hit", "Miss")


def test_only_the_first_fifty_tags_of_an_object_count(simulation):
    many = tuple(f"tag-{n}" for n in range(1, 61))
    apis = tuple(replace(api, origin_tags=many) for api in simulation.world.apis)
    simulation.world = replace(simulation.world, apis=apis)
    with serving(simulation) as served:
        served.view("/products/1")
        served.invalidate("#tag-51")
        assert served.x_cache("/products/1") == "Hit"
        served.invalidate("#tag-50")
        assert served.x_cache("/products/1") == "Miss"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"pop": "DUB56-P1"}, "api must be a text"),
        ({"api": "nobody"}, "no API"),
        ({"api": "products", "pop": "MARS1"}, "one of DUB56-P1"),
        ({"api": "products", "query_strings": "some"}, "one of all, none"),
        ({"api": "products", "waf_blocks": ""}, "null blocks nobody"),
        ({"api": "products", "origin_frozen": "yes"}, "true or false"),
        ({"api": "products", "cache_tag_header": 3}, "a text, or null"),
        ({"api": "products", "ttl": 3}, "not a switch"),
    ],
)
def test_a_switch_that_cannot_be_is_refused_with_the_reason(served, body, message):
    with pytest.raises(HTTPError) as refused:
        served.control("edge", body)

    assert refused.value.code in (400, 404)
    assert message in json.load(refused.value)["error"]
    assert served.control("state")["edge"] == {}
