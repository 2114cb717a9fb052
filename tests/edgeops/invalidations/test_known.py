from datetime import timedelta

import pytest

from edgeops.invalidations import known
from edgeops.invalidations.models import KnownUrl

DAY = timedelta(days=1)


def paths(found):
    return [one.path for one in found]


def test_what_was_traced_is_known_by_how_often_it_was_asked_for(distribution, now):
    known.learn(distribution, {"/products/1": 3, "/products/2": 9, "/orders": 5}, now=now)
    known.learn(distribution, {"/products/1": 12}, now=now)
    found = known.named_by(distribution, ["/products/*"], now=now)
    assert [(one.path, one.requests_per_hour) for one in found] == [("/products/1", 12), ("/products/2", 9)]
    assert KnownUrl.objects.count() == 3


def test_a_tag_names_what_the_last_probe_saw_it_on(distribution, now):
    known.meet(distribution, "/products/1", ["#product:1", "#all"], now=now)
    known.meet(distribution, "/products/2", ["#all"], now=now)
    known.meet(distribution, "/products/2", ["#product:2"], now=now)
    assert paths(known.named_by(distribution, ["#all"], now=now)) == ["/products/1"]
    assert paths(known.named_by(distribution, ["#product:2"], now=now)) == ["/products/2"]


def test_a_probe_forgets_nothing_that_traces_have_counted(distribution, now):
    known.learn(distribution, {"/a": 7}, now=now)
    known.meet(distribution, "/a", ["#t"], now=now)
    (found,) = known.named_by(distribution, ["#t"], now=now)
    assert found.requests_per_hour == 7
    known.learn(distribution, {"/a": 8}, now=now)
    assert known.named_by(distribution, ["#t"], now=now)[0].requests_per_hour == 8


def test_what_was_asked_for_by_name_is_known_too(asked, distribution, now):
    asked("/products/7", "/orders/1", "/products/*")
    assert paths(known.named_by(distribution, ["/products/*"], now=now)) == ["/products/7"]


def test_exact_paths_name_nothing_else_and_upper_case_is_another_path(distribution, now):
    known.learn(distribution, {"/A": 1}, now=now)
    assert known.named_by(distribution, ["/A"], now=now) == []
    assert known.named_by(distribution, ["/a*"], now=now) == []


def test_another_distributions_urls_and_old_ones_are_not_known(distribution, now):
    known.learn(distribution, {"/old": 1}, now=now - 8 * DAY)
    assert known.named_by(distribution, ["/*"], now=now) == []
    assert known.tidy(now) == 1
    assert not KnownUrl.objects.exists()


@pytest.mark.parametrize(
    ("url", "prefix", "path"),
    [
        ("https://api.example.test/products/1?a=2", "", "/products/1?a=2"),
        ("https://x.execute-api.eu-west-1.amazonaws.com/prod/products/1", "/prod", "/products/1"),
        ("https://x/prod", "/prod", "/"),
        ("https://x/production", "/prod", "/production"),
        ("https://x", "", "/"),
        ("http://[", "", ""),
    ],
)
def test_a_traced_url_is_known_as_viewers_ask_for_it(url, prefix, path):
    assert known.path_of(url, prefix=prefix) == path
