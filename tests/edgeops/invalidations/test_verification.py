from datetime import timedelta

import pytest

from edgeops import outbound
from edgeops.invalidations import verification
from edgeops.invalidations.models import DistributionConfig, Verdict
from edgeops.invalidations.verification import Observation
from edgeops.outbound import OutboundError, Response


@pytest.mark.parametrize(
    ("answer", "verdict", "reason"),
    [
        ({"x_cache": "Miss from cloudfront"}, Verdict.FRESH, "from the origin"),
        ({"x_cache": "Hit from cloudfront", "age_seconds": 10}, Verdict.FRESH, "after the invalidation completed"),
        ({"x_cache": "Hit from cloudfront", "age_seconds": 30}, Verdict.FRESH, "after the invalidation was sent"),
        ({"x_cache": "Hit from cloudfront", "age_seconds": 60}, Verdict.FRESH, "was sent"),
        ({"x_cache": "Hit from cloudfront", "age_seconds": 61}, Verdict.STALE, "cached 61 s ago"),
        ({"x_cache": "Hit from cloudfront"}, Verdict.UNKNOWN, "without an Age"),
        (
            {"x_cache": "Hit from cloudfront", "age_seconds": 900, "etag": 'W/"a"', "origin_etag": '"a"'},
            Verdict.FRESH,
            "origin's ETag",
        ),
        (
            {"x_cache": "Hit from cloudfront", "age_seconds": 900, "etag": '"a"', "origin_etag": '"b"'},
            Verdict.STALE,
            "900 s",
        ),
        (
            {"x_cache": "Hit from cloudfront", "age_seconds": 10, "etag": '"a"', "origin_etag": '"b"'},
            Verdict.FRESH,
            "completed. The origin has another ETag now",
        ),
        ({"x_cache": "RefreshHit from cloudfront", "age_seconds": 0}, Verdict.UNKNOWN, "no two ETags"),
        (
            {"x_cache": "RefreshHit from cloudfront", "etag": '"a"', "origin_etag": '"a"'},
            Verdict.FRESH,
            "the origin's",
        ),
        ({"x_cache": "RefreshHit from cloudfront", "etag": '"a"', "origin_etag": '"b"'}, Verdict.STALE, "not the"),
        ({"x_cache": "Error from cloudfront", "status": 404}, Verdict.UNKNOWN, "404"),
        ({"x_cache": "Hit from cloudfront", "status": 404, "age_seconds": 1}, Verdict.UNKNOWN, "404"),
        ({"x_cache": "Miss from cloudfront", "status": 403}, Verdict.UNKNOWN, "403"),
        ({"x_cache": "Miss from cloudfront", "status": 301}, Verdict.FRESH, "miss"),
        ({"x_cache": "Hit from cloudfront", "status": 301, "age_seconds": 61}, Verdict.STALE, "cached 61 s ago"),
        ({"x_cache": "LambdaGeneratedResponse from cloudfront", "status": 302}, Verdict.UNKNOWN, "LambdaGenerated"),
        ({"x_cache": "FunctionGeneratedResponse from cloudfront"}, Verdict.UNKNOWN, "FunctionGenerated"),
        ({"x_cache": ""}, Verdict.UNKNOWN, "No X-Cache"),
        ({"status": None, "error": "timed out"}, Verdict.UNKNOWN, "timed out"),
    ],
)
def test_an_answer_is_judged_by_x_cache_age_and_etag(now, answer, verdict, reason):
    seen = Observation(url="https://x/a", **({"status": 200} | answer))
    judged = verification.judge(
        seen, submitted_at=now - timedelta(seconds=60), completed_at=now - timedelta(seconds=20), now=now
    )
    assert judged.verdict == verdict
    assert reason in judged.reason


@pytest.mark.parametrize("age", [0, 20, 900])
def test_a_clock_that_was_set_back_makes_no_answer_stale(now, age):
    seen = Observation(url="https://x/a", status=200, x_cache="Hit from cloudfront", age_seconds=age)
    ahead = now + timedelta(minutes=1)
    judged = verification.judge(seen, submitted_at=ahead, completed_at=ahead, now=now)
    assert (judged.verdict, "the clock was set back" in judged.reason) == (Verdict.UNKNOWN, True)


def test_an_edge_that_equals_its_origin_is_fresh_even_when_the_origin_itself_is_old(now):
    seen = Observation(
        url="https://x/a", status=200, x_cache="Hit from cloudfront", age_seconds=900, etag='"old"', origin_etag='"old"'
    )
    assert verification.judge(seen, submitted_at=now, completed_at=now, now=now).verdict == Verdict.FRESH


