import json
import urllib.request
from dataclasses import replace

import pytest

from edgeops.localaws import cloudfront
from edgeops.localaws.edge import Edge
from edgeops.localaws.origin import Origin
from edgeops.localaws.wire.messages import HttpRequest
from tests.edgeops.localaws.conftest import context, make_simulation, trouble

HOST = "products.example.test"


class Viewer:
    """Someone in front of the edge, who can also change the data behind it."""

    def __init__(self, simulation):
        self.simulation = simulation
        self.origin = Origin(simulation)
        self.edge = Edge(simulation, self.origin)

    def get(self, target, host=HOST, method="GET"):
        return self.edge.answer(HttpRequest.from_target(method, target, {"Host": host}, b""))

    def x_cache(self, target, **more):
        return self.get(target, **more).headers["X-Cache"]

    def put(self, target, **change):
        body = json.dumps(change).encode()
        return self.origin.answer(HttpRequest.from_target("PUT", f"/_origin{target}", {}, body))

    def invalidate(self, *paths):
        batch = {"Paths": {"Quantity": len(paths), "Items": list(paths)}, "CallerReference": str(paths)}
        params = {"DistributionId": "E1PRODUCTSDEMO", "InvalidationBatch": batch}
        cloudfront.operations(self.simulation)["CreateInvalidation"](params, context(self.simulation))


@pytest.fixture
def viewer(simulation):
    return Viewer(simulation)


def test_the_first_request_misses_and_the_next_ones_hit_and_age(viewer, clock):
    first = viewer.get("/products/1")
    clock.pass_seconds(42)
    second = viewer.get("/products/1")

    assert first.headers["X-Cache"] == "Miss from cloudfront"
    assert "Age" not in first.headers
    assert (second.headers["X-Cache"], second.headers["Age"]) == ("Hit from cloudfront", "42")
    assert second.body == first.body
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Via"].endswith("(CloudFront)")
    assert second.headers["X-Amz-Cf-Pop"]
    assert second.headers["X-Amz-Cf-Id"] != first.headers["X-Amz-Cf-Id"]


def test_a_changed_product_stays_stale_at_the_edge_until_the_invalidation_completes(viewer, clock):
    before = viewer.get("/products/1")
    viewer.put("/products/products/1", price_cents=1)
    viewer.invalidate("/products/1")
    clock.pass_seconds(7.9)
    in_progress = viewer.get("/products/1")
    clock.pass_seconds(0.2)
    after = viewer.get("/products/1")

    assert in_progress.body == before.body
    assert after.headers["X-Cache"] == "Miss from cloudfront"
    assert json.loads(after.body)["price_cents"] == 1
    assert json.loads(after.body)["version"] == 2
    assert after.headers["ETag"] != before.headers["ETag"]


def test_only_what_an_invalidation_names_is_gone(viewer, clock):
    targets = ["/products", "/products?limit=3", "/products/1", "/products/2"]
    for target in targets:
        viewer.get(target)
    viewer.get("/orders/1", host="orders.example.test")
    viewer.invalidate("/products", "/products/1")
    clock.pass_seconds(8)

    assert [viewer.x_cache(target) for target in targets] == [
        "Miss from cloudfront",
        "Hit from cloudfront",
        "Miss from cloudfront",
        "Hit from cloudfront",
    ]
    assert viewer.edge.report() == {"edge_cache_entries": {"E1PRODUCTSDEMO": 4, "E3ORDERSDEMO00": 1}}


def test_a_wildcard_takes_every_query_string_with_it_and_no_other_distribution(viewer, clock):
    viewer.get("/products?limit=3")
    viewer.get("/catalog/1", host="catalog.example.test")
    viewer.invalidate("/*")
    clock.pass_seconds(8)

    assert viewer.edge.report() == {"edge_cache_entries": {"E2CATALOGDEMO0": 1}}


def test_an_object_past_its_ttl_is_refreshed_when_the_origin_has_the_same(viewer, clock):
    viewer.get("/products/1")
    viewer.get("/products/2")
    viewer.put("/products/products/2", stock=0)
    clock.pass_seconds(301)

    assert viewer.x_cache("/products/1") == "RefreshHit from cloudfront"
    assert viewer.x_cache("/products/2") == "Miss from cloudfront"
    assert viewer.x_cache("/products/1") == "Hit from cloudfront"


