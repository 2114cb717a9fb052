import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.invalidations import covering

FORMS = st.text(alphabet="/ab1?", min_size=0, max_size=6).map("/{}".format) | st.sampled_from(["/*", "/a*", "#a"])


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("/products/*", "/products/1", True),
        ("/products/*", "/products/", True),
        ("/products/*", "/products", False),
        ("/products/1*", "/products/10", True),
        ("/products/*", "/products/a/b?c=1", True),
        ("/products*", "/products?page=2", True),
        ("/products", "/products?page=2", False),
        ("/products/*", "/Products/1", False),
        ("/*", "/products/*", True),
        ("/products/*", "/*", False),
        ("/a", "/a", True),
        ("/*", "#tag", False),
        ("#tag", "#tag", True),
        ("#t*", "#tag", False),
    ],
)
def test_a_wildcard_covers_what_cloudfront_matches_by_it(wide, narrow, covers):
    assert covering.covers(wide, narrow) is covers


def test_every_form_under_a_wildcard_of_the_list_is_absorbed_by_the_widest():
    forms = ["/a/b/c", "/a/b/*", "/a/*", "/b", "#a"]
    assert covering.absorbed(forms) == {"/a/b/c": "/a/*", "/a/b/*": "/a/*"}


@given(st.lists(FORMS, unique=True))
def test_absorbing_loses_nothing_and_leaves_nothing_to_absorb(forms):
    absorbed = covering.absorbed(forms)
    kept = [form for form in forms if form not in absorbed]
    assert covering.absorbed(kept) == {}
    for form in forms:
        assert any(covering.covers(one, form) for one in kept)


def many(pattern, count=60):
    return [pattern.format(number) for number in range(count)]


@pytest.mark.parametrize(
    ("forms", "ceilings", "protected", "wildcard"),
    [
        (many("/products/{}"), ["/products/*"], [], "/products/*"),
        (many("/products/{}"), ["/pro*"], [], "/products/*"),
        (many("/products/{}", 49), ["/products/*"], [], None),
        (many("/products/{}"), [], [], None),
        (many("/products/{}"), ["/products/new/*"], [], None),
        (many("/products/{}"), ["/*"], ["/products/login"], None),
        (many("/products/{}"), ["/*"], ["/pro*"], None),
        (many("/{}"), ["/*"], [], None),
        (many("/products?page={}"), ["/*"], [], None),
        (many("/products/{}/*"), ["/*"], [], None),
        (many("#product:{}"), ["/*"], [], None),
    ],
)
def test_siblings_become_a_wildcard_only_where_the_policy_lets_them(forms, ceilings, protected, wildcard):
    found = covering.collapsed(forms, threshold=50, ceilings=ceilings, protected=protected)
    assert found == ({} if wildcard is None else dict.fromkeys(forms, wildcard))