def test_a_probe_that_a_firewall_blocks_says_so(now):
    seen = Observation(url="https://x/a", status=403, x_cache="Error from cloudfront")
    judged = verification.judge(seen, submitted_at=now, completed_at=now, now=now)
    assert (judged.verdict, "WAF rule may block the probe" in judged.reason) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize(
    ("items", "known", "limit", "sample"),
    [
        (["/a/*", "/b", "/c?d=1"], [], 5, ["/b", "/c?d=1"]),
        (["/*", "#tag"], [], 5, []),
        ([f"/{number}" for number in range(9)], [], 5, ["/0", "/1", "/2", "/3", "/4"]),
        (["/a/*", "/b"], ["/a/1", "/a/2"], 5, ["/b", "/a/1", "/a/2"]),
        (["/a/*", "/1", "/2", "/3", "/4"], ["/a/1", "/a/2", "/a/3"], 5, ["/1", "/2", "/3", "/a/1", "/a/2"]),
        (["/*"], ["/1", "/2", "/3"], 2, ["/1", "/2"]),
        (["/b"], [], 0, []),
    ],
)
def test_exact_paths_are_probed_and_what_is_known_under_the_rest(items, known, limit, sample):
    assert verification.sample(items, known, limit=limit) == sample


@pytest.fixture
def web(monkeypatch):
    """The way out, answering from a table and remembering what was asked."""
    answers, asked = {}, []

    def request(method, url, *, headers, body=None, host=None):
        asked.append((method, url, host))
        answer = answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(outbound, "request", request)
    return answers, asked


def reply(status=200, **headers):
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"", "192.0.2.1")


def test_a_probe_asks_the_edge_by_its_host_and_the_origin_for_its_etag(distribution, web):
    answers, asked = web
    distribution.viewer_base_url, distribution.viewer_host = "http://127.0.0.1:9000", "products.example.test"
    distribution.origin_probe_url = "http://127.0.0.1:4566/_origin/products/"
    answers["http://127.0.0.1:9000/a?b=1"] = reply(
        X_Cache="Hit from cloudfront", Age="12", ETag='"e"', X_Amz_Cf_Pop="FRA56-P1"
    )
    answers["http://127.0.0.1:4566/_origin/products/a?b=1"] = reply(ETag='"o"')

    seen = verification.look(distribution, "/a?b=1")

    assert (seen.x_cache, seen.age_seconds, seen.etag, seen.origin_etag, seen.pop) == (
        "Hit from cloudfront", 12, '"e"', '"o"', "FRA56-P1"
    )  # fmt: skip
    assert asked == [
        ("GET", "http://127.0.0.1:9000/a?b=1", "products.example.test"),
        ("GET", "http://127.0.0.1:4566/_origin/products/a?b=1", None),
    ]


def test_without_an_origin_url_no_etag_is_compared(distribution, web):
    answers, asked = web
    answers["https://products.example.test/a"] = reply(X_Cache="Miss from cloudfront")
    assert verification.look(distribution, "/a").origin_etag == ""
    assert asked == [("GET", "https://products.example.test/a", None)]


def test_an_unreachable_edge_is_an_observation(distribution, web):
    answers, _ = web
    answers["https://products.example.test/a"] = OutboundError("connect", "nobody listens")
    assert verification.look(distribution, "/a").error == "nobody listens"


def test_an_unreachable_origin_leaves_the_etag_uncompared(distribution, web):
    answers, _ = web
    distribution.origin_probe_url = "http://origin.example.test"
    answers["https://products.example.test/a"] = reply(X_Cache="Miss from cloudfront", Age="soon")
    answers["http://origin.example.test/a"] = OutboundError("connect", "nobody listens")
    seen = verification.look(distribution, "/a")
    assert (seen.origin_etag, seen.age_seconds, seen.status) == ("", None, 200)


def test_the_tags_of_an_answer_are_seen_where_the_distribution_knows_them(distribution, web):
    answers, _ = web
    answers["https://products.example.test/a"] = reply(X_Cache="Miss from cloudfront", Cache_Tag="Product:7, all,,")
    assert verification.look(distribution, "/a").tags == ()
    DistributionConfig.objects.create(distribution=distribution, cache_tag_header="Cache-Tag")
    assert verification.look(distribution, "/a").tags == ("#product:7", "#all")