@pytest.mark.parametrize(
    "host", ["d1products00demo.cloudfront.net", "products.example.test:9000", "PRODUCTS.example.test"]
)
def test_a_distribution_answers_to_its_domain_and_its_alias(viewer, host):
    assert viewer.get("/products/1", host=host).status == 200


@pytest.mark.parametrize(("host", "method"), [("nobody.example.test", "GET"), ("", "GET"), (HOST, "POST")])
def test_an_unknown_host_or_method_is_forbidden_as_cloudfront_does(viewer, host, method):
    refused = viewer.get("/products/1", host=host, method=method)

    assert (refused.status, refused.headers["X-Cache"]) == (403, "Error from cloudfront")


@pytest.mark.parametrize("target", ["/products/999", "/products/01", "/orders/1", "/"])
def test_an_unknown_item_is_an_error_kept_for_ten_seconds(viewer, clock, target):
    first = viewer.get(target)
    clock.pass_seconds(9)
    kept = viewer.get(target)
    clock.pass_seconds(1)
    again = viewer.get(target)

    assert [one.status for one in (first, kept, again)] == [404] * 3
    assert [one.headers["X-Cache"] for one in (first, kept, again)] == ["Error from cloudfront"] * 3
    assert [one.headers.get("Age") for one in (first, kept, again)] == [None, "9", None]


def test_every_origin_serves_the_worlds_pages_beside_its_products(viewer):
    pages = [("/docs/guide/setting%20up.md", HOST), ("/docs/a?b=1", "catalog.example.test")]
    for page, host in pages:
        assert [viewer.x_cache(page, host=host) for _ in range(2)] == ["Miss from cloudfront", "Hit from cloudfront"]
    viewer.invalidate("/docs/*")
    assert viewer.get(pages[0][0]).status == 200
    assert viewer.get("/documents/1").status == 404


def test_a_bad_request_is_an_error_that_is_not_kept(viewer):
    assert viewer.get("/products?limit=many").status == 400
    assert "Age" not in viewer.get("/products?limit=many").headers


def test_health_is_never_cached(viewer):
    assert [viewer.x_cache("/health") for _ in range(2)] == ["Miss from cloudfront"] * 2


def test_uncached_requests_fail_while_a_scenario_lasts_and_cached_ones_do_not(clock):
    viewer = Viewer(make_simulation(clock))
    viewer.get("/products/1")
    broken = trouble("lambda_errors", "products", minutes=None, intensity=0.5)
    viewer.simulation.store.change(lambda state: replace(state, scenarios=(broken,)))

    statuses = [viewer.get(f"/products?limit={n}").status for n in range(60)]

    assert {viewer.get("/products/1").status for _ in range(20)} == {200}
    assert set(statuses) == {200, 502}
    assert 15 <= statuses.count(502) <= 45


def test_the_origin_answers_past_the_cache_and_refuses_what_it_cannot_change(viewer):
    created = viewer.put("/products/products/77", name="New tent")

    assert json.loads(created.body) == {"id": "77", "version": 1, "name": "New tent"}
    assert viewer.get("/products/77").status == 200
    assert viewer.put("/products/other/1", name="x").status == 404
    assert viewer.put("/nobody/nobody/1", name="x").status == 404
    bad = HttpRequest.from_target("PUT", "/_origin/products/products/1", {}, b"[1]")
    assert viewer.origin.answer(bad).status == 400


def test_the_edge_and_the_origin_listen_on_their_ports(local_aws):
    request = urllib.request.Request(f"{local_aws.edge_url}/catalog/3", headers={"Host": "catalog.example.test"})
    with urllib.request.urlopen(request) as answer:
        at_the_edge = (answer.headers["X-Cache"], answer.headers["ETag"], json.load(answer)["id"])
    with urllib.request.urlopen(f"{local_aws.url}/_origin/catalog/catalog/3") as answer:
        at_the_origin = answer.headers["ETag"]

    assert at_the_edge == ("Miss from cloudfront", at_the_origin, 3)
    assert local_aws.control("state")["edge_cache_entries"] == {"E2CATALOGDEMO0": 1}
